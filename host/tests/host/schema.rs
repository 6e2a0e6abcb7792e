//! What the host documents of itself, tried by a client that knows nothing else.

use std::fs;
use std::process::Command;

use canopy_test_support::needs;
use tempfile::TempDir;

use crate::models::server_of;
use crate::python;

/// Requests made from `/openapi.json`, good ones and bad ones: none makes the host fail, and none
/// is answered in a way that is not documented.
#[test]
#[ignore = "needs schemathesis"]
fn the_document_tells_the_truth() {
    let python = needs!("schemathesis", python::with("schemathesis"));
    let folder = TempDir::new().unwrap();
    let server = server_of(&folder);
    let scratch = TempDir::new().unwrap();
    let checks = "not_a_server_error,status_code_conformance,content_type_conformance,\
                  response_schema_conformance";
    let output = Command::new(fs::canonicalize(python.with_file_name("st")).unwrap())
        .args(["run", &server.url("/openapi.json"), "--checks", checks])
        .args(["--phases", "examples,coverage,fuzzing"])
        .args(["--max-examples", "5", "--seed", "1"])
        .args(["--generation-database", "none", "--no-color"])
        .current_dir(&scratch)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
}

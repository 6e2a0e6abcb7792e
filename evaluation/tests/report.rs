//! `canopy-evaluation report` against a stub of the host.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod stub;

use std::fs;
use std::sync::Arc;

use stub::Stub;

fn save(arguments: &[&str]) -> (bool, String) {
    let output = Arc::new(Stub::default()).run(&[&["report"], arguments].concat());
    let shown = String::from_utf8(output.stderr).unwrap();
    (output.status.success(), shown)
}

#[test]
fn extension_of_the_file_selects_the_format() {
    let folder = tempfile::tempdir().unwrap();
    let [page, figures] = ["a.html", "a.json"].map(|name| folder.path().join(name));
    assert!(save(&["--output", page.to_str().unwrap()]).0);
    assert_eq!(fs::read_to_string(page).unwrap(), "<!doctype html>");
    let of_other = ["--model", "other", "--id", "7", "--output"];
    assert!(save(&[&of_other[..], &[figures.to_str().unwrap()]].concat()).0);
    assert_eq!(fs::read_to_string(figures).unwrap(), r#"{"id":7}"#);
}

#[test]
fn missing_evaluation_and_unknown_format_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("a.html");
    let (success, shown) = save(&["--id", "8", "--output", output.to_str().unwrap()]);
    assert!(!success && shown.contains("404"), "{shown}");
    assert!(!output.exists());
    let (success, shown) = save(&["--output", "report.pdf"]);
    assert!(!success && shown.contains(".html or .json"), "{shown}");
}

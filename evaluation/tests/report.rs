//! `canopy-evaluation report` against a host that answers as it is told.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod stub;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use stub::Stub;

/// A folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn save(arguments: &[&str]) -> (bool, String) {
    let output = Arc::new(Stub::default()).run(&[&["report"], arguments].concat());
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.success(), said)
}

#[test]
fn saves_the_page_or_the_figures_by_the_ending_of_the_file() {
    let folder = folder("report");
    let [page, figures] = ["a.html", "a.json"].map(|name| folder.join(name));
    assert!(save(&["--output", page.to_str().unwrap()]).0);
    assert_eq!(fs::read_to_string(page).unwrap(), "<!doctype html>");
    let of_other = ["--model", "other", "--id", "7", "--output"];
    assert!(save(&[&of_other[..], &[figures.to_str().unwrap()]].concat()).0);
    assert_eq!(fs::read_to_string(figures).unwrap(), r#"{"id":7}"#);
}

#[test]
fn what_is_not_there_is_said() {
    let folder = folder("no-report");
    let output = folder.join("a.html");
    let (success, said) = save(&["--id", "8", "--output", output.to_str().unwrap()]);
    assert!(!success && said.contains("404"), "{said}");
    assert!(!output.exists());
    let (success, said) = save(&["--output", "report.pdf"]);
    assert!(!success && said.contains(".html or .json"), "{said}");
}

use std::any;
use std::env;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// What a test needs, from the `Result` of looking for it; where it cannot be had, the test returns.
///
/// The crate's documentation says what then makes the test count as not run.
#[macro_export]
macro_rules! needs {
    ($what:expr, $found:expr) => {{
        fn here() {}
        match $crate::needs($crate::path_of(&here), $what, $found) {
            Some(found) => found,
            None => return,
        }
    }};
}

/// The path of the function that `inner` is defined in: the name of a test, with its modules.
#[doc(hidden)]
pub fn path_of<T>(_inner: &T) -> &'static str {
    let path = any::type_name::<T>();
    path.rsplit_once("::").map_or(path, |(outer, _)| outer)
}

/// As [`needs!`], for a test that cannot simply return.
///
/// # Panics
///
/// If `found` is an error and `CANOPY_TESTS` is `required`, or nobody collects what did not run.
pub fn needs<T>(test: &str, what: &str, found: Result<T, String>) -> Option<T> {
    let reason = match found {
        Ok(found) => return Some(found),
        Err(reason) => reason,
    };
    let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    let required = env::var("CANOPY_TESTS").is_ok_and(|tests| tests == "required");
    let list = env::var_os("CANOPY_NOT_RUN").map(PathBuf::from);
    let list = list.filter(|_| !required);
    not_run(&format!("{test} needs {what}: {reason}"), list.as_deref());
    None
}

/// Writes a line into the list of what did not run.
fn not_run(line: &str, list: Option<&Path>) {
    let Some(list) = list else { panic!("{line}") };
    let mut list = File::options().create(true).append(true).open(list);
    let written = list
        .as_mut()
        .map(|list| list.write_all(format!("{line}\n").as_bytes()));
    assert!(
        matches!(written, Ok(Ok(()))),
        "{line}; and the list is not written"
    );
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    #[test]
    fn what_is_there_is_handed_on() {
        assert_eq!(needs("a_test", "a number", Ok(1)), Some(1));
    }

    #[test]
    fn what_did_not_run_is_a_line_of_the_list() {
        let folder = TempDir::new().unwrap();
        let list = folder.path().join("list");
        not_run("one", Some(&list));
        not_run("two", Some(&list));
        assert_eq!(fs::read_to_string(list).unwrap(), "one\ntwo\n");
    }

    #[test]
    #[should_panic(expected = "a_test needs a browser")]
    fn without_a_list_a_missing_tool_fails_the_test() {
        not_run("a_test needs a browser", None);
    }

    #[test]
    fn a_test_is_named_with_its_modules() {
        fn here() {}
        assert_eq!(
            path_of(&here),
            "canopy_test_support::needs::tests::a_test_is_named_with_its_modules"
        );
    }
}

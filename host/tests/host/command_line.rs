//! The command line of `canopy`.

use std::fs;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::house;
use crate::server::{CANOPY, Server, run};

/// Runs `canopy` with some variables set; answers its exit status and what it said of errors.
fn run_with(variables: &[(&str, &str)], arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(CANOPY)
        .args(arguments)
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), error)
}

#[test]
fn serves_a_file_that_is_named_without_a_flag() {
    let server = Server::spawn(&[house::model().to_str().unwrap()]);
    assert_eq!(server.post_json("/predict", &house::record()).0, 200);
}

#[test]
fn a_file_that_is_no_component_is_refused_in_one_plain_line() {
    let folder = TempDir::new().unwrap();
    for (name, content, reason) in [
        (
            "README.md",
            &b"# Bikes"[..],
            "it does not begin with the magic bytes \\0asm",
        ),
        ("empty.wasm", b"", "it is empty"),
        (
            "module.wasm",
            b"\0asm\x01\0\0\0",
            "it is a core module; componentise it with `wasm-tools component new`",
        ),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        let path = path.to_str().unwrap();
        let expected = format!("canopy: {path} is not a WebAssembly component: {reason}\n");
        for arguments in [&["inspect", path][..], &["serve", path, "--log", "off"]] {
            let (code, error) = run_with(&[], arguments);
            assert_eq!(
                (code, error.as_str()),
                (Some(1), &*expected),
                "{arguments:?}"
            );
        }
    }
}

#[test]
fn probe_and_example_take_an_address_in_every_form_that_serve_takes() {
    let server = house::server();
    let port = server.address.rsplit_once(':').unwrap().1;
    for address in [
        port.to_owned(),
        format!(":{port}"),
        format!("localhost:{port}"),
        format!("0.0.0.0:{port}"),
    ] {
        let variables = [("CANOPY_LISTEN", address.as_str())];
        let (code, error) = run_with(&variables, &["probe"]);
        assert_eq!(code, Some(0), "{address}: {error}");
        let (success, text, error) = run(&["example", "--address", &address]);
        assert!(success, "{address}: {error}");
        let command = format!("curl http://127.0.0.1:{port}/predict");
        assert!(text.contains(&command), "{address}: {text}");
    }
}

#[test]
fn the_exit_status_says_whether_a_command_failed_or_could_not_be_understood() {
    assert_eq!(run_with(&[], &["--version"]).0, Some(0));
    assert_eq!(run_with(&[], &["inspect", "nowhere.wasm"]).0, Some(1));
    assert_eq!(run_with(&[], &["serve", "--nonsense"]).0, Some(2));
    let (_, help, _) = run(&["serve", "--help"]);
    for line in ["0  success", "1  failure", "2  invalid command line"] {
        assert!(help.contains(line), "{help}");
    }
}

#[test]
fn flags_and_variables_that_were_renamed_keep_their_old_names() {
    for (flag, variable, new) in [
        ("--drain", "CANOPY_DRAIN", "--shutdown-grace <TIME>"),
        (
            "--slow-places",
            "CANOPY_SLOW_PLACES",
            "--background-permits <N>",
        ),
    ] {
        let refused = format!("invalid value 'x' for '{new}'");
        let (code, error) = run_with(&[], &["serve", "a.wasm", flag, "x"]);
        assert!(
            code == Some(2) && error.contains(&refused),
            "{flag}: {error}"
        );
        let (code, error) = run_with(&[(variable, "x")], &["serve", "a.wasm"]);
        assert!(
            code == Some(2) && error.contains(&refused),
            "{variable}: {error}"
        );
        let (_, help, _) = run(&["serve", "--help"]);
        assert!(!help.contains(flag), "{flag} is not hidden");
    }
    // The new name goes before the old one.
    let variables = [("CANOPY_DRAIN", "x"), ("CANOPY_SHUTDOWN_GRACE", "1s")];
    let (_, error) = run_with(&variables, &["serve", "nowhere.wasm", "--log", "off"]);
    assert!(
        error.contains("cannot read the model nowhere.wasm"),
        "{error}"
    );
}

#[test]
fn an_old_name_works_and_is_logged_as_deprecated() {
    let mut command = Command::new(CANOPY);
    command.env("CANOPY_DRAIN", "60s");
    let server = Server::launch(command, &[house::model().to_str().unwrap()]);
    server.signal("-TERM");
    server.await_log("stopping");
    assert_eq!(server.get("/ready").status(), 503);

    let variables = [("CANOPY_DRAIN", "60s")];
    let (_, log) = run_with(&variables, &["serve", "nowhere.wasm"]);
    let warning = "the variable CANOPY_DRAIN is deprecated; it is called CANOPY_SHUTDOWN_GRACE now";
    assert_eq!(log.matches(warning).count(), 1, "{log}");

    let (_, log) = run_with(&[], &["serve", "nowhere.wasm", "--drain=60s"]);
    let warning = "the flag --drain is deprecated; it is called --shutdown-grace now";
    assert_eq!(log.matches(warning).count(), 1, "{log}");
}

#[test]
fn prints_completions_for_every_shell() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let (success, script, error) = run(&["completions", shell]);
        assert!(success, "{error}");
        assert!(script.contains("inspect"), "{shell}: {script}");
    }
}

#[test]
fn prints_its_man_page_and_writes_those_of_all_commands() {
    let (success, page, error) = run(&["man"]);
    assert!(success, "{error}");
    assert!(page.contains(".TH canopy 1"), "{page}");

    let folder = TempDir::new().unwrap();
    let folder = folder.path().join("man1");
    let (success, page, error) = run(&["man", folder.to_str().unwrap()]);
    assert!(success && page.is_empty(), "{error}{page}");
    let serve = fs::read_to_string(folder.join("canopy-serve.1")).unwrap();
    assert!(serve.contains("CANOPY_LISTEN"), "{serve}");
    assert!(folder.join("canopy-user-add.1").exists());
    assert!(!folder.join("canopy-compile.1").exists(), "it is hidden");
}

//! A component that imports WASI, and the empty world that it finds.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::guest::{file, renamed, wasi};
use crate::server::{Server, run};

/// What the guest answers to a question, see its source.
fn ask(server: &Server, question: u32) -> (u16, Value) {
    server.post_json("/predict", &json!({ "question": question }))
}

/// A fresh instance for every call, which may take long on a busy machine.
fn serve(model: &Path) -> Server {
    let arguments = [
        "--allow-wasi",
        "--isolation",
        "call",
        "--model-deadline",
        "10s",
    ];
    Server::start(model, &arguments)
}

#[test]
fn imports_are_refused_unless_they_are_allowed() {
    let (_folder, model) = file(&wasi());
    let model = model.to_str().unwrap();
    let (success, _, error) = run(&["serve", "--model", model, "--log", "off"]);
    assert!(!success);
    let words = "the component imports wasi:cli/environment@0.2.0, but a model may import nothing";
    assert!(error.contains(words), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
}

#[test]
fn imports_of_other_worlds_are_refused_even_then() {
    for (from, to, words) in [
        ("wasi:random/", "wasi:ramdon/", "imports wasi:ramdon/"),
        ("wasi:random/", "evil:random/", "imports evil:random/"),
        (
            "/random@0.2.0",
            "/random@0.3.0",
            "imports wasi:random/random@0.3.0",
        ),
    ] {
        let (_folder, model) = file(&renamed(wasi(), from, to));
        let model = model.to_str().unwrap();
        let (success, _, error) = run(&["serve", "--allow-wasi", "--model", model, "--log", "off"]);
        assert!(!success);
        assert!(error.contains(words), "{error}");
        assert!(
            error.contains("but a model may import nothing but WASI 0.2"),
            "{error}"
        );
    }
}

#[test]
fn the_world_is_empty_and_the_same_for_every_instance() {
    let (_folder, model) = file(&wasi());
    let servers = [serve(&model), serve(&model)];
    // Environment, arguments, folders; the year 2000; the first look at the clock.
    let known = [0.0, 0.0, 0.0, 946_684_800.0, 1e6];
    for (question, known) in (0..).zip(known) {
        assert_eq!(ask(&servers[0], question), (200, json!({"answer": known})));
    }
    for question in [5, 6] {
        let answer = ask(&servers[0], question);
        assert_eq!(answer.0, 200);
        assert_ne!(answer.1["answer"], 0.0);
        for server in &servers {
            assert_eq!(ask(server, question), answer);
        }
    }
    // Output goes nowhere; a second passes with a thousand looks at the clock.
    assert_eq!(ask(&servers[0], 9), (200, json!({"answer": 1.0})));
    assert_eq!(ask(&servers[0], 10), (200, json!({"answer": 999.0})));
}

#[test]
fn no_wait_takes_time_and_handles_are_bounded() {
    let (_folder, model) = file(&wasi());
    let server = serve(&model);
    let start = Instant::now();
    assert_eq!(ask(&server, 7), (200, json!({"answer": 1.0})));
    assert_eq!(ask(&server, 8).0, 200);
    assert!(start.elapsed() < Duration::from_secs(5));
    let (status, problem) = ask(&server, 11);
    assert_eq!(status, 500);
    let detail = problem["detail"].as_str().unwrap();
    assert!(
        detail.contains("resource table has no free keys"),
        "{detail}"
    );
    assert_eq!(ask(&server, 0).0, 200);
}

#[test]
fn batches_look_at_the_world_too() {
    let (_folder, model) = file(&wasi());
    let server = Server::start(&model, &["--allow-wasi"]);
    let batch = json!([{"question": 7}, {"question": 3}, {"question": 9}]);
    let (status, answers) = server.post_json("/predict/batch", &batch);
    assert_eq!(status, 200, "{answers}");
    let answer = |row: usize| answers[row]["answer"].as_f64();
    assert_eq!([answer(0), answer(2)], [Some(1.0); 2], "{answers}");
}

//! Models that misbehave on command.

use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use canopy_runtime::{CallError, Component, Limits, Rows, Runtime};
use serde_json::json;
use tempfile::TempDir;

use crate::guest;
use crate::server::{Server, resident};

static UNRULY: LazyLock<(TempDir, PathBuf)> = LazyLock::new(|| guest::file(&guest::unruly(b'-')));

fn server() -> Server {
    Server::start(
        &UNRULY.1,
        &["--model-deadline", "1s", "--model-memory", "64MiB"],
    )
}

/// Command, status, reason in the metric, words in the answer.
const MISDEEDS: [(u32, u16, &str, &str); 10] = [
    (1, 500, "trap", "trapped"),
    (2, 504, "deadline", "longer than"),
    (3, 500, "memory", "memory limit"),
    (4, 422, "refused", "command 4 is refused"),
    (5, 500, "answer", "it has 2 values, expected 1"),
    (6, 500, "answer", "NaN"),
    (7, 500, "trap", "call stack exhausted"),
    (8, 500, "failed", "on command"),
    (10, 500, "answer", "a prediction is inf"),
    (11, 500, "answer", "larger than 65544 bytes"),
];

#[test]
fn every_misdeed_is_contained_and_the_next_request_works() {
    let server = server();
    let obey = || {
        let (status, answer) = server.post_json("/predict", &json!({"command": 0}));
        assert_eq!((status, answer), (200, json!({"answer": 0.0})));
    };
    obey();
    for (command, status, reason, words) in MISDEEDS {
        let metric = format!("model_calls_failed_total{{reason=\"{reason}\"}}");
        let before = server.metric(&metric).unwrap();
        let (found, problem) = server.post_json("/predict", &json!({"command": command}));
        assert_eq!(found, status, "{command}: {problem}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(words), "{command}: {detail}");
        assert_eq!(server.metric(&metric).unwrap(), before + 1.0);
        obey();
    }
}

/// The first calls may hold up the threads that answer requests, each until its deadline.
#[test]
fn a_model_that_spins_does_not_hold_up_other_requests_for_long() {
    let server = Server::start(&UNRULY.1, &["--model-deadline", "2s"]);
    let spin = || server.post_json("/predict", &json!({"command": 2})).0;
    assert_eq!(spin(), 504);
    std::thread::scope(|scope| {
        let spinning = [(); 3].map(|()| scope.spawn(spin));
        while server.metric("api_requests_in_flight").unwrap() < 4.0 {}
        let start = Instant::now();
        (0..20).for_each(|_| assert_eq!(server.get("/health").status(), 200));
        assert!(
            start.elapsed() < Duration::from_secs(1),
            "{:?}",
            start.elapsed()
        );
        for spinning in spinning {
            assert_eq!(spinning.join().unwrap(), 504);
        }
    });
    let obey = || server.post_json("/predict", &json!({"command": 0})).0;
    assert_eq!([obey(), obey()], [200, 200]);
}

#[test]
fn requests_beyond_those_in_flight_are_refused() {
    let server = Server::start(
        &UNRULY.1,
        &["--max-in-flight", "1", "--model-deadline", "2s"],
    );
    std::thread::scope(|scope| {
        let spinning = scope.spawn(|| server.post_json("/predict", &json!({"command": 2})).0);
        while server.metric("api_requests_in_flight").unwrap() < 2.0 {}
        let request = server
            .post("/predict")
            .body(json!({"command": 0}).to_string());
        let refused = request.send().unwrap();
        assert_eq!(refused.status(), 503);
        assert_eq!(refused.headers()["retry-after"], "1");
        let overload = "model_calls_failed_total{reason=\"overload\"}";
        assert_eq!(server.metric(overload), Some(1.0));
        assert_eq!(spinning.join().unwrap(), 504);
    });
}

#[test]
fn one_bad_row_fails_its_batch_or_evaluation_as_a_whole() {
    let server = server();
    let batch = json!([{"command": 0}, {"command": 4}, {"command": 0}]);
    let (status, problem) = server.post_json("/predict/batch", &batch);
    assert_eq!(status, 422);
    assert_eq!(problem["errors"][0]["row"], 1);
    let data = json!({"data": [{"command": 1, "obedience": 1}]});
    assert_eq!(server.post_json("/evaluate", &data).0, 500);
    assert_eq!(server.metric("evaluated_rows_total"), Some(0.0));
}

#[test]
fn a_thousand_traps_leak_no_memory() {
    let server = server();
    let trap = || assert_eq!(server.post_json("/predict", &json!({"command": 1})).0, 500);
    (0..100).for_each(|_| trap());
    let before = resident(&server.process);
    (0..1000).for_each(|_| trap());
    let grown = resident(&server.process).saturating_sub(before);
    assert!(grown < 8 << 20, "resident memory grew by {grown} bytes");
    assert_eq!(server.metric("model_instances"), Some(0.0));
}

/// Answers are the calls that the instance has seen, one of which checked it when it was loaded.
#[test]
fn warm_instances_keep_what_calls_leave_and_isolated_calls_find_nothing() {
    let (_folder, path) = guest::file(&guest::unruly(b'k'));
    let answers = |isolation| {
        let server = Server::start(&path, &["--isolation", isolation]);
        let calls = [(); 3].map(|()| server.post_json("/predict", &json!({"command": 0})));
        assert!(calls.iter().all(|(status, _)| *status == 200), "{calls:?}");
        let instances = server.metric("model_instances").unwrap();
        (
            calls.map(|(_, body)| body["answer"].as_f64().unwrap()),
            instances,
        )
    };
    let ([first, second, third], instances) = answers("warm");
    assert_eq!((second, third), (first + 1.0, first + 2.0));
    assert!(instances >= 1.0);
    assert_eq!(answers("call"), ([0.0; 3], 0.0));
}

#[test]
fn isolated_calls_are_contained_too() {
    let server = Server::start(
        &UNRULY.1,
        &["--model-deadline", "200ms", "--isolation", "call"],
    );
    for (command, status, ..) in MISDEEDS {
        let answer = server.post_json("/predict", &json!({"command": command}));
        assert_eq!(answer.0, status, "{command}: {}", answer.1);
        let (status, _) = server.post_json("/predict", &json!({"command": 9}));
        assert_eq!(status, 200);
    }
    assert_eq!(server.metric("model_instances"), Some(0.0));
    assert_eq!(server.metric("model_memory_bytes"), Some(0.0));
}

#[test]
fn a_caller_may_be_less_patient_than_the_limit() {
    let limits = Limits {
        deadline: Duration::from_secs(60),
        ..Limits::default()
    };
    let runtime = Runtime::new(&limits, None).unwrap();
    let model = runtime.load(&Component::new(guest::unruly(b'-'))).unwrap();
    let patience = Duration::from_millis(20);
    let start = Instant::now();
    assert_eq!(
        model.predict_within(&Rows::one(vec![2.0]), patience),
        Err(CallError::Deadline(patience))
    );
    assert!(start.elapsed() < Duration::from_secs(30));
    assert_eq!(
        model.predict_within(&Rows::one(vec![0.0]), patience),
        Ok(vec![0.0])
    );
    assert_eq!(
        model.predict(&Rows::new(vec![0.0, 9.0], 1)),
        Ok(vec![0.0; 2])
    );
}

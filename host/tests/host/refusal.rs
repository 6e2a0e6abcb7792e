//! Components that are no models, or lie, or misbehave before they are asked to predict: none is
//! served, and none takes the host's time or memory beyond its limits.

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use canopy_runtime::{CallError, Component, Limits, LoadError, Runtime};

use crate::guest::{file, padded, renamed, unruly};
use crate::server::CANOPY;

/// What a component may have of the memory of its own.
const MODEL_MEMORY: &str = "128MiB";

/// What the whole process may have, in KiB: that and what a host needs, but no second copy.
const PROCESS_MEMORY: u32 = 256 << 10;

/// Serves a component; answers what the host says as it ends, and how long that took.
fn refusal(component: &[u8], arguments: &[&str]) -> (String, Duration) {
    let (_folder, path) = file(component);
    let start = Instant::now();
    let output = Command::new("sh")
        .arg("-c")
        .arg(format!("ulimit -d {PROCESS_MEMORY} && exec \"$@\""))
        .args([
            "sh",
            CANOPY,
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--log",
            "off",
        ])
        .args([
            "--model-instances",
            "2",
            "--model-memory",
            MODEL_MEMORY,
            "--model",
        ])
        .arg(path)
        .args(arguments)
        .output()
        .unwrap();
    assert!(!output.status.success());
    (String::from_utf8(output.stderr).unwrap(), start.elapsed())
}

#[test]
fn a_component_that_is_unfit_to_serve_is_refused_with_one_line() {
    let sound = || unruly(b'-');
    let mut random = sound();
    random.iter_mut().skip(8).for_each(|byte| *byte ^= 0x55);
    let cases: [(&str, Vec<u8>, &str); 27] = [
        (
            "instantiates for ever",
            unruly(b'i'),
            "failed in `instantiate`: the model took longer than 10s",
        ),
        (
            "describes for ever",
            unruly(b'd'),
            "failed in `describe`: the model took longer than 10s",
        ),
        (
            "refers for ever",
            unruly(b'r'),
            "failed in `reference`: the model took longer than 10s",
        ),
        (
            "grows",
            unruly(b'g'),
            "failed in `instantiate`: the model exceeded its memory limit of 134217728 bytes",
        ),
        (
            "grows later",
            unruly(b'm'),
            "failed in `describe`: the model exceeded its memory limit of 134217728 bytes",
        ),
        (
            "traps",
            unruly(b't'),
            "failed in `instantiate`: the model trapped",
        ),
        (
            "same names",
            unruly(b'D'),
            "two features are named \"command\"",
        ),
        (
            "no name",
            unruly(b'E'),
            "the feature name \"\" is empty or too long",
        ),
        (
            "many features",
            unruly(b'F'),
            "it has 20000 features; the limit is 10000",
        ),
        (
            "huge name",
            unruly(b'H'),
            "failed in `describe`: the model's answer violates the contract: it is larger than",
        ),
        ("long name", unruly(b'L'), "is empty or too long"),
        (
            "no number",
            unruly(b'N'),
            "the statistics of \"command\" are invalid",
        ),
        (
            "huge sample",
            unruly(b'B'),
            "failed in `reference`: the model's answer violates the contract: it is larger than",
        ),
        (
            "long sample",
            unruly(b'O'),
            "it has 200000 rows; the limit is 100000",
        ),
        (
            "other prediction",
            unruly(b'G'),
            "the model predicts 0 for row 0 of its reference sample, but 1 is recorded there",
        ),
        (
            "infinite sample",
            unruly(b'I'),
            "inf in column \"obedience\" is not a finite number",
        ),
        (
            "ragged sample",
            unruly(b'R'),
            "column \"obedience\" has 2 values, but the first column has 1",
        ),
        (
            "narrow sample",
            unruly(b'W'),
            "it has 2 columns, expected 3",
        ),
        (
            "always traps",
            unruly(b'T'),
            "failed in `predict`: the model trapped",
        ),
        (
            "always infinite",
            unruly(b'p'),
            "failed in `predict`: the model's answer violates the contract: a prediction is inf",
        ),
        (
            "older",
            renamed(sound(), "@0.1.0", "@0.0.9"),
            "exports version 0.0.9 of canopy:model/inference; this host supports 0.1.x",
        ),
        (
            "newer",
            renamed(sound(), "@0.1.0", "@0.2.0"),
            "exports version 0.2.0 of canopy:model/inference; this host supports 0.1.x",
        ),
        (
            "other world",
            renamed(sound(), "/inference@", "/inferenze@"),
            "does not export canopy:model/inference",
        ),
        (
            "core module",
            b"\0asm\x01\0\0\0".to_vec(),
            "not a WebAssembly component",
        ),
        ("random", random, "not a WebAssembly component"),
        (
            "cut",
            sound()[..sound().len() / 2].to_vec(),
            "not a WebAssembly component",
        ),
        (
            "large",
            padded(sound(), 80 << 20),
            "bytes; the limit is 67108864",
        ),
    ];
    thread::scope(|scope| {
        for (what, component, words) in &cases {
            scope.spawn(move || {
                let (error, time) = refusal(component, &[]);
                assert_eq!(error.matches(words).count(), 1, "{what}: {error}");
                assert_eq!(error.lines().count(), 1, "{what}: {error}");
                assert!(error.len() < 1000, "{what}: {error}");
                assert!(time < Duration::from_secs(50), "{what}: {time:?}");
            });
        }
    });
}

#[test]
fn an_instance_that_takes_longer_to_make_than_a_call_may_take_serves_no_isolated_calls() {
    let (error, _) = refusal(
        &unruly(b's'),
        &["--isolation", "call", "--model-deadline", "50ms"],
    );
    let words = "failed in `predict`: the model took longer than 50ms and was interrupted";
    assert!(error.contains(words), "{error}");
}

#[test]
fn a_model_for_which_there_is_no_room_is_refused_as_overload() {
    let limits = Limits {
        instances: 1,
        models: 0,
        ..Limits::default()
    };
    let runtime = Runtime::new(&limits, None).unwrap();
    let component = unruly(b'-');
    let mut models = Vec::new();
    let error = loop {
        match runtime.load(&Component::new(component.clone())) {
            Ok(model) => models.push(model),
            Err(error) => break error,
        }
    };
    assert_eq!(models.len(), 4);
    assert_eq!(error.reason(), "call");
    assert!(
        matches!(
            error,
            LoadError::Call {
                source: CallError::Overload(1),
                ..
            }
        ),
        "{error}"
    );
    models.pop();
    assert!(runtime.load(&Component::new(component.clone())).is_ok());
}

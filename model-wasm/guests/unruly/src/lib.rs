//! A model that misbehaves, to prove that the host contains it.
//!
//! Its one feature, `command`, selects the misbehaviour of a call: see the match in `obey`. What it
//! does from its instantiation on, whatever the command, is its temper: see the matches on `temper`.

mod temper;

mod bindings {
    wit_bindgen::generate!({
        path: "../../../wit",
        world: "inference-model",
    });
}

use std::sync::atomic::{AtomicU32, Ordering};

use bindings::exports::canopy::model::inference::{
    Column, Feature, Guest, Kind, ModelInfo, PredictError, Refusal, Task, Training,
};
use temper::{grow, spin, temper};

struct Unruly;

bindings::export!(Unruly with_types_in bindings);

/// Number of calls of `predict` to this instance.
static CALLS: AtomicU32 = AtomicU32::new(0);

/// Called when the component is instantiated.
// SAFETY: nothing else has this name.
#[unsafe(no_mangle)]
extern "C" fn _initialize() {
    temper::awake();
}

impl Guest for Unruly {
    fn describe() -> ModelInfo {
        let command = feature("command");
        let features = match temper() {
            b'D' => vec![command.clone(), command],
            b'E' => vec![feature("")],
            b'F' => (0..20_000).map(|i| feature(&i.to_string())).collect(),
            b'H' => vec![feature(&"a".repeat(60 << 20))],
            b'L' => vec![feature(&"a".repeat(1000))],
            b'N' => vec![Feature {
                mean: f64::NAN,
                ..command
            }],
            b'd' => {
                spin(u64::MAX);
                Vec::new()
            }
            b'm' => {
                grow();
                Vec::new()
            }
            _ => vec![command],
        };
        ModelInfo {
            name: "unruly".into(),
            version: "1.0.0".into(),
            task: Task::Regression,
            target: "obedience".into(),
            response_field: "answer".into(),
            classes: Vec::new(),
            features,
            training: Training {
                rows: 1,
                from: None,
                until: None,
                data_digest: String::new(),
            },
            parameters: Vec::new(),
        }
    }

    fn reference() -> Vec<Column> {
        let rows = match temper() {
            b'B' => 3 << 20,
            b'O' => 200_000,
            _ => 1,
        };
        let mut columns: Vec<Column> = ["command", "obedience", "prediction"]
            .map(|name| Column {
                name: name.into(),
                values: vec![0.0; rows],
            })
            .into();
        match temper() {
            b'G' => columns[2].values[0] = 1.0,
            b'I' => columns[1].values[0] = f64::INFINITY,
            b'R' => columns[1].values.push(0.0),
            b'W' => drop(columns.remove(0)),
            b'r' => spin(u64::MAX),
            _ => {}
        }
        columns
    }

    fn predict(rows: Vec<f64>) -> Result<Vec<f64>, PredictError> {
        let calls = CALLS.fetch_add(1, Ordering::Relaxed);
        match temper() {
            b'T' => panic!("on every call"),
            b'x' if calls > 0 => panic!("once it has been checked"),
            b'k' => return Ok(vec![f64::from(calls); rows.len()]),
            b'p' => return Ok(vec![f64::INFINITY; rows.len()]),
            _ => {}
        }
        let mut answers = Vec::new();
        for (position, &command) in rows.iter().enumerate() {
            answers.push(0.0);
            obey(command as u32, position, &mut answers)?;
        }
        Ok(answers)
    }
}

fn feature(name: &str) -> Feature {
    Feature {
        name: name.into(),
        kind: Kind::Categorical,
        description: "What to do.".into(),
        unit: String::new(),
        minimum: 0.0,
        maximum: 11.0,
        mean: 0.0,
        standard_deviation: 1.0,
        example: 0.0,
        importance: None,
    }
}

fn obey(command: u32, position: usize, answers: &mut Vec<f64>) -> Result<(), PredictError> {
    match command {
        0 => {}
        1 => panic!("on command"),
        2 => spin(u64::MAX),
        3 => drop(std::hint::black_box(vec![1_u8; 1 << 30])),
        4 => {
            return Err(PredictError::Refused(Refusal {
                row: position as u32,
                reason: "command 4 is refused".into(),
            }));
        }
        5 => answers.push(0.0),
        6 => answers[position] = f64::NAN,
        7 => answers[position] = dig(1.0),
        // Takes a few milliseconds.
        9 => spin(50_000_000),
        10 => answers[position] = f64::INFINITY,
        11 => answers.resize(4 << 20, 0.0),
        _ => return Err(PredictError::Failed("on command".into())),
    }
    Ok(())
}

/// Recurses until the stack overflows.
fn dig(depth: f64) -> f64 {
    if std::hint::black_box(depth) < 0.0 {
        depth
    } else {
        1.0 + dig(depth + 1.0)
    }
}

//! A model that imports WASI and predicts what it sees there, to prove that it sees nothing.
//!
//! Its one feature, `question`, selects what it looks at: see the match in `look`.

mod bindings {
    wit_bindgen::generate!({
        path: ["../../../wit", "wit"],
        world: "canopy:wasi-guest/wasi-guest",
        generate_all,
    });
}

use bindings::exports::canopy::model::inference::{
    Column, Feature, Guest, Kind, ModelInfo, PredictError, Task, Training,
};
use bindings::wasi::cli::{environment, stdout};
use bindings::wasi::clocks::{monotonic_clock, wall_clock};
use bindings::wasi::filesystem::preopens;
use bindings::wasi::random::{insecure_seed, random};

struct WasiGuest;

bindings::export!(WasiGuest with_types_in bindings);

/// One hour in nanoseconds.
const HOUR: u64 = 3_600_000_000_000;

impl Guest for WasiGuest {
    fn describe() -> ModelInfo {
        ModelInfo {
            name: "wasi".into(),
            version: "1.0.0".into(),
            task: Task::Regression,
            target: "truth".into(),
            response_field: "answer".into(),
            classes: Vec::new(),
            features: vec![Feature {
                name: "question".into(),
                kind: Kind::Categorical,
                description: "What to look at.".into(),
                unit: String::new(),
                minimum: 0.0,
                maximum: 9.0,
                mean: 0.0,
                standard_deviation: 1.0,
                example: 0.0,
                importance: None,
            }],
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
        ["question", "truth", "prediction"]
            .map(|name| Column {
                name: name.into(),
                values: vec![0.0],
            })
            .into()
    }

    fn predict(rows: Vec<f64>) -> Result<Vec<f64>, PredictError> {
        let answers = rows.into_iter().map(|question| look(question as u32));
        answers
            .collect::<Option<_>>()
            .ok_or_else(|| PredictError::Failed("no such question".into()))
    }
}

fn look(question: u32) -> Option<f64> {
    let answer = match question {
        0 => environment::get_environment().len() as f64,
        1 => environment::get_arguments().len() as f64,
        2 => preopens::get_directories().len() as f64,
        3 => wall_clock::now().seconds as f64,
        4 => monotonic_clock::now() as f64,
        5 => random::get_random_u64() as f64,
        6 => insecure_seed::insecure_seed().0 as f64,
        // Whether waiting for an hour ends, with the clock one hour later.
        7 => {
            let start = monotonic_clock::now();
            monotonic_clock::subscribe_duration(HOUR).block();
            f64::from(monotonic_clock::now() - start >= HOUR)
        }
        8 => {
            monotonic_clock::subscribe_duration(u64::MAX).block();
            0.0
        }
        9 => {
            let written = stdout::get_stdout().blocking_write_and_flush(b"hello?");
            f64::from(written.is_ok())
        }
        // Number of reads of the clock until a second has passed.
        10 => {
            let start = monotonic_clock::now();
            let reads = (1..).take_while(|_| monotonic_clock::now() - start < 1_000_000_000);
            reads.count() as f64
        }
        // Creates handles without end.
        11 => {
            let mut held = Vec::new();
            loop {
                held.push(monotonic_clock::subscribe_duration(HOUR));
            }
        }
        _ => return None,
    };
    Some(answer)
}

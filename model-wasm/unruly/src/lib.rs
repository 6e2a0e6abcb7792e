//! A model that misbehaves on command, to prove that the host contains it.
//!
//! Its one feature, `command`, is what it does: see the match in `predict`.

mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "inference-model",
    });
}

use bindings::exports::canopy::model::inference::{
    Column, Feature, Guest, Kind, ModelInfo, PredictError, Refusal, Task, Training,
};

struct Unruly;

bindings::export!(Unruly with_types_in bindings);

impl Guest for Unruly {
    fn describe() -> ModelInfo {
        ModelInfo {
            name: "unruly".into(),
            version: "1.0.0".into(),
            task: Task::Regression,
            target: "obedience".into(),
            response_field: "answer".into(),
            classes: Vec::new(),
            features: vec![Feature {
                name: "command".into(),
                kind: Kind::Categorical,
                description: "What to do.".into(),
                unit: String::new(),
                minimum: 0.0,
                maximum: 8.0,
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
        ["command", "obedience", "prediction"]
            .map(|name| Column {
                name: name.into(),
                values: vec![0.0],
            })
            .into()
    }

    fn predict(rows: Vec<f64>) -> Result<Vec<f64>, PredictError> {
        let mut answers = Vec::new();
        for (position, command) in rows.iter().enumerate() {
            answers.push(0.0);
            match *command as u32 {
                0 => {}
                1 => panic!("on command"),
                2 => loop {
                    std::hint::black_box(());
                },
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
                _ => return Err(PredictError::Failed("on command".into())),
            }
        }
        Ok(answers)
    }
}

/// Recurses until the stack ends.
fn dig(depth: f64) -> f64 {
    if std::hint::black_box(depth) < 0.0 {
        depth
    } else {
        1.0 + dig(depth + 1.0)
    }
}

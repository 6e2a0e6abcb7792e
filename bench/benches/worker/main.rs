//! What `bench/run.py` has measured in Rust: a process that does one thing as often as it is told.
//!
//! Every line of its standard input is an order, every line of its standard output the answer,
//! both JSON; so contestants of other languages can take turns with it.
//!
//! - `worker fit SPEC` trains, see [`fit`]
//! - `worker forest SPEC FOLDER` predicts, see [`forest`]
//! - `worker bodies SPEC FOLDER ROWS…` takes no orders, see [`bodies`]

#![expect(clippy::unwrap_used, reason = "a measurement may panic")]

mod bodies;
mod fit;
mod forest;

use std::io::{BufRead as _, Write as _};
use std::path::Path;
use std::time::Duration;

use canopy_dataset::{ProgressBar, Source};
use canopy_trainer::{Spec, Table};
use serde::de::DeserializeOwned;
use serde_json::json;

fn main() {
    // `cargo bench` adds an argument of its own.
    let arguments: Vec<String> = std::env::args().filter(|text| text != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[1..] {
        ["fit", spec] => fit::work(&load(spec)),
        ["forest", spec, folder] => forest::work(&load(spec), Path::new(folder)),
        ["bodies", spec, folder, ref rows @ ..] => {
            let data = load(spec);
            for rows in rows {
                bodies::write(&data, Path::new(folder), rows.parse().unwrap());
            }
        }
        _ => eprintln!("only bench/run.py knows what this is for: `make bench`"),
    }
}

/// A specification and the embedded rows that it asks for.
fn load(spec: &str) -> (Spec, Table) {
    let spec = Spec::load(spec.as_ref()).unwrap();
    let table = Table::load(&spec, &Source::Embedded, &ProgressBar::hidden()).unwrap();
    (spec, table)
}

/// Obeys until there are no more orders: does what each says, and answers how long it took.
fn obey<O: DeserializeOwned>(mut measure: impl FnMut(O) -> Duration) {
    let mut output = std::io::stdout();
    for line in std::io::stdin().lock().lines() {
        let duration = measure(serde_json::from_str(&line.unwrap()).unwrap());
        writeln!(output, "{}", json!({"seconds": duration.as_secs_f64()})).unwrap();
    }
}

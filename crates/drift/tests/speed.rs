//! Prints the time that a whole dataset takes; run with `--release --nocapture`.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use canopy_drift::{DEFAULT_SHARE_THRESHOLD, DatasetDrift, Kind, Reference};

const NUMERICAL: [&str; 8] = [
    "temp",
    "atemp",
    "hum",
    "windspeed",
    "mnth",
    "hr",
    "weekday",
    "cnt",
];
const CATEGORICAL: [&str; 4] = ["season", "holiday", "workingday", "weathersit"];

/// January 2011.
const REFERENCE_ROWS: usize = 688;

#[test]
fn two_years_are_compared_with_january_in_20_ms() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/hour.csv");
    if !path.exists() {
        eprintln!("skipped: {path:?} is missing");
        return;
    }
    let mut reader = csv::Reader::from_path(path).unwrap();
    let names = reader.headers().unwrap().clone();
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let column = |name: &str| -> Vec<f64> {
        let index = names.iter().position(|header| header == name).unwrap();
        records
            .iter()
            .map(|record| record[index].parse().unwrap())
            .collect()
    };

    let mut columns: Vec<(Reference, Vec<f64>)> = Vec::new();
    let mut add = |name: &str, kind: Kind, values: Vec<f64>| {
        columns.push((
            Reference::new(name, kind, &values[..REFERENCE_ROWS]),
            values,
        ));
    };
    NUMERICAL
        .iter()
        .for_each(|name| add(name, Kind::Numerical, column(name)));
    CATEGORICAL
        .iter()
        .for_each(|name| add(name, Kind::Categorical, column(name)));
    // In place of predictions: as many distinct values as a forest gives.
    let humidity = column("hum")
        .into_iter()
        .zip(column("cnt"))
        .zip(column("temp"));
    add(
        "prediction",
        Kind::Numerical,
        humidity
            .map(|((hum, count), temp)| 0.9 * count + 7.0 * hum + temp)
            .collect(),
    );

    let fastest = (0..20)
        .map(|_| {
            let start = Instant::now();
            let drift = columns
                .iter()
                .map(|(reference, current)| reference.compare(current));
            black_box(DatasetDrift::new(drift.collect(), DEFAULT_SHARE_THRESHOLD));
            start.elapsed()
        })
        .min()
        .unwrap();
    eprintln!(
        "{} columns of {} rows: {fastest:?}",
        columns.len(),
        records.len()
    );
    assert!(cfg!(debug_assertions) || fastest < Duration::from_millis(20));
}

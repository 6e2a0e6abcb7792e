//! Prints the duration for a whole dataset; run with `--release --nocapture`.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hours;

use std::hint::black_box;
use std::time::{Duration, Instant};

use canopy_drift::{DEFAULT_SHARE_THRESHOLD, DatasetDrift, Kind, Reference};
use hours::Hours;

const NUMERICAL: [&str; 9] = [
    "temp",
    "atemp",
    "hum",
    "windspeed",
    "mnth",
    "hr",
    "weekday",
    "cnt",
    "prediction",
];
const CATEGORICAL: [&str; 4] = ["season", "holiday", "workingday", "weathersit"];

/// All hours of 2011, and those of January.
const YEAR: usize = 8645;
const JANUARY: usize = 688;

#[test]
fn two_years_of_hours_are_compared_with_january_in_20_ms() {
    let hours = Hours::read();
    let numerical = NUMERICAL.map(|name| (name, Kind::Numerical));
    let categorical = CATEGORICAL.map(|name| (name, Kind::Categorical));
    let columns = numerical.into_iter().chain(categorical);
    let columns: Vec<(Reference, Vec<f64>)> = columns
        .map(|(name, kind)| {
            let january = hours.column(name, 1..=JANUARY);
            let two_years = hours.column(name, 1..=YEAR).repeat(2);
            (Reference::new(name, kind, &january), two_years)
        })
        .collect();

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
        2 * YEAR
    );
    assert!(cfg!(debug_assertions) || fastest < Duration::from_millis(20));
}

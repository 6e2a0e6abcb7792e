//! Every figure against Evidently's for the house data.
//!
//! The figures and the data live outside the repository; where they are missing
//! the tests say so and pass.

#![expect(
    clippy::unwrap_used,
    reason = "a test that can't read its figures should fail"
)]

use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use canopy_drift::{ColumnDrift, DEFAULT_SHARE_THRESHOLD, DatasetDrift, Kind, Method, Reference};
use serde_json::Value;

const CATEGORICAL: [&str; 4] = ["season", "holiday", "workingday", "weathersit"];

fn shared(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared")
        .join(path);
    if !path.exists() {
        eprintln!("skipped: {path:?} is missing");
        return None;
    }
    Some(path)
}

fn oracle(name: &str) -> Option<Value> {
    let text = fs::read_to_string(shared("oracle")?.join(name)).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

/// The hours of one column by `instant`.
fn hours(column: &str, instants: RangeInclusive<usize>) -> Option<Vec<f64>> {
    let mut reader = csv::Reader::from_path(shared("data/hour.csv")?).unwrap();
    let index = reader
        .headers()
        .unwrap()
        .iter()
        .position(|name| name == column)
        .unwrap();
    let (skip, take) = (instants.start() - 1, instants.count());
    let rows = reader.records().skip(skip).take(take);
    Some(
        rows.map(|row| row.unwrap()[index].parse().unwrap())
            .collect(),
    )
}

fn instants(oracle: &Value, sample: &str) -> RangeInclusive<usize> {
    let bound = |index: usize| oracle["instants"][sample][index].as_u64().unwrap() as usize;
    bound(0)..=bound(1)
}

fn assert_agrees(ours: &ColumnDrift, theirs: &Value) {
    let (score, expected) = (ours.score.unwrap(), theirs["score"].as_f64().unwrap());
    let error = (score - expected).abs();
    let agrees = if ours.method.is_p_value() {
        error <= 1e-12 || error <= 1e-6 * expected
    } else {
        error <= 1e-9 * expected
    };
    assert!(
        agrees,
        "{} by {}: {score} for {expected}",
        ours.column, ours.method
    );
    assert_eq!(ours.method.name(), theirs["method"]);
    assert_eq!(Some(ours.threshold), theirs["threshold"].as_f64());
    assert_eq!(
        Some(ours.drifted),
        theirs["drifted"].as_bool(),
        "{} by {}",
        ours.column,
        ours.method
    );
}

/// All columns but `prediction`: the model behind it is scikit-learn's, and its
/// predictions are not recorded. Its verdict is taken over to check the share.
fn check_pair(name: &str) {
    let Some(oracle) = oracle(name) else { return };
    let mut columns = Vec::new();
    for theirs in oracle["columns"].as_array().unwrap() {
        let column = theirs["column"].as_str().unwrap();
        if column == "prediction" {
            let mut unknown = Reference::new(column, Kind::Numerical, &[]).compare(&[]);
            unknown.drifted = theirs["drifted"].as_bool().unwrap();
            columns.push(unknown);
            continue;
        }
        let Some(reference) = hours(column, instants(&oracle, "reference")) else {
            return;
        };
        let Some(current) = hours(column, instants(&oracle, "current")) else {
            return;
        };
        let kind = match theirs["type"].as_str().unwrap() {
            "cat" => Kind::Categorical,
            _ => Kind::Numerical,
        };
        let ours = Reference::new(column, kind, &reference).compare(&current);
        assert_agrees(&ours, theirs);
        columns.push(ours);
    }
    let dataset = DatasetDrift::new(columns, DEFAULT_SHARE_THRESHOLD);
    assert_eq!(
        Some(dataset.drifted_columns as f64),
        oracle["drifted_columns"].as_f64()
    );
    assert_eq!(Some(dataset.share), oracle["drifted_share"].as_f64());
    assert_eq!(Some(dataset.drifted), oracle["dataset_drift"].as_bool());
}

#[test]
fn first_week_of_february_agrees() {
    check_pair("drift_jan2011__week1_february.json");
}

#[test]
fn second_week_of_february_agrees() {
    check_pair("drift_jan2011__week2_february.json");
}

#[test]
fn second_year_agrees() {
    check_pair("drift_all2011__all2012.json");
}

#[test]
fn chosen_methods_agree() {
    let Some(oracle) = oracle("stattests_jan2011__week2_february.json") else {
        return;
    };
    let mut checked = 0;
    for theirs in oracle["rows"].as_array().unwrap() {
        let column = theirs["column"].as_str().unwrap();
        let Ok(method) = theirs["method"].as_str().unwrap().parse::<Method>() else {
            continue;
        };
        let Some(reference) = hours(column, 1..=688) else {
            return;
        };
        let Some(current) = hours(column, 854..=1016) else {
            return;
        };
        let kind = if CATEGORICAL.contains(&column) {
            Kind::Categorical
        } else {
            Kind::Numerical
        };
        let ours = Reference::new(column, kind, &reference).compare_by(&current, method);
        if theirs["score"].is_null() {
            let error = theirs["error"].as_str().unwrap();
            assert_eq!(
                ours.is_err(),
                error.starts_with("StatTestInvalidFeatureType"),
                "{error}"
            );
            continue;
        }
        assert_agrees(&ours.unwrap(), theirs);
        checked += 1;
    }
    assert_eq!(checked, 26);
}

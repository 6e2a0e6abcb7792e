//! Compares every figure with Evidently's for the same rows; see `oracle/README.md`.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hours;

use std::fs;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use canopy_drift::{
    ColumnDrift, DEFAULT_SHARE_THRESHOLD, DatasetDrift, Kind, Method, Reference, regression_scores,
};
use hours::Hours;
use serde_json::Value;

fn file(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests/oracle", name]
        .iter()
        .collect()
}

/// Evidently's figures.
fn figures(name: &str) -> Value {
    let text = fs::read_to_string(file(&format!("{name}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// A pair of samples of the hours, and Evidently's figures for it.
struct Pair {
    hours: Hours,
    figures: Value,
}

impl Pair {
    fn read(name: &str) -> Self {
        Self {
            hours: Hours::read(),
            figures: figures(name),
        }
    }

    /// A column of the reference and of the current sample.
    fn column(&self, name: &str) -> [Vec<f64>; 2] {
        ["reference", "current"].map(|sample| self.hours.column(name, self.rows(sample)))
    }

    fn rows(&self, sample: &str) -> RangeInclusive<usize> {
        let bound = |index: usize| self.figures["rows"][sample][index].as_u64().unwrap() as usize;
        bound(0)..=bound(1)
    }

    fn check_drift(&self) {
        check_drift(&self.figures, |column| self.column(column));
    }
}

fn assert_close(what: &str, ours: f64, theirs: &Value) {
    let theirs = theirs.as_f64().unwrap();
    assert!(
        (ours - theirs).abs() <= 1e-9 * theirs.abs(),
        "{what}: {ours} for {theirs}"
    );
}

fn assert_agrees(ours: &ColumnDrift, theirs: &Value) {
    let (score, expected) = (ours.score.unwrap(), theirs["score"].as_f64().unwrap());
    let error = (score - expected).abs();
    let agrees = if ours.method.is_p_value() {
        error <= 1e-12 || error <= 1e-6 * expected
    } else {
        error <= 1e-9 * expected
    };
    let what = format!("{} by {}", ours.column, ours.method);
    assert!(agrees, "{what}: {score} for {expected}");
    assert_eq!(ours.method.name(), theirs["method"]);
    assert_eq!(Some(ours.threshold), theirs["threshold"].as_f64());
    assert_eq!(Some(ours.drifted), theirs["drifted"].as_bool(), "{what}");
}

fn kind(theirs: &Value) -> Kind {
    match theirs["type"].as_str().unwrap() {
        "cat" => Kind::Categorical,
        _ => Kind::Numerical,
    }
}

/// Checks every column with its default method, and the dataset drift.
fn check_drift(figures: &Value, samples: impl Fn(&str) -> [Vec<f64>; 2]) {
    let columns = figures["columns"].as_array().unwrap().iter();
    let columns = columns.map(|theirs| {
        let column = theirs["column"].as_str().unwrap();
        let [reference, current] = samples(column);
        let ours = Reference::new(column, kind(theirs), &reference).compare(&current);
        assert_agrees(&ours, theirs);
        ours
    });
    let dataset = DatasetDrift::new(columns.collect(), DEFAULT_SHARE_THRESHOLD);
    assert_eq!(
        Some(dataset.drifted_columns as u64),
        figures["drifted_columns"].as_u64()
    );
    assert_eq!(Some(dataset.share), figures["drifted_share"].as_f64());
    assert_eq!(Some(dataset.drifted), figures["dataset_drift"].as_bool());
}

#[test]
fn first_week_of_february_agrees() {
    Pair::read("january_week1").check_drift();
}

#[test]
fn second_week_of_february_agrees() {
    Pair::read("january_week2").check_drift();
}

#[test]
fn second_half_of_the_year_agrees() {
    Pair::read("halves").check_drift();
}

/// Strings as categories, and missing values.
#[test]
fn penguins_agree() {
    check_drift(&figures("penguins"), |column| {
        ["reference", "current"].map(|sample| penguins(sample, column))
    });
}

/// A column of the penguins: strings by their first bytes, missing values as NaN.
fn penguins(sample: &str, column: &str) -> Vec<f64> {
    let mut reader = csv::Reader::from_path(file(&format!("penguins.{sample}.csv"))).unwrap();
    let names = reader.headers().unwrap().clone();
    let index = names.iter().position(|name| name == column).unwrap();
    let values = reader.records().map(|record| {
        let text = record.unwrap()[index].to_owned();
        let code = text
            .bytes()
            .take(2)
            .fold(0, |code, byte| 256 * code + u32::from(byte));
        match text.parse() {
            _ if text.is_empty() => f64::NAN,
            Ok(number) => number,
            Err(_) => f64::from(code),
        }
    });
    values.collect()
}

#[test]
fn chosen_methods_agree() {
    for (name, scored) in [("january_week2", 26), ("halves", 9)] {
        let pair = Pair::read(name);
        let mut checked = 0;
        for theirs in pair.figures["chosen"].as_array().unwrap() {
            let column = theirs["column"].as_str().unwrap();
            let method: Method = theirs["method"].as_str().unwrap().parse().unwrap();
            let [reference, current] = pair.column(column);
            let ours =
                Reference::new(column, kind(theirs), &reference).compare_by(&current, method);
            let Some(error) = theirs["error"].as_str() else {
                assert_agrees(&ours.unwrap(), theirs);
                checked += 1;
                continue;
            };
            // Where Evidently fails for other reasons, the score is defined.
            let not_applicable = error.starts_with("StatTestInvalidFeatureType");
            assert_eq!(ours.is_err(), not_applicable, "{error}");
        }
        assert_eq!(checked, scored);
    }
}

#[test]
fn regression_scores_agree() {
    for name in ["january_week1", "january_week2", "halves"] {
        let pair = Pair::read(name);
        let ([_, target], [_, predicted]) = (pair.column("cnt"), pair.column("prediction"));
        let ours = regression_scores(&target, &predicted).unwrap();
        let theirs = &pair.figures["regression"];
        for (what, ours, theirs) in [
            ("RMSE", Some(ours.rmse), &theirs["RMSE"]),
            ("MAE", Some(ours.mae), &theirs["MAE"]["mean"]),
            (
                "deviation of MAE",
                ours.abs_error_std,
                &theirs["MAE"]["std"],
            ),
            ("R²", ours.r2, &theirs["R2Score"]),
            ("MAPE", ours.mape, &theirs["MAPE"]["mean"]),
            ("deviation of MAPE", ours.mape_std, &theirs["MAPE"]["std"]),
            (
                "mean error",
                Some(ours.mean_error),
                &theirs["MeanError"]["mean"],
            ),
            (
                "deviation of errors",
                ours.error_std,
                &theirs["MeanError"]["std"],
            ),
            (
                "largest error",
                Some(ours.max_error),
                &theirs["AbsMaxError"],
            ),
        ] {
            assert_close(what, ours.unwrap(), theirs);
        }
    }
}

//! Each mistake gives an error that names its place, and leaves the old component alone.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod project;

use std::fs;

use canopy_dataset::Source;
use canopy_trainer::train;

use project::Project;

const SPEC: &str = r#"
name = "demand"
version = "1.0.0"
task = "regression"
target = "sold"
response_field = "predicted_sold"

[data]
file = "sales.csv"
date = "day"
from = 2024-01-01
until = 2024-01-31

[forest]
trees = 3

[[features]]
name = "price"
kind = "numerical"
description = "Price."
unit = "EUR"
"#;

const SALES: &str = "day,price,sold\n2024-01-02,1.5,10\n2024-01-03,1.6,9\n2024-01-04,2,4\n";

/// The error of training a specification on rows, over a component that must survive it.
fn error_of(spec: &str, sales: &str) -> String {
    let project = Project::new();
    project.file("sales.csv", sales);
    let arguments = project.arguments(project.file("demand.toml", spec));
    fs::create_dir_all(arguments.output.parent().unwrap()).unwrap();
    fs::write(&arguments.output, b"old").unwrap();
    let error = train(&arguments).unwrap_err();
    assert_eq!(fs::read(&arguments.output).unwrap(), b"old");
    format!("{error:#}")
}

#[track_caller]
fn assert_error(spec: &str, sales: &str, parts: &[&str]) {
    let error = error_of(spec, sales);
    for part in parts {
        assert!(error.contains(part), "{part:?} is not in {error:?}");
    }
}

#[test]
fn a_sound_specification_is_trained() {
    let project = Project::new();
    project.file("sales.csv", SALES);
    let mut arguments = project.arguments(project.file("demand.toml", SPEC));
    arguments.version = Some("2.0.0".into());
    let report = train(&arguments).unwrap();
    assert_eq!((report.rows, report.version.as_str()), (3, "2.0.0"));
    assert!(arguments.output.exists());
}

#[test]
fn mistakes_in_the_specification_name_file_and_key() {
    for (from, to, parts) in [
        (
            "trees = 3",
            "tree = 3",
            &["demand.toml", "unknown field `tree`"] as &[_],
        ),
        ("trees = 3", "trees = 0", &["trees = 0", "nonzero"]),
        ("target = \"sold\"", "", &["missing field `target`"]),
        (
            "\"regression\"",
            "\"ranking\"",
            &["unknown variant `ranking`"],
        ),
        (
            "\"demand\"",
            "\"De mand\"",
            &["demand.toml: name: ", "lower-case"],
        ),
        ("\"1.0.0\"", "\"1 0\"", &["version: ", "white space"]),
        (
            "\"sold\"",
            "\"price\"",
            &["features[0].name: ", "the target"],
        ),
        ("\"sold\"", "\"prediction\"", &["target: ", "rename"]),
        ("date = \"day\"", "", &["data.date: "]),
        (
            "date = \"day\"",
            "date = \"price\"",
            &["data.date: ", "a feature"],
        ),
        ("from = 2024-01-01", "from = 2024-02-01", &["data.until: "]),
        (
            "from = 2024-01-01",
            "from = \"May\"",
            &["expected a day", "May"],
        ),
        ("file = \"sales.csv\"", "", &["data: ", "source or file"]),
        (
            "file = \"sales.csv\"",
            "source = \"cars\"",
            &["`cars`", "`bike-sharing`"],
        ),
        (
            "trees = 3",
            "features_per_split = 2",
            &["forest.features_per_split: "],
        ),
        (
            "trees = 3",
            "features_per_split = \"half\"",
            &["expected \"all\""],
        ),
        (
            "trees = 3",
            "min_samples_split = 1",
            &["forest.min_samples_split: "],
        ),
    ] {
        assert!(SPEC.contains(from));
        assert_error(&SPEC.replace(from, to), SALES, parts);
    }
}

#[test]
fn an_unknown_column_is_named() {
    let spec = SPEC.replace("\"price\"", "\"prize\"");
    assert_error(&spec, SALES, &["sales.csv", "column prize is missing"]);
}

#[test]
fn an_unknown_column_of_the_bike_table_is_named_with_those_there_are() {
    let spec = SPEC
        .replace("file = \"sales.csv\"", "source = \"bike-sharing\"")
        .replace("\"day\"", "\"dteday\"")
        .replace("2024-01", "2011-01");
    assert_error(&spec, SALES, &["no column price", "dteday", "cnt"]);
}

#[test]
fn a_period_without_rows_is_named_with_the_days_there_are() {
    let spec = SPEC.replace("2024-01", "2023-01");
    let parts = ["2023-01-01..2023-01-31", "2024-01-02 to 2024-01-04"];
    assert_error(&spec, SALES, &parts);
}

#[test]
fn a_missing_file_is_named() {
    let spec = SPEC.replace("sales.csv", "gone.csv");
    assert_error(&spec, SALES, &["cannot read", "gone.csv", "No such file"]);
}

#[test]
fn a_missing_value_is_named_by_line_and_column() {
    let sales = SALES.replace("1.6", "");
    assert_error(SPEC, &sales, &["sales.csv line 3", "price", "number"]);
    let sales = SALES.replace("1.6", "NaN");
    assert_error(SPEC, &sales, &["sales.csv line 3", "price", "finite"]);
}

#[test]
fn a_file_has_no_rows_built_in() {
    let project = Project::new();
    let mut arguments = project.arguments(project.file("demand.toml", SPEC));
    arguments.data = Source::Embedded;
    let error = format!("{:#}", train(&arguments).unwrap_err());
    assert!(error.contains("--data"), "{error}");
}

#[test]
fn a_missing_specification_is_named() {
    let project = Project::new();
    let arguments = project.arguments("gone.toml".into());
    let error = format!("{:#}", train(&arguments).unwrap_err());
    assert!(error.starts_with("cannot read gone.toml: "), "{error}");
}

use super::*;
use canopy_runtime::{Feature, Kind, ModelInfo, Task, Training};

fn schema(classes: &[&str]) -> Schema {
    let feature = |name: &str| Feature {
        name: name.into(),
        kind: Kind::Numerical,
        description: String::new(),
        unit: String::new(),
        minimum: 0.0,
        maximum: 1.0,
        mean: 0.5,
        standard_deviation: 0.1,
        example: 0.5,
        importance: None,
    };
    Schema::new(&ModelInfo {
        name: "test".into(),
        version: "1".into(),
        task: Task::Regression,
        target: "y".into(),
        response_field: "predicted".into(),
        classes: classes.iter().map(|&class| class.into()).collect(),
        features: vec![feature("a"), feature("b"), feature("c")],
        training: Training {
            rows: 1,
            from: None,
            until: None,
            data_digest: String::new(),
        },
        parameters: Vec::new(),
    })
}

fn problems(body: &str) -> Vec<String> {
    match record(body.as_bytes(), &schema(&[])) {
        Err(InvalidBody::Fields(problems)) => problems
            .listed()
            .iter()
            .map(|problem| format!("{} {}", problem.field, problem.problem))
            .collect(),
        other => panic!("expected problems, got {other:?}"),
    }
}

#[test]
fn fields_may_be_in_any_order_and_unknown_fields_are_ignored() {
    let body =
        br#"{"dteday": "2011-01-01", "c": 3e0, "y": null, "a": 1, "deep": {"b": [9]}, "b": -2.5}"#;
    assert_eq!(
        record(body, &schema(&[])),
        Ok(Rows::one(vec![1.0, -2.5, 3.0]))
    );
}

#[test]
fn every_problem_in_a_record_is_reported() {
    assert_eq!(
        problems(r#"{"a": "1", "b": null}"#),
        ["a is a string, not a number", "b is null", "c is missing"]
    );
    assert_eq!(
        problems(r#"{"a": true, "b": [1], "c": {}, "a": 1}"#),
        [
            "a is a boolean, not a number",
            "b is a list, not a number",
            "c is an object, not a number",
            "a occurs more than once"
        ]
    );
}

#[test]
fn non_finite_numbers_are_reported_by_field_even_if_they_are_not_valid_json() {
    for number in ["NaN", "Infinity", "-Infinity", "1e999"] {
        let body = format!(r#"{{"a": {number}, "b": 1, "c": 2, "text": "NaN \" NaN"}}"#);
        assert_eq!(problems(&body), ["a is not a finite number"], "{number}");
    }
}

#[test]
fn numbers_are_parsed_exactly() {
    let body = br#"{"a": 0.1, "b": 123456789012345678901234567890, "c": 5e-324}"#;
    let expected = Rows::one(vec![0.1, 123_456_789_012_345_678_901_234_567_890.0, 5e-324]);
    assert_eq!(record(body, &schema(&[])), Ok(expected));
}

#[test]
fn malformed_bodies_and_wrong_shapes_are_distinguished() {
    for body in ["", "{", r#"{"a": 1,}"#, r#"{"a": 1} x"#, "\u{0}"] {
        let result = record(body.as_bytes(), &schema(&[]));
        assert!(
            matches!(result, Err(InvalidBody::Malformed(_))),
            "{body:?}: {result:?}"
        );
    }
    for body in ["[]", "1", r#""text""#, "null"] {
        let result = record(body.as_bytes(), &schema(&[]));
        assert!(
            matches!(result, Err(InvalidBody::Shape(_))),
            "{body:?}: {result:?}"
        );
    }
}

#[test]
fn problems_in_a_list_give_the_index_of_the_record() {
    let body = br#"[{"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 2}]"#;
    let Err(InvalidBody::Fields(problems)) = records(body, &schema(&[]), 9) else {
        panic!("the second record lacks a feature");
    };
    assert_eq!(problems.listed()[0].row, Some(1));
    assert_eq!(
        records(b"[]", &schema(&[]), 9),
        Ok(Rows::new(Vec::new(), 3))
    );
}

#[test]
fn labelled_records_need_data_and_true_values() {
    let body = br#"{"evaluation_period_name": "w1", "data": [{"a": 1, "b": 2, "c": 3, "y": 4}]}"#;
    let labelled_rows = labelled(body, &schema(&[]), 9).unwrap();
    assert_eq!(labelled_rows.rows, Rows::one(vec![1.0, 2.0, 3.0]));
    assert_eq!(labelled_rows.targets, [4.0]);
    assert_eq!(labelled_rows.period.as_deref(), Some("w1"));
    for (body, field) in [
        ("{}", "data"),
        (r#"{"data": []}"#, "data"),
        (r#"{"data": [{"a": 1, "b": 2, "c": 3}]}"#, "y"),
    ] {
        let Err(InvalidBody::Fields(problems)) = labelled(body.as_bytes(), &schema(&[]), 9) else {
            panic!("{body} was accepted");
        };
        assert_eq!(problems.listed()[0].field, field);
    }
}

#[test]
fn classes_are_parsed_by_their_labels() {
    let schema = schema(&["0", "one"]);
    let read = |label: &str| {
        let body = format!(r#"{{"data": [{{"a": 1, "b": 2, "c": 3, "y": {label}}}]}}"#);
        labelled(body.as_bytes(), &schema, 9).map(|labelled| labelled.targets)
    };
    assert_eq!(read("0"), Ok(vec![0.0]));
    assert_eq!(read("0.0"), Ok(vec![0.0]));
    assert_eq!(read(r#""one""#), Ok(vec![1.0]));
    assert!(read(r#""two""#).is_err());
    assert!(read("null").is_err());
}

#[test]
fn nesting_deeper_than_the_limit_is_rejected() {
    let nested = |levels: usize, field: &str| {
        // The record itself is one level, and brackets within strings do not count.
        let (open, close) = ("[".repeat(levels - 1), "]".repeat(levels - 1));
        let text = "[\\\"{".repeat(200);
        format!(r#"{{"a": 1, "b": 2, "c": 3, "text": "{text}", "{field}": {open}{close}}}"#)
    };
    let (deepest, deeper) = (nested(MAX_DEPTH, "d"), nested(MAX_DEPTH + 1, "d"));
    assert_eq!(
        record(deepest.as_bytes(), &schema(&[])),
        Ok(Rows::one(vec![1.0, 2.0, 3.0]))
    );
    for body in [
        deeper,
        nested(100_000, "d"),
        nested(100_000, "a"),
        "{\"d\":[".repeat(9999),
    ] {
        let error = record(body.as_bytes(), &schema(&[])).unwrap_err();
        assert!(matches!(error, InvalidBody::Malformed(_)), "{error:?}");
        assert!(error.to_string().contains("nested deeper"), "{error}");
    }
    // Many brackets side by side are not deep nesting.
    let many = format!("[{}]", vec![r#"{"a": 1, "b": 2, "c": 3}"#; 500].join(","));
    assert!(records(many.as_bytes(), &schema(&[]), 500).is_ok());
}

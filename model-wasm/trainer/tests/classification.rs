//! A classification, from a CSV file with text labels to a loaded component.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod project;

use std::fmt::Write as _;
use std::fs;

use canopy_dataset::Source;
use canopy_runtime::{Component, Limits, RowsView, Runtime, Task, argmax};
use canopy_trainer::{Fit, Scores, Spec, Table, train};
use indicatif::ProgressBar;

use project::Project;

const SPEC: &str = r#"
name = "weather"
version = "1.0.0"
task = "classification"
target = "sky"
response_field = "sky"

[data]
file = "weather.csv"

[forest]
trees = 12
features_per_split = 2
seed = 7

[[features]]
name = "pressure"
kind = "numerical"
description = "Air pressure."
unit = "hPa"

[[features]]
name = "wind"
kind = "categorical"
description = "Direction of the wind: 0 north, 1 east, 2 south, 3 west."
unit = ""

[[features]]
name = "humidity"
kind = "numerical"
description = "Relative humidity."
unit = "%"
"#;

/// A file with 300 rows, from a fixed sequence, and a column that nobody asked for.
fn rows() -> String {
    let mut text = "station,pressure,wind,sky,humidity\n".to_owned();
    let mut state = 1_u64;
    let mut draw = |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % below
    };
    for _ in 0..300 {
        let (pressure, wind, humidity) = (980 + draw(60), draw(4), draw(100));
        let noise = draw(10) == 0;
        let sky = match (pressure > 1015, humidity + 10 * wind > 70) {
            (true, _) => "clear",
            (false, true) => "rain",
            (false, false) => "cloudy",
        };
        let sky = if noise { "fog, thin" } else { sky };
        writeln!(text, "A1,{pressure},{wind},\"{sky}\",{humidity}").unwrap();
    }
    text
}

#[test]
fn a_classification_is_trained_and_answers_as_smartcore() {
    let project = Project::new();
    project.file("weather.csv", &rows());
    let path = project.file("weather.toml", SPEC);
    let arguments = project.arguments(path.clone());
    let report = train(&arguments).unwrap();
    assert!(report.to_string().contains("accuracy"), "{report}");
    let Some(Scores::Classification { accuracy, .. }) = report.out_of_bag else {
        panic!("no out-of-bag scores: {report}");
    };
    assert!((0.6..1.0).contains(&accuracy), "{report}");

    let runtime = Runtime::new(&Limits::default(), None).unwrap();
    let loaded = runtime
        .load(&Component::new(fs::read(&arguments.output).unwrap()))
        .unwrap();
    assert_eq!(loaded.info().task, Task::Classification);
    assert_eq!(
        loaded.info().classes,
        ["clear", "cloudy", "fog, thin", "rain"]
    );

    // A grid of rows never seen, some with a value missing.
    let mut rows = Vec::new();
    for pressure in [970.0, 1003.5, 1015.5, 1016.0, f64::NAN] {
        for wind in [0.0, 1.0, 3.0, f64::NAN] {
            for humidity in 0..20 {
                rows.extend([pressure, wind, f64::from(humidity) * 5.1]);
            }
        }
    }
    let spec = Spec::load(&path).unwrap();
    let table = Table::load(&spec, &Source::Default, &ProgressBar::hidden()).unwrap();
    let fit = Fit::new(&table, &spec, &ProgressBar::hidden()).unwrap();
    let smartcore = fit.reference.restore().unwrap().predict(3, &rows).unwrap();
    let answers = loaded.predict(RowsView::new(&rows, 3)).unwrap();
    for ((row, answer), expected) in rows.chunks(3).zip(answers.chunks(4)).zip(smartcore) {
        let mut shares = [0.0; 4];
        for tree in &fit.trees {
            shares[tree.predict(row) as usize] += 1.0;
        }
        let shares = shares.map(|votes| votes / 12.0);
        assert_eq!(answer, shares, "{row:?}");
        assert_eq!(argmax(answer) as f64, expected, "{row:?}");
    }
}

#[test]
fn a_single_class_is_refused() {
    let project = Project::new();
    project.file(
        "weather.csv",
        "pressure,wind,humidity,sky\n1000,1,50,rain\n1001,2,60,rain\n",
    );
    let arguments = project.arguments(project.file("weather.toml", SPEC));
    let error = format!("{:#}", train(&arguments).unwrap_err());
    assert!(
        error.ends_with("every row is rain; at least two classes are needed"),
        "{error}"
    );
}

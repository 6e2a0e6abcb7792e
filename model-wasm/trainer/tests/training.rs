//! The house model: reproducible, and equal to smartcore bit for bit.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod project;

use std::fs;
use std::num::NonZeroUsize;

use canopy_dataset::Source;
use canopy_observations::{Batch, Targets};
use canopy_runtime::{Component, Limits, Model as Loaded, RowsView, Runtime};
use canopy_trainer::{Fit, Model, Spec, Table, bake, train, verify};
use indicatif::ProgressBar;

use project::Project;

fn house() -> Spec {
    Spec::load(&project::house_spec()).unwrap()
}

fn table(spec: &Spec) -> Table {
    Table::load(spec, &Source::Embedded, &ProgressBar::hidden()).unwrap()
}

fn load(component: &[u8]) -> Loaded {
    let runtime = Runtime::new(&Limits::default(), None).unwrap();
    runtime.load(&Component::new(component.to_vec())).unwrap()
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

#[test]
fn the_component_depends_on_neither_time_nor_threads() {
    let project = Project::new();
    let component = |threads| {
        let mut arguments = project.arguments(project::house_spec());
        arguments.threads = NonZeroUsize::new(threads);
        let report = train(&arguments).unwrap();
        (report.sha256, fs::read(arguments.output).unwrap())
    };
    let first = component(1);
    assert_eq!(first, component(1));
    assert_eq!(first, component(4));
}

#[test]
fn the_component_answers_as_smartcore_for_rows_never_seen() {
    let spec = house();
    let seen = table(&spec);
    let fit = Fit::new(&seen, &spec, &ProgressBar::hidden()).unwrap();
    let model = Model::new(&spec, &seen, &fit).unwrap();
    let component = bake(&model.artifact).unwrap();
    verify(&component, &model, &seen, &fit).unwrap();
    let loaded = load(&component);

    let mut year = spec.clone();
    (year.data.from, year.data.until) = (None, "2011-12-31".parse().ok());
    let year = table(&year);
    assert_eq!(year.rows(), 8645);
    let mut rows = year.feature_rows().into_values();
    // Some values that no data holds.
    let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 1e300];
    for (index, value) in rows.iter_mut().step_by(7).enumerate().take(2000) {
        *value = odd[index % odd.len()];
    }

    let answers = loaded
        .predict(RowsView::new(&rows, seen.features.len()))
        .unwrap();
    let width = seen.features.len();
    let smartcore = fit
        .reference
        .restore()
        .unwrap()
        .predict(width, &rows)
        .unwrap();
    assert_eq!(bits(&answers), bits(&smartcore));
    let walked: Vec<f64> = rows
        .chunks(width)
        .map(|row| {
            let leaves = fit.trees.iter().map(|tree| tree.predict(row));
            leaves.sum::<f64>() / fit.trees.len() as f64
        })
        .collect();
    assert_eq!(bits(&answers), bits(&walked));
}

#[test]
fn the_component_describes_the_house_model() {
    let spec = house();
    let table = table(&spec);
    let fit = Fit::new(&table, &spec, &ProgressBar::hidden()).unwrap();
    let model = Model::new(&spec, &table, &fit).unwrap();
    let loaded = load(&bake(&model.artifact).unwrap());

    let info = loaded.info();
    assert_eq!(
        (info.name.as_str(), info.target.as_str()),
        ("bike-sharing", "cnt")
    );
    assert_eq!(info.training.rows, 688);
    assert_eq!(info.training.from.as_deref(), Some("2011-01-01"));
    assert_eq!(info.training.until.as_deref(), Some("2011-01-31"));
    let names: Vec<&str> = info
        .features
        .iter()
        .map(|feature| feature.name.as_str())
        .collect();
    assert_eq!(
        names.join(" "),
        "temp atemp hum windspeed mnth hr weekday season holiday workingday weathersit"
    );
    let hour = &info.features[5];
    assert_eq!((hour.minimum, hour.maximum), (0.0, 23.0));
    let importances = info
        .features
        .iter()
        .filter_map(|feature| feature.importance);
    assert!((importances.sum::<f64>() - 1.0).abs() < 1e-9);
    assert_eq!(loaded.reference().len(), 13);
    assert!(
        loaded
            .reference()
            .iter()
            .all(|column| column.values.len() == 688)
    );
}

#[test]
fn another_component_is_not_taken_for_the_model() {
    let mut spec = house();
    let table = table(&spec);
    let fit = Fit::new(&table, &spec, &ProgressBar::hidden()).unwrap();
    let component = bake(&Model::new(&spec, &table, &fit).unwrap().artifact).unwrap();

    spec.forest.seed += 1;
    let other = Fit::new(&table, &spec, &ProgressBar::hidden()).unwrap();
    let model = Model::new(&spec, &table, &other).unwrap();
    let error = verify(&component, &model, &table, &other).unwrap_err();
    assert!(
        error.to_string().contains("differs from what was baked"),
        "{error}"
    );
}

#[test]
fn observed_rows_come_after_those_of_the_period_and_change_the_digest() {
    let spec = house();
    let own = table(&spec);
    let batch = |target: f64| Batch {
        features: spec
            .features
            .iter()
            .map(|f| (f.name.clone(), vec![1.0]))
            .collect(),
        target: spec.target.clone(),
        targets: Targets::Numbers(vec![target]),
    };
    let joined = own
        .clone()
        .with_observed(&spec, &[batch(7.0), batch(8.0)])
        .unwrap();
    assert_eq!((joined.rows(), joined.observed_rows), (690, 2));
    assert_eq!(joined.target[688..], [7.0, 8.0]);
    assert!(joined.features.iter().all(|values| values.len() == 690));
    assert_eq!(joined.days, own.days);
    let other = own
        .clone()
        .with_observed(&spec, &[batch(7.0), batch(9.0)])
        .unwrap();
    assert_ne!(joined.digest, own.digest);
    assert_ne!(joined.digest, other.digest);
    let none = own.clone().with_observed(&spec, &[]).unwrap();
    assert_eq!((&none.digest, none.rows()), (&own.digest, 688));

    let mut strange = batch(7.0);
    strange.features.remove(0);
    let error = own.with_observed(&spec, &[strange]).unwrap_err();
    assert_eq!(error.to_string(), "a batch has no column temp");
}

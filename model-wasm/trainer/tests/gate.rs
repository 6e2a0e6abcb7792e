//! What a challenger must show to be published, and what a run may take.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[expect(dead_code, reason = "another test file uses the rest of it")]
mod service;

use std::fmt::Write as _;
use std::fs;

use canopy_observations::{Batch, Targets};
use serde_json::{Value, json};

use service::{JUNE, Workplace};

#[test]
fn a_single_batch_is_not_enough_to_judge_by() {
    let workplace = Workplace::with_model();
    workplace.observe(JUNE[0]);
    let service = workplace.serve(&[], &[]);
    service.post("/runs", "");
    let run = service.ended_run();
    assert_eq!(run["state"], "skipped", "{run}");
    let reason = run["reason"].as_str().unwrap();
    assert!(reason.contains("`min_batches`"), "{reason}");
}

#[test]
fn rows_with_absurd_true_values_are_set_aside_and_named() {
    let workplace = Workplace::with_model();
    JUNE.iter().for_each(|week| workplace.observe(week));
    workplace.observe_batch(&workplace.poison("2011-06-22..2011-06-22", 1, 900_000.0));
    let poisoned = workplace.newest_observations();
    let service = workplace.serve(&[], &[]);
    service.post("/runs", "");
    let run = service.ended_run();
    assert_eq!(run["state"], "published", "{run}");
    let id = poisoned.file_stem().unwrap().to_str().unwrap();
    assert_eq!(run["set_aside"], json!([id]));
    let warning = run["warnings"][0].as_str().unwrap();
    assert!(
        warning.contains("900000") && warning.contains("`target_range`"),
        "{warning}"
    );
    assert_eq!(run["observed_rows"], 3 * 168);
}

#[test]
fn a_challenger_that_is_worse_on_what_was_before_is_not_published() {
    // More often than the truth, and within the range of true values.
    let workplace = Workplace::with_model();
    JUNE.iter().for_each(|week| workplace.observe(week));
    workplace.observe_batch(&workplace.poison(JUNE[0], 3, 1400.0));
    let old = fs::read(workplace.model()).unwrap();
    let service = workplace.serve(&[], &[]);
    service.post("/runs", "");
    let run = service.ended_run();
    assert_eq!(run["state"], "kept", "{run}");
    let score = |role: &str| run[role].as_f64().unwrap();
    assert!(score("challenger_score") < score("champion_score"), "{run}");
    let reason = run["reason"].as_str().unwrap();
    assert!(reason.contains("on older batches is worse"), "{reason}");
    assert_eq!(fs::read(workplace.model()).unwrap(), old);
}

#[test]
fn removed_rows_are_not_learnt_from() {
    let workplace = Workplace::with_model();
    JUNE.iter().for_each(|week| workplace.observe(week));
    fs::remove_file(workplace.newest_observations()).unwrap();
    let service = workplace.serve(&[], &[]);
    service.post("/runs", "");
    assert_eq!(service.ended_run()["observed_rows"], 2 * 168);
}

#[test]
fn a_version_never_goes_backwards() {
    let workplace = Workplace::with_version("2.0.0");
    JUNE.iter().for_each(|week| workplace.observe(week));
    let service = workplace.serve(&[], &[]);
    service.post("/runs", "");
    let run = service.ended_run();
    assert_eq!(run["state"], "skipped", "{run}");
    let reason = run["reason"].as_str().unwrap();
    assert!(
        reason.contains("does not come after the champion's 2.0.0"),
        "{reason}"
    );
}

#[test]
fn a_run_reads_no_more_rows_than_it_is_allowed() {
    let workplace = Workplace::with_settings("rows = 400");
    JUNE.iter().for_each(|week| workplace.observe(week));
    let service = workplace.serve(&[], &[]);
    service.post("/runs", "");
    let run = service.ended_run();
    assert_eq!(run["observed_rows"], 2 * 168);
    let warning = run["warnings"][0].as_str().unwrap();
    assert!(warning.contains("168 rows"), "{warning}");
    assert_eq!(service.metric("retraining_observed_rows"), Some(336.0));
}

#[test]
fn a_training_that_takes_too_much_fails_and_the_service_goes_on() {
    for (limit, value) in [("--run-memory", "40MB"), ("--run-time", "1ms")] {
        let workplace = Workplace::with_model();
        JUNE.iter().for_each(|week| workplace.observe(week));
        let service = workplace.serve(&[limit, value], &[]);
        service.post("/runs", "");
        let run = service.ended_run();
        assert_eq!(run["state"], "failed", "{run}");
        let error = run["error"].as_str().unwrap();
        // What fails first for want of memory may still be able to say so itself.
        assert!(error.contains(limit) || limit == "--run-memory", "{error}");
        assert_eq!(service.get("/health").status(), 200);
    }
}

#[test]
fn a_model_of_classes_is_replaced_for_its_f1() {
    // It is no longer true of the champion's reference.
    let published = retrain_sky("max_setback = 1.0");
    assert_eq!(published["state"], "published", "{published}");
    let kept = retrain_sky("");
    assert_eq!(kept["state"], "kept", "{kept}");
    let reason = kept["reason"].as_str().unwrap();
    assert!(
        reason.contains("on the champion's reference is worse"),
        "{reason}"
    );
}

/// Retrains a model of the sky after fog has come up, with these settings.
fn retrain_sky(settings: &str) -> Value {
    let spec = r#"
        name = "sky"
        version = "1"
        task = "classification"
        target = "sky"
        response_field = "sky"
        [data]
        file = "sky.csv"
        [forest]
        trees = 10
        [retraining]
        batches = 2
        min_held_out_rows = 10
        SETTINGS
        [[features]]
        name = "pressure"
        kind = "numerical"
        description = "Air pressure."
        unit = "hPa"
    "#;
    let spec = &spec.replace("SETTINGS", settings);
    let mut rows = "pressure,sky\n".to_owned();
    for pressure in 980..1040 {
        let sky = if pressure < 1010 { "rain" } else { "clear" };
        writeln!(rows, "{pressure},{sky}").unwrap();
    }
    let workplace = Workplace::with_other_model(spec, "sky.csv", &rows);
    // Since then there is fog at high pressure; the first batch is too many by one.
    for shift in [0.0, 0.25, 0.5] {
        let pressures: Vec<f64> = (980..1040).map(|hpa| f64::from(hpa) + shift).collect();
        let skies = pressures.iter().map(|&hpa| match hpa {
            ..1010.0 => "rain".to_owned(),
            ..1020.0 => "clear".to_owned(),
            _ => "fog".to_owned(),
        });
        workplace.observe_batch(&Batch {
            targets: Targets::Labels(skies.collect()),
            features: vec![("pressure".into(), pressures)],
            target: "sky".into(),
        });
    }
    let service = workplace.serve(&[], &[]);
    service.post("/runs", "");
    let run = service.ended_run();
    assert_eq!(run["score"], "f1");
    assert_eq!(run["observed_rows"], 120);
    // Of three classes: rain right, clear half right, fog unknown; about, at the borders.
    let champion = run["champion_score"].as_f64().unwrap();
    assert!((champion - (1.0 + 0.5 + 0.0) / 3.0).abs() < 0.15, "{run}");
    assert!(run["challenger_score"].as_f64().unwrap() > champion);
    if run["state"] == "published" {
        assert_eq!(workplace.load().info().classes, ["clear", "fog", "rain"]);
    }
    run
}

//! The wall clock jumps.

use std::fs;
use std::path::Path;
use std::process::Command;

use canopy_observations::{self as observations, Targets};
use canopy_test_support::{needs, script};
use serde_json::json;
use tempfile::TempDir;

use crate::server::{CANOPY, Server};
use crate::versions::{self, VERSIONS};
use crate::{alone, house, report, times};

#[test]
#[ignore = "needs libfaketime"]
fn no_observation_is_lost_when_the_clock_jumps_a_year_forth_and_back() {
    let library = needs!("libfaketime", script("faketime.sh", &[]));
    let _alone = alone();
    let predictions = versions::predictions();
    let (folder, observations) = (versions::folder(), TempDir::new().unwrap());
    let time = TempDir::new().unwrap();
    let offset = time.path().join("offset");
    set(&offset, "+0");
    let mut command = Command::new(CANOPY);
    command
        .env("LD_PRELOAD", library)
        .env("FAKETIME_TIMESTAMP_FILE", &offset)
        .envs([("FAKETIME_NO_CACHE", "1"), ("DONT_FAKE_MONOTONIC", "1")]);
    let server = Server::launch(
        command,
        &[
            "--models",
            folder.path().to_str().unwrap(),
            "--observations",
            observations.path().to_str().unwrap(),
        ],
    );
    let check = |answer: &_| versions::is_of_its_version(answer, &predictions);
    let load = versions::load(&server, 1000.0, &check);
    let rounds = times(1, 20);

    let (evaluations, tally) = load.during(|| {
        let mut evaluations = 0;
        let mut now = swap(&server, 1);
        for _ in 0..rounds {
            for (version, days) in ["+400d", "+0", "-400d", "+0"].into_iter().enumerate() {
                set(&offset, days);
                let before = std::mem::replace(&mut now, swap(&server, version % 2));
                assert_ne!(now, before, "the clock does not jump");
                evaluations += 1;
                evaluate(&server, evaluations);
            }
        }
        evaluations
    });
    tally.assert_flawless();
    let batches = observations::read(observations.path()).unwrap();
    let kept = batches
        .iter()
        .map(|observed| match &observed.batch.targets {
            Targets::Numbers(numbers) => numbers[0] as u32,
            Targets::Labels(_) => panic!("labels"),
        });
    let kept: Vec<u32> = kept.collect();
    assert_eq!(kept, Vec::from_iter(1..=evaluations), "in order");
    report(
        "clock",
        &format!(
            "{evaluations} jumps of 400 days forth and back, {} of {evaluations} evaluations kept \
             in order, {}",
            kept.len(),
            tally.summary()
        ),
    );
}

/// Sets the clock off by a time.
fn set(file: &Path, offset: &str) {
    let new = file.with_extension("new");
    fs::write(&new, offset).unwrap();
    fs::rename(new, file).unwrap();
}

/// Uploads a version; answers the year in the log.
fn swap(server: &Server, version: usize) -> String {
    let status = versions::put(server, "bikes", &VERSIONS[version]);
    assert_eq!(status, Some(200));
    let line = server.await_log("model changed");
    line["timestamp"].as_str().unwrap()[..4].to_owned()
}

/// Evaluates rows with a target of their own.
fn evaluate(server: &Server, target: u32) {
    let mut rows = house::records("2011-02-01..2011-02-01");
    rows.iter_mut().for_each(|row| row["cnt"] = json!(target));
    let (status, answer) = server.post_json("/evaluate", &json!({"data": rows}));
    assert_eq!(status, 200, "{answer}");
}

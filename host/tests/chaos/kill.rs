//! Killed at random moments, and started again.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use canopy_observations::{self as observations, Targets};
use canopy_runtime::Digest;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::load::{Connection, millis};
use crate::server::{CANOPY, Server};
use crate::versions::{self, VERSIONS};
use crate::{alone, guest, house, report, times};

/// Number of reports that are asked for after each kill; fewer than are retained.
const REPORTS: usize = 100;

/// What the host has acknowledged.
#[derive(Default)]
struct Acknowledged {
    /// The version uploaded last.
    version: String,
    /// The version that is being uploaded.
    underway: String,
    uploads: usize,
    /// Targets of the evaluations, each with its own.
    targets: BTreeSet<u32>,
    evaluations: u32,
    /// Paths of the reports of these evaluations.
    reports: Vec<String>,
}

#[test]
fn what_was_acknowledged_is_there_after_a_kill_and_nothing_is_left_half_done() {
    let _alone = alone();
    let predictions = versions::predictions();
    let folder = versions::folder();
    let observations = TempDir::new().unwrap();
    let arguments = ["--observations", observations.path().to_str().unwrap()];
    let known = Mutex::new(Acknowledged {
        version: Digest::of(&VERSIONS[0]).to_string(),
        ..Acknowledged::default()
    });
    let rows = house::records("2011-02-01..2011-02-02");
    let kills = times(12, 100);
    let mut starts = Vec::new();

    for round in 0..kills {
        if round % 3 == 0 {
            // Everything is compiled and cached anew.
            let _ = fs::remove_dir_all(folder.path().join(".cache"));
        }
        if round % 4 == 0 {
            kill_while_starting(folder.path());
        }
        let start = Instant::now();
        let mut server = versions::serve(&folder, &arguments);
        starts.push(start.elapsed());
        check(&server, &known, &predictions);
        check_files(folder.path(), observations.path(), &known);

        let running = &server;
        thread::scope(|scope| {
            scope.spawn(|| upload(running, &known));
            scope.spawn(|| create_and_retire(running));
            scope.spawn(|| evaluate(running, &known, &rows));
            thread::sleep(Duration::from_millis(fastrand::u64(20..700)));
            running.signal("-KILL");
        });
        server.process.wait().unwrap();
    }
    let server = versions::serve(&folder, &arguments);
    check(&server, &known, &predictions);
    check_files(folder.path(), observations.path(), &known);
    starts.sort_unstable();
    let known = known.lock().unwrap();
    report(
        "kill",
        &format!(
            "{kills} kills, {} uploads and {} evaluations acknowledged, 0 lost, 0 files half written; \
             ready again within {}",
            known.uploads,
            known.targets.len(),
            millis(starts[starts.len() - 1])
        ),
    );
    assert!(known.uploads > 0 && !known.targets.is_empty());
}

fn kill_while_starting(folder: &Path) {
    let mut process = Command::new(CANOPY)
        .args(["serve", "--listen", "127.0.0.1:0", "--models"])
        .arg(folder)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    thread::sleep(Duration::from_millis(fastrand::u64(1..400)));
    process.kill().unwrap();
    process.wait().unwrap();
}

/// Uploads one version after the other, some never seen before, until the host is gone.
fn upload(server: &Server, known: &Mutex<Acknowledged>) {
    loop {
        let component = VERSIONS[fastrand::usize(..2)].clone();
        let component = match fastrand::bool() {
            true => guest::padded(component, fastrand::u32(1..100_000)),
            false => component,
        };
        known.lock().unwrap().underway = Digest::of(&component).to_string();
        match versions::put(server, "bikes", &component) {
            Some(status) => assert_eq!(status, 200),
            None => break,
        }
        let mut known = known.lock().unwrap();
        known.version = std::mem::take(&mut known.underway);
        known.uploads += 1;
    }
}

/// Has another model come and go until the host is gone.
fn create_and_retire(server: &Server) {
    while let Some(status) = versions::put(server, "other", &VERSIONS[0]) {
        assert!([200, 201].contains(&status), "{status}");
        let request = server.client.delete(server.url("/models/other"));
        match request.send() {
            Ok(answer) => assert_eq!(answer.status(), 204),
            Err(_) => break,
        }
    }
}

/// Evaluates rows with targets never seen before until the host is gone.
fn evaluate(server: &Server, known: &Mutex<Acknowledged>, rows: &[Value]) {
    loop {
        let target = {
            let mut known = known.lock().unwrap();
            known.evaluations += 1;
            known.evaluations
        };
        let mut rows = rows.to_vec();
        rows.iter_mut().for_each(|row| row["cnt"] = json!(target));
        let request = server.post("/evaluate").json(&json!({"data": rows}));
        match request.send() {
            Ok(answer) => {
                assert_eq!(answer.status(), 200);
                let Ok(answer) = answer.json::<Value>() else {
                    break;
                };
                let mut known = known.lock().unwrap();
                known.targets.insert(target);
                let report = answer["report"].as_str().unwrap();
                known.reports.push(report.to_owned());
            }
            Err(_) => break,
        }
    }
}

/// The version acknowledged last serves, or the one under way then, and wholly so.
fn check(server: &Server, known: &Mutex<Acknowledged>, predictions: &[String; 2]) {
    let model: Value = server.get("/model").json().unwrap();
    let digest = model["component"]["digest"].as_str().unwrap();
    let serving = digest.trim_start_matches("sha256:");
    let mut known = known.lock().unwrap();
    assert!(
        [&known.version, &known.underway].contains(&&serving.to_owned()),
        "{serving} serves"
    );
    known.version = serving.to_owned();
    for report in known.reports.iter().rev().take(REPORTS) {
        assert_eq!(server.get(report).status(), 200, "{report} is forgotten");
    }
    let mut connection = Connection::open(&server.address).unwrap();
    let Ok(answer) = connection.ask(&versions::request()) else {
        panic!("no answer");
    };
    assert!(
        versions::is_of_its_version(&answer, predictions),
        "{answer:?}"
    );
}

/// Every batch acknowledged can be read; nothing is there that was half written.
fn check_files(models: &Path, observations: &Path, known: &Mutex<Acknowledged>) {
    let batches = observations::read(observations).unwrap();
    let targets = batches
        .iter()
        .map(|observed| match &observed.batch.targets {
            Targets::Numbers(numbers) => numbers[0] as u32,
            Targets::Labels(_) => panic!("labels"),
        });
    let found: BTreeSet<u32> = targets.collect();
    let known = known.lock().unwrap();
    let missing: Vec<_> = known.targets.difference(&found).collect();
    assert!(missing.is_empty(), "evaluations are missing: {missing:?}");
    for file in [files(models), files(observations)].concat() {
        let name = file.to_str().unwrap();
        let is_left = name.ends_with("partial") || name.contains(".retired");
        assert!(!is_left, "{name} is left");
    }
}

/// All files below a folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| match path.is_dir() {
            true => files(&path),
            false => vec![path],
        })
        .collect()
}

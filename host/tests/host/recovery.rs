//! Versions and trials when something is lost, damaged or in the way.

use std::fs;
use std::path::PathBuf;
use std::thread;

use canopy_runtime::Digest;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::guest::unruly;
use crate::house;
use crate::models::{SECOND, delete, model, post, put, server_of, until};
use crate::server::Server;

/// A folder in which `bikes` has served version 1.0.0 and then 2.0.0.
fn folder_of_two() -> TempDir {
    let folder = TempDir::new().unwrap();
    let server = server_of(&folder);
    assert_eq!(put(&server, "/models/bikes", &SECOND).0, 200);
    folder
}

/// The component of the version that serves after a restart.
fn serving(folder: &TempDir, server: &Server) -> PathBuf {
    let digest = model(server, "bikes")["component"]["digest"].clone();
    let digest = digest.as_str().unwrap().trim_start_matches("sha256:");
    folder.path().join(format!("bikes/{digest}.wasm"))
}

fn version(server: &Server) -> Value {
    model(server, "bikes")["version"].clone()
}

#[test]
fn an_unfit_file_stops_neither_the_host_nor_a_model_with_versions() {
    let folder = folder_of_two();
    fs::write(folder.path().join("bikes.wasm"), b"no component").unwrap();
    fs::write(folder.path().join("other.wasm"), b"no component").unwrap();
    let server = server_of(&folder);
    assert_eq!(version(&server), "2.0.0");
    assert_eq!(server.get("/models/other").status(), 404);
}

const INDEX: &str = "bikes/model.json";
const COPY: &str = "bikes/model.copy.json";
const EMPTY: &str = r#"{"served": [], "candidate": null, "file": null, "versions": []}"#;

fn versions(server: &Server) -> usize {
    model(server, "bikes")["versions"].as_array().unwrap().len()
}

#[test]
fn a_lost_or_damaged_index_costs_nothing_while_its_copy_is_there() {
    for harmed in [INDEX, COPY] {
        for damage in [None, Some("{"), Some("{}"), Some(EMPTY)] {
            let folder = folder_of_two();
            let server = server_of(&folder);
            assert_eq!(
                post(&server, "/models/bikes/rollback").1["version"],
                "1.0.0"
            );
            drop(server);
            let index = folder.path().join(harmed);
            match damage {
                Some(text) => fs::write(&index, text).unwrap(),
                None => fs::remove_file(&index).unwrap(),
            }
            let server = server_of(&folder);
            // Not the version that was rolled back.
            assert_eq!(version(&server), "1.0.0", "{harmed} {damage:?}");
            assert_eq!(versions(&server), 2, "{harmed} {damage:?}");
            let aside = index.with_added_extension("damaged");
            assert_eq!(aside.exists(), damage.is_some());
            let damaged = f64::from(u8::from(damage.is_some()));
            assert_eq!(server.metric("model_index_damaged"), Some(damaged));
            assert_eq!(put(&server, "/models/bikes", &SECOND).0, 200);
            drop(server);
            let server = server_of(&folder);
            assert_eq!(version(&server), "2.0.0");
            assert_eq!(server.metric("model_index_damaged"), Some(0.0));
        }
    }
}

#[test]
fn without_any_index_it_is_made_anew_from_the_components() {
    for damage in [None, Some("{"), Some(EMPTY)] {
        let folder = folder_of_two();
        for index in [INDEX, COPY].map(|name| folder.path().join(name)) {
            match damage {
                Some(text) => fs::write(index, text).unwrap(),
                None => fs::remove_file(index).unwrap(),
            }
        }
        let server = server_of(&folder);
        assert_eq!(versions(&server), 2, "{damage:?}");
        // The file is another one than the index knows, so it is what serves.
        assert_eq!(version(&server), "1.0.0", "{damage:?}");
        assert_eq!(
            post(&server, "/models/bikes/rollback").1["version"],
            "2.0.0"
        );
    }
}

#[test]
fn a_component_that_the_index_does_not_know_is_reported_and_stays() {
    let folder = folder_of_two();
    let third = fs::read(house::version("3.0.0")).unwrap();
    let name = format!("bikes/{}.wasm", Digest::of(&third));
    let unknown = folder.path().join(name);
    fs::write(&unknown, &third).unwrap();
    let server = server_of(&folder);
    assert_eq!(server.metric("model_unknown_components"), Some(1.0));
    assert_eq!(post(&server, "/models/bikes/rollback").0, 200);
    assert_eq!(put(&server, "/models/bikes", &SECOND).0, 200);
    assert_eq!(fs::read(&unknown).unwrap(), third);
    assert_eq!(put(&server, "/models/bikes", &third).0, 200);
    drop(server);
    let server = server_of(&folder);
    assert_eq!(server.metric("model_unknown_components"), Some(0.0));
    assert_eq!(version(&server), "3.0.0");
}

#[test]
fn versions_beyond_the_capacity_are_removed() {
    let folder = folder_of_two();
    let models = folder.path().to_str().unwrap();
    let server = Server::spawn(&["--models", models, "--keep-versions", "2"]);
    let third = fs::read(house::version("3.0.0")).unwrap();
    assert_eq!(put(&server, "/models/bikes", &third).0, 200);
    assert_eq!(versions(&server), 2);
    let components = fs::read_dir(folder.path().join("bikes")).unwrap();
    let paths = components.map(|entry| entry.unwrap().path());
    let components = paths.filter(|path| path.extension().is_some_and(|it| it == "wasm"));
    assert_eq!(components.count(), 2);
}

#[test]
fn a_damaged_version_is_passed_over_and_healed_by_an_upload() {
    let folder = folder_of_two();
    let damaged = serving(&folder, &server_of(&folder));
    let mut component = fs::read(&damaged).unwrap();
    component[1000] ^= 1;
    fs::write(&damaged, component).unwrap();

    let server = server_of(&folder);
    assert_eq!(version(&server), "1.0.0");
    assert_eq!(post(&server, "/models/bikes/rollback").0, 409);
    assert_eq!(
        put(&server, "/models/bikes", &SECOND).1["outcome"],
        "swapped"
    );
    drop(server);
    let server = server_of(&folder);
    assert_eq!(version(&server), "2.0.0");
    assert_eq!(
        post(&server, "/models/bikes/rollback").1["version"],
        "1.0.0"
    );
}

#[test]
fn the_default_model_stays_the_default() {
    let folder = TempDir::new().unwrap();
    let server = server_of(&folder);
    assert_eq!(put(&server, "/models/aaa", &SECOND).0, 201);
    drop(server);
    let list: Value = server_of(&folder).get("/models").json().unwrap();
    assert_eq!(list["default"], "bikes");
}

#[test]
fn an_empty_folder_waits_for_its_first_model() {
    let folder = TempDir::new().unwrap();
    let server = Server::spawn(&["--models", folder.path().to_str().unwrap()]);
    assert_eq!(server.get("/ready").status(), 503);
    let (status, problem) = server.post_json("/predict", &house::record());
    assert_eq!(status, 404, "{problem}");
    assert_eq!(server.get("/openapi.json").status(), 200);
    assert_eq!(put(&server, "/models/first", &SECOND).0, 201);
    assert_eq!(server.get("/ready").status(), 200);
    assert_eq!(server.post_json("/predict", &house::record()).0, 200);
}

#[test]
fn a_file_that_is_dropped_in_beside_an_upload_is_watched_from_then_on() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().to_str().unwrap();
    let server = Server::spawn(&["--models", path, "--watch-interval", "20ms"]);
    assert_eq!(put(&server, "/models/bikes", &SECOND).0, 201);
    let file = folder.path().join("bikes.wasm");
    fs::copy(house::model(), file.with_extension("tmp")).unwrap();
    fs::rename(file.with_extension("tmp"), &file).unwrap();
    server.await_log("model swapped");
    assert_eq!(version(&server), "1.0.0");

    assert_eq!(put(&server, "/models/bikes", &SECOND).0, 200);
    // It looks at the file, which is the one it knows: the upload goes on serving.
    server.signal("-HUP");
    house::replace(&file, "3.0.0");
    server.await_log("model swapped");
    assert_eq!(version(&server), "3.0.0");
    assert_eq!(
        post(&server, "/models/bikes/rollback").1["version"],
        "2.0.0"
    );
}

#[test]
fn a_candidate_that_fails_or_disagrees_is_withdrawn_and_costs_no_request() {
    let folder = TempDir::new().unwrap();
    let server = Server::spawn(&["--models", folder.path().to_str().unwrap()]);
    assert_eq!(put(&server, "/models/it", &unruly(b'-')).0, 201);
    for (temper, mode, words) in [
        (b'x', "canary", "calls failed"),
        (b'x', "shadow", "calls failed"),
        (b'k', "canary", "predictions disagree"),
        (b'k', "shadow", "predictions disagree"),
    ] {
        let query = "share=1&requests=10&max-latency=1000";
        let path = format!("/models/it/candidate?mode={mode}&{query}");
        let (status, change) = put(&server, &path, &unruly(temper));
        assert_eq!(status, 200, "{change}");
        until("withdrawn", || {
            let (status, answer) = server.post_json("/predict", &json!({"command": 0}));
            assert_eq!(status, 200, "{answer}");
            model(&server, "it")["candidate"].is_null()
        });
        let trial = model(&server, "it")["last_trial"].clone();
        assert_eq!(trial["outcome"], "withdrawn");
        let reason = trial["reason"].as_str().unwrap();
        assert!(reason.contains(words), "{mode}: {reason}");
    }
    assert_eq!(
        server.metric("model_candidate_decisions_total{outcome=\"withdrawn\"}"),
        Some(4.0)
    );
    assert!(
        server
            .metric("model_candidate_calls_total{outcome=\"trap\"}")
            .unwrap()
            >= 2.0
    );
    assert_eq!(
        server.metric("model_calls_failed_total{reason=\"trap\"}"),
        Some(0.0)
    );
}

#[test]
fn a_swap_and_a_rollback_end_a_trial() {
    let folder = folder_of_two();
    let server = server_of(&folder);
    let third = fs::read(house::version("3.0.0")).unwrap();
    let candidate = |server: &Server| model(server, "bikes")["candidate"].is_null();
    assert_eq!(put(&server, "/models/bikes/candidate", &third).0, 200);
    assert!(!candidate(&server));
    assert_eq!(post(&server, "/models/bikes/rollback").0, 200);
    assert!(candidate(&server));
    assert_eq!(put(&server, "/models/bikes/candidate", &third).0, 200);
    assert_eq!(put(&server, "/models/bikes", &SECOND).0, 200);
    assert!(candidate(&server));
    drop(server);
    assert!(candidate(&server_of(&folder)));
}

#[test]
fn uploads_and_removals_of_one_name_at_the_same_time_leave_it_whole() {
    let folder = TempDir::new().unwrap();
    let server = server_of(&folder);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..10 {
                    let (status, answer) = put(&server, "/models/x", &SECOND);
                    assert!([200, 201, 409, 503].contains(&status), "{answer}");
                    let status = delete(&server, "/models/x");
                    assert!([204, 404, 409].contains(&status), "{status}");
                }
            });
        }
    });
    assert_eq!(put(&server, "/models/x", &SECOND).0, 201);
    drop(server);
    assert_eq!(model(&server_of(&folder), "x")["version"], "2.0.0");
}

#[test]
fn a_refusal_before_the_body_is_read_leaves_the_connection_usable() {
    use std::io::{Read as _, Write as _};
    let server = house::server();
    let mut stream = server.connect();
    let body = "x".repeat(20_000);
    for _ in 0..20 {
        let head = format!(
            "POST /models/none/predict HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        // Head and body apart, as many clients send them.
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body.as_bytes()).unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 404");
        let mut rest = Vec::new();
        while !rest.ends_with(b"]}") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            rest.push(byte[0]);
        }
    }
}

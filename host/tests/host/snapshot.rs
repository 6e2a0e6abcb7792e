//! What people and programs read of a host, as it is now. After a change that was meant:
//! `INSTA_UPDATE=always cargo test --release --workspace snapshot`, and read the difference.

use std::process::Command;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::other_model::fruit;
use crate::server::{CANOPY, Server};

/// What `canopy` prints, whatever the environment says.
fn printed(arguments: &[&str]) -> String {
    let mut command = Command::new(CANOPY);
    let output = command.env_clear().args(arguments).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// A host of the model of fruit that has predicted and evaluated.
fn used() -> Server {
    let server = Server::start(&fruit(), &[]);
    let banana = json!({"weight": 121, "length": 17.5, "colour": 2, "kind": "banana"});
    assert_eq!(server.post_json("/predict", &banana).0, 200);
    assert_eq!(
        server.post_json("/evaluate", &json!({"data": [banana]})).0,
        200
    );
    server
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap()
}

#[test]
fn help() {
    assert_snapshot!("help", printed(&["--help"]));
    assert_snapshot!("help_serve", printed(&["serve", "--help"]));
}

/// Without size and digest, which depend on the compiler of the guest.
#[test]
fn inspect() {
    let text = printed(&["inspect", fruit().to_str().unwrap()]);
    let lines = text.lines();
    let lines = lines.filter(|line| !line.starts_with("  component "));
    assert_snapshot!("inspect", lines.collect::<Vec<_>>().join("\n"));
}

#[test]
fn openapi() {
    let document: Value = used().get("/openapi.json").json().unwrap();
    assert_snapshot!("openapi", pretty(&document));
}

#[test]
fn metrics() {
    let text = used().get("/metrics").text().unwrap();
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let mut types: Vec<&str> = types.collect();
    types.sort_unstable();
    assert_snapshot!("metrics", types.join("\n"));
}

#[test]
fn problems() {
    let server = used();
    let (status, problem) = server.post_json("/predict", &json!({"weight": "heavy", "size": 1}));
    assert_eq!(status, 422);
    assert_snapshot!("problem_422", pretty(&problem));
    let answer = server.get("/nowhere");
    assert_eq!(answer.status(), 404);
    assert_snapshot!("problem_404", pretty(&answer.json().unwrap()));
}

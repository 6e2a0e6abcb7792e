//! `/openapi.json` beside the table of routes.

use std::collections::HashSet;

use canopy_web::{Class, Need};
use serde_json::Value;
use tempfile::TempDir;

use crate::house;
use crate::server::{Server, run};

/// Method, path and operation of everything that a document lists.
fn listed(document: &Value) -> HashSet<(String, String, String)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let operations = paths.flat_map(|(path, operations)| {
        operations.as_object().unwrap().iter().map(|(method, it)| {
            let id = it["operationId"].as_str().unwrap().to_owned();
            (method.to_ascii_uppercase(), path.clone(), id)
        })
    });
    operations.collect()
}

fn routes(has_users: bool) -> HashSet<(String, String, String)> {
    let table = canopy::http::table(has_users);
    let rows = table.routes();
    rows.map(|it| (it.method.to_string(), it.path.into(), it.operation.into()))
        .collect()
}

#[test]
fn without_users_the_document_lists_exactly_the_routes() {
    let document: Value = house::server().get("/openapi.json").json().unwrap();
    assert_eq!(listed(&document), routes(false));
    let paths = document["paths"].as_object().unwrap();
    let operations = paths
        .values()
        .flat_map(|it| it.as_object().unwrap().values());
    assert!(operations.into_iter().all(|it| it["security"].is_null()));
}

#[test]
fn with_users_the_document_lists_exactly_the_routes_with_what_their_rows_say() {
    let folder = TempDir::new().unwrap();
    let users = folder.path().join("users.json");
    let users = users.to_str().unwrap();
    let (_, key, _) = run(&["user", "key", "ada", "--role", "predict", "--users", users]);
    let server = Server::start(house::model(), &["--users", users]);
    let request = server.client.get(server.url("/openapi.json"));
    let document = request.header("x-api-key", key.trim()).send().unwrap();
    let document: Value = document.json().unwrap();
    assert_eq!(listed(&document), routes(true));

    for route in canopy::http::table(true).routes() {
        let method = route.method.as_str().to_ascii_lowercase();
        let operation = &document["paths"][route.path][method];
        let path = route.path;
        assert!(!route.operation.is_empty(), "{path}");
        let documents = |status: &str| operation["responses"][status].is_object();
        let is_open = route.need == Need::Nothing;
        assert_eq!(operation["security"].is_null(), is_open, "{path}");
        assert!(is_open || documents("401"), "{path}");
        assert!(
            !matches!(route.need, Need::Role(_)) || documents("403"),
            "{path}"
        );
        assert!(route.class == Class::Open || documents("503"), "{path}");
    }
}

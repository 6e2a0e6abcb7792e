//! The access that routes require if there are users.

use canopy_auth::Role;
use canopy_web::Need;

use crate::server::{Server, routes};

/// The status if the request was rejected before reaching a handler.
fn refusal(server: &Server, call: (&str, &str), key: Option<&str>) -> Option<u16> {
    let key = key.map(|key| ("x-api-key", key));
    let answer = server.send(call, key.as_slice(), "");
    answer.header("www-authenticate").map(|_| answer.status)
}

#[test]
fn every_row_refuses_whoever_does_not_meet_its_need() {
    let server = Server::with_users(&[]);
    let rows = routes().filter(|(_, path, _)| path != "/hold" && path != "/large");
    for (method, path, route) in rows {
        let call = (method.as_str(), path.as_str());
        let nobody = (route.need != Need::Nothing).then_some(401);
        assert_eq!(refusal(&server, call, None), nobody, "{call:?}");
        let invalid = refusal(&server, call, Some("canopy_guessed"));
        assert_eq!(invalid, nobody, "{call:?}");
        for (role, key) in &server.keys {
            let is_enough = match route.need {
                Need::Role(needed) => needed == *role || *role == Role::Admin,
                Need::Nothing | Need::User | Need::Metrics => true,
            };
            let expected = (!is_enough).then_some(403);
            let found = refusal(&server, call, Some(key));
            assert_eq!(found, expected, "{call:?} as {role}");
        }
    }
}

#[test]
fn what_is_not_there_is_told_to_users_alone() {
    let server = Server::with_users(&[]);
    let key = server.key(Role::Predict);
    for (call, status) in [
        (("GET", "/nothing"), 404),
        (("PATCH", "/items/one"), 405),
        (("OPTIONS", "/open"), 405),
        (("GET", "/"), 404),
    ] {
        assert_eq!(refusal(&server, call, None), Some(401), "{call:?}");
        let answer = server.send(call, &[("x-api-key", key)], "");
        assert_eq!(answer.status, status, "{call:?}");
        let bearer = format!("bearer  {key}");
        let answer = server.send(call, &[("authorization", &bearer)], "");
        assert_eq!(answer.status, status, "{call:?}");
    }
}

#[test]
fn metrics_can_be_opened_to_everybody() {
    let server = Server::with_users(&["--open-metrics"]);
    assert_eq!(server.get("/metrics", &[]).status, 200);
    assert_eq!(server.get("/small", &[]).status, 401);
}

//! A server that is published below a root path.

use canopy_auth::Role;

use crate::server::Server;

#[test]
fn requests_are_answered_with_and_without_the_prefix() {
    let server = Server::start(&["--root-path", "/ml/"]);
    for (path, status) in [
        ("/open", 200),
        ("/ml/open", 200),
        ("/ml/items/one", 200),
        ("/ml/nothing", 404),
        ("/ml/ml/open", 404),
        ("/mlopen", 404),
        ("/other/open", 404),
        ("/ml//open", 404),
    ] {
        assert_eq!(server.get(path, &[]).status, status, "{path}");
    }
    // Errors are formatted for the path below the root path.
    assert_eq!(server.get("/ml/nothing", &[]).json()["path"], "/nothing");
}

#[test]
fn the_prefix_alone_leads_to_where_relative_links_work() {
    for server in [
        Server::start(&["--root-path", "/a/b"]),
        Server::with_users(&["--root-path", "/a/b"]),
    ] {
        let answer = server.get("/a/b", &[]);
        assert_eq!(answer.status, 308);
        assert_eq!(answer.header("location"), Some("/a/b/"));
    }
}

#[test]
fn the_prefix_opens_no_way_around_what_a_row_needs() {
    let server = Server::with_users(&["--root-path", "/open"]);
    assert_eq!(server.get("/open/small", &[]).status, 401);
    assert_eq!(server.get("/open/open", &[]).status, 200);
    let key = ("x-api-key", server.key(Role::Predict));
    assert_eq!(server.send(("PUT", "/open/upload"), &[key], "").status, 403);
    let server = Server::start(&["--root-path", "/ml"]);
    let foreign = ("sec-fetch-site", "cross-site");
    assert_eq!(
        server.send(("POST", "/ml/echo"), &[foreign], "").status,
        403
    );
}

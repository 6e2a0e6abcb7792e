//! Requests that a page of another site has a browser send. Where there are users, what lets them
//! in is a header that no such page can set; a host without users is defended here.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::door::Need;
use super::problem::Problem;
use crate::door::Role;
use crate::host::Host;

/// What a browser says of where a request comes from.
const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Lets a request in unless it would change something for another site.
pub(super) async fn guard(State(host): State<Arc<Host>>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>();
    let need = Need::of(request.method(), route.map(MatchedPath::as_str));
    let is_safe = [Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method());
    let headers = request.headers();
    // A name of another machine that leads to this one makes its page one of the same site.
    let is_local = host.config.network.listen.ip().is_loopback();
    let is_misled = is_local && need == Need::Role(Role::Admin) && !names_this_machine(headers);
    if !is_safe && (is_from_another_site(headers) || is_misled) {
        let detail = "a page of another site may change nothing here: send the request from this \
                      host's own page or by a program, to an address of this machine";
        return Problem::new(StatusCode::FORBIDDEN, detail).into_response();
    }
    next.run(request).await
}

fn is_from_another_site(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get(SITE) {
        return site != "same-origin" && site != "none";
    }
    let Some(origin) = headers.get(header::ORIGIN) else {
        return false;
    };
    let origin = origin
        .to_str()
        .ok()
        .and_then(|origin| origin.split_once("://"));
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    origin.is_none_or(|(_, origin)| host != Some(origin))
}

/// Whether the request was sent to `localhost` or to a loopback address.
fn names_this_machine(headers: &HeaderMap) -> bool {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let Some(authority) = host.and_then(|host| host.parse::<Authority>().ok()) else {
        return host.is_none();
    };
    let name = authority.host().trim_matches(['[', ']']);
    let is_loopback = |address: IpAddr| address.to_canonical().is_loopback();
    name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(is_loopback)
}

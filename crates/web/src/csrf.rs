//! Cross-site request forgery: requests that a page of another site has a browser send.
//!
//! Where there are users, a request needs a header that no such page can set. A server without
//! users is defended here.

use std::net::IpAddr;

use http::uri::Authority;
use http::{HeaderMap, HeaderName, Method, StatusCode, header};

use super::cors::Origins;
use super::problem::Problem;

/// What a browser says of where a request comes from.
const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Refuses requests that would change something for another site.
pub(super) struct Csrf {
    /// Names under which the server may be asked; nothing where it listens to other machines, of
    /// whose names it knows nothing.
    names: Option<Vec<String>>,
}

impl Csrf {
    /// A guard of a server that listens to this machine alone, if `is_local`, and may be asked
    /// under `names` besides localhost and loopback addresses.
    pub(super) fn new(is_local: bool, names: &[String]) -> Self {
        Self {
            names: is_local.then(|| names.to_vec()),
        }
    }

    /// Refuses a request of a foreign page, unless its origin is one of `allowed`, and one under a
    /// name of another machine that leads to this one (DNS rebinding), which makes the page of
    /// that name one of the same site.
    pub(super) fn check(
        &self,
        method: &Method,
        headers: &HeaderMap,
        allowed: &Origins,
    ) -> Result<(), Problem> {
        if [Method::GET, Method::HEAD, Method::OPTIONS].contains(method) {
            return Ok(());
        }
        let is_foreign = is_from_another_site(headers) && !allowed.allow(headers);
        if is_foreign || !self.is_named(headers) {
            let detail = "a page of another site may change nothing here: send the request from \
                          this host's own page or from a program, to localhost, a loopback \
                          address or a name given with --allowed-host";
            return Err(Problem::new(StatusCode::FORBIDDEN, detail));
        }
        Ok(())
    }

    /// Whether the request was sent to a name under which the server may be asked.
    fn is_named(&self, headers: &HeaderMap) -> bool {
        let Some(names) = &self.names else {
            return true;
        };
        let host = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok());
        let Some(authority) = host.and_then(|host| host.parse::<Authority>().ok()) else {
            return host.is_none();
        };
        let name = authority.host().trim_matches(['[', ']']);
        let is_loopback = |address: IpAddr| address.to_canonical().is_loopback();
        let mut known = names.iter().map(String::as_str).chain(["localhost"]);
        known.any(|known| known.eq_ignore_ascii_case(name)) || name.parse().is_ok_and(is_loopback)
    }
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

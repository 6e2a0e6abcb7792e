//! Cross-site request forgery: requests that a page of another site has a browser send.
//!
//! Where there are users, a request needs a header that no such page can set. A server without
//! users is defended here.

use std::net::IpAddr;

use http::uri::Authority;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use super::cors::Origins;
use super::problem::Problem;

/// What a browser says of where a request comes from.
const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Refuses requests that would change something for another site.
pub(super) struct Csrf {
    /// Names under which the server is published.
    names: Vec<String>,
    /// Whether the server listens to this machine alone. Where others can reach it, it knows
    /// nothing of the names they use.
    is_local: bool,
}

impl Csrf {
    /// A guard of a server that listens to this machine alone, if `is_local`, and is published
    /// under `names` besides localhost and loopback addresses.
    pub(super) fn new(is_local: bool, names: &[String]) -> Self {
        Self {
            names: names.to_vec(),
            is_local,
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
        let is_foreign = self.is_from_another_site(headers) && !allowed.allow(headers);
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
        let is_loopback = |address: IpAddr| address.to_canonical().is_loopback();
        let mut hosts = headers.get_all(header::HOST).iter();
        !self.is_local
            || hosts.all(|host| {
                let Some(authority) = authority(host) else {
                    return false;
                };
                let name = authority.host().trim_matches(['[', ']']);
                name.eq_ignore_ascii_case("localhost")
                    || name.parse().is_ok_and(is_loopback)
                    || self.is_published(name)
            })
    }

    fn is_published(&self, name: &str) -> bool {
        let mut names = self.names.iter();
        names.any(|known| known.eq_ignore_ascii_case(name))
    }

    fn is_from_another_site(&self, headers: &HeaderMap) -> bool {
        if let Some(site) = headers.get(SITE) {
            return site != "same-origin" && site != "none";
        }
        // Browsers do not say it where the connection is not encrypted.
        let Some(origin) = headers.get(header::ORIGIN) else {
            return false;
        };
        let origin = origin.to_str().ok();
        let Some((_, origin)) = origin.and_then(|origin| origin.split_once("://")) else {
            return true;
        };
        let is_here = headers
            .get(header::HOST)
            .is_some_and(|host| host.as_bytes().eq_ignore_ascii_case(origin.as_bytes()));
        // A proxy may ask under another name than its clients, or without their port.
        let is_published = || {
            let origin = origin.parse::<Authority>();
            origin.is_ok_and(|origin| self.is_published(origin.host()))
        };
        !is_here && !is_published()
    }
}

fn authority(host: &HeaderValue) -> Option<Authority> {
    host.to_str().ok()?.parse().ok()
}

//! Protection against cross-site request forgery on servers without users.
//!
//! With users, a request needs a header that pages of other sites cannot set.

use std::net::IpAddr;

use http::uri::Authority;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use super::cors::Origins;
use super::problem::Problem;

/// The browser's statement of where a request comes from.
const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Rejects state-changing requests from pages of other sites.
pub(super) struct Csrf {
    /// Host names under which the server is published.
    names: Vec<String>,
    /// Whether the server listens on loopback only. Otherwise the names that clients use for it
    /// are unknown.
    is_local: bool,
}

impl Csrf {
    /// `is_local` says whether the server listens on loopback only; `names` are its published names
    /// besides localhost and loopback addresses.
    pub(super) fn new(is_local: bool, names: &[String]) -> Self {
        Self {
            names: names.to_vec(),
            is_local,
        }
    }

    /// Rejects requests from pages of other sites, unless their origin is `allowed`, and requests
    /// whose `Host` is a foreign name that resolves to this machine (DNS rebinding), because the
    /// browser considers them same-site.
    pub(super) fn check(
        &self,
        method: &Method,
        headers: &HeaderMap,
        allowed: &Origins,
    ) -> Result<(), Problem> {
        if [Method::GET, Method::HEAD, Method::OPTIONS].contains(method) {
            return Ok(());
        }
        let is_foreign = self.is_cross_site(headers) && !allowed.allow(headers);
        if is_foreign || !self.has_known_host(headers) {
            let detail = "a page of another site may change nothing here: send the request from \
                          this host's own page or from a program, to localhost, a loopback \
                          address or a name given with --allowed-host";
            return Err(Problem::new(StatusCode::FORBIDDEN, detail));
        }
        Ok(())
    }

    /// Whether the `Host` header names this server.
    fn has_known_host(&self, headers: &HeaderMap) -> bool {
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

    fn is_cross_site(&self, headers: &HeaderMap) -> bool {
        if let Some(site) = headers.get(SITE) {
            return site != "same-origin" && site != "none";
        }
        // Browsers omit it on unencrypted connections.
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
        // A proxy may use another host name than its clients, or omit the port.
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

//! Parses addresses to listen on.

use std::fmt::{self, Display};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs as _};
use std::str::FromStr;

/// An address and a port: `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`; `:8080` means every
/// address of this machine, `8080` means loopback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listen(SocketAddr);

impl Listen {
    /// The address to listen on.
    #[must_use]
    pub fn address(self) -> SocketAddr {
        self.0
    }

    /// The address at which a client on this machine reaches the server.
    #[must_use]
    pub fn to_connect(self) -> SocketAddr {
        let mut address = self.0;
        if address.ip().to_canonical().is_unspecified() {
            address.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        address
    }
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "expected an address such as 127.0.0.1:8080, localhost:8080, :8080 or 8080";
        let on = |ip: Ipv4Addr, port: &str| {
            let port = port.parse().map_err(|_| expected.to_owned())?;
            Ok(Self(SocketAddr::new(IpAddr::V4(ip), port)))
        };
        if let Ok(address) = text.parse() {
            return Ok(Self(address));
        }
        match text.rsplit_once(':') {
            None => on(Ipv4Addr::LOCALHOST, text),
            Some(("", port)) => on(Ipv4Addr::UNSPECIFIED, port),
            Some(_) => {
                let resolved = text.to_socket_addrs();
                let found = resolved.map_err(|error| format!("{text}: {error}; {expected}"))?;
                // Prefers IPv4: clients of `localhost` try both, clients of 127.0.0.1 only that.
                let mut found: Vec<SocketAddr> = found.collect();
                found.sort_by_key(SocketAddr::is_ipv6);
                let first = found.first().copied();
                first.map(Self).ok_or_else(|| expected.to_owned())
            }
        }
    }
}

impl Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_as_people_write_them() {
        for (text, address, connect) in [
            ("127.0.0.1:1", "127.0.0.1:1", "127.0.0.1:1"),
            ("[::1]:1", "[::1]:1", "[::1]:1"),
            ("localhost:1", "127.0.0.1:1", "127.0.0.1:1"),
            (":1", "0.0.0.0:1", "127.0.0.1:1"),
            ("[::]:1", "[::]:1", "127.0.0.1:1"),
            ("8080", "127.0.0.1:8080", "127.0.0.1:8080"),
        ] {
            let listen: Listen = text.parse().unwrap();
            assert_eq!(listen.to_string(), address, "{text}");
            assert_eq!(listen.to_connect().to_string(), connect, "{text}");
        }
        for text in [
            "",
            ":",
            "127.0.0.1",
            "127.0.0.1:x",
            "70000",
            "no such host:1",
        ] {
            assert!(text.parse::<Listen>().is_err(), "{text}");
        }
    }
}

//! What the findings about a candidate rest on: how many different rows, of how many clients.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::LazyLock;

use super::plan::Plan;

/// Whoever sent a request.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Client {
    /// A user.
    User(String),
    /// An address, where there are no users; of IPv6 its network of 64 bits, all of whose addresses
    /// one client can have.
    Address(IpAddr),
}

impl Client {
    /// The client with an address.
    #[must_use]
    pub fn at(address: IpAddr) -> Self {
        Self::Address(match address.to_canonical() {
            IpAddr::V4(address) => address.into(),
            IpAddr::V6(address) => {
                let network = u128::from(address) & !u128::from(u64::MAX);
                Ipv6Addr::from(network).into()
            }
        })
    }
}

/// Distinct rows and clients, counted only as far as the plan of the trial asks for.
#[derive(Debug, Clone, Default)]
pub(super) struct Evidence {
    rows: HashSet<u64>,
    clients: HashSet<u64>,
}

impl Evidence {
    /// Adds compared rows, and the client who sent them if it is known.
    pub(super) fn add<'r>(
        &mut self,
        rows: impl Iterator<Item = &'r [f64]>,
        client: Option<&Client>,
        plan: &Plan,
    ) {
        for row in rows {
            if self.rows.len() as u64 >= plan.min_rows {
                break;
            }
            let bits: Vec<u64> = row.iter().map(|value| value.to_bits()).collect();
            self.rows.insert(hash(bits));
        }
        if let Some(client) = client
            && (self.clients.len() as u64) < plan.min_clients
        {
            self.clients.insert(hash(client));
        }
    }

    /// Whether a promotion can rest on it.
    pub(super) fn is_enough(&self, plan: &Plan) -> bool {
        self.rows.len() as u64 >= plan.min_rows && self.clients.len() as u64 >= plan.min_clients
    }

    pub(super) fn rows(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn clients(&self) -> usize {
        self.clients.len()
    }
}

/// A hash with a secret of this process, whose collisions nobody can look for.
pub(super) fn hash(key: impl Hash) -> u64 {
    static SECRET: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    SECRET.hash_one(key)
}

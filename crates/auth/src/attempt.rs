//! Rate limiting of failed logins: after too many failures the next attempt has to wait, longer
//! each time.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};

use super::user::UserName;

/// The first pause; each further failure doubles it.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// Failures are forgotten after this long without an attempt.
const FORGOTTEN: Duration = Duration::from_secs(60 * 60);
/// Capacity of each table of failures; the entry with the oldest attempt is evicted first.
const CAPACITY: usize = 10_000;

/// Policy for a user name at an address. Failures there do not affect anyone else.
const NAMES: Policy = Policy {
    free: 5,
    longest: Duration::from_secs(15 * 60),
    forgiven: None,
};
/// Policy for an address, regardless of the user name. Many users may share an address, so it is
/// more lenient: more failures are free, failures expire, and pauses are shorter.
const ADDRESSES: Policy = Policy {
    free: 100,
    longest: Duration::from_secs(60),
    forgiven: Some(Duration::from_secs(60)),
};

/// How failures are penalised.
struct Policy {
    /// Failures without a pause.
    free: u32,
    /// The longest pause.
    longest: Duration,
    /// Time after which one failure no longer counts; `None` if failures do not expire one by one.
    forgiven: Option<Duration>,
}

/// The source of a login attempt: a user name at an address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Source {
    /// `None` for every string that is not a valid user name.
    name: Option<UserName>,
    address: IpAddr,
}

impl Source {
    pub(super) fn new(name: Option<UserName>, address: IpAddr) -> Self {
        // An IPv6 client controls a whole /64 network, so that is what is counted.
        let address = match address.to_canonical() {
            IpAddr::V6(address) => Ipv6Addr::from(u128::from(address) >> 64 << 64).into(),
            address => address,
        };
        Self { name, address }
    }
}

/// The failed attempts of every source.
#[derive(Default)]
pub(super) struct Attempts(Mutex<Tables>);

#[derive(Default)]
struct Tables {
    names: HashMap<Source, Failures>,
    addresses: HashMap<IpAddr, Failures>,
}

/// Why an attempt is refused, with the time to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// Too many failures for the name at this address.
    Name(Duration),
    /// Too many failures from the address.
    Address(Duration),
}

struct Failures {
    count: u32,
    last: Instant,
}

impl Failures {
    /// Number of failures that still count.
    fn count(&self, policy: &Policy, now: Instant) -> u32 {
        let since = now.saturating_duration_since(self.last);
        if since >= FORGOTTEN {
            return 0;
        }
        let forgiven = policy.forgiven.map_or(0, |each| {
            u32::try_from(since.as_secs() / each.as_secs()).unwrap_or(u32::MAX)
        });
        self.count.saturating_sub(forgiven)
    }

    /// Time to wait before the next attempt; `None` if it may be made now.
    fn wait(&self, policy: &Policy, now: Instant) -> Option<Duration> {
        let further = self.count(policy, now).checked_sub(policy.free)?;
        let pause = FIRST_PAUSE.saturating_mul(1 << further.min(20));
        let since = now.saturating_duration_since(self.last);
        let wait = pause.min(policy.longest).checked_sub(since)?;
        (!wait.is_zero()).then_some(wait)
    }
}

impl Attempts {
    /// Begins an attempt. It counts as failed until [`Self::succeeded`] is called, so concurrent
    /// attempts cannot evade the limit.
    ///
    /// # Errors
    ///
    /// If too many attempts have failed; the error holds the time to wait.
    pub(super) fn begin(&self, source: &Source, now: Instant) -> Result<(), Wait> {
        let Tables { names, addresses } = &mut *self.tables();
        let (address, failures) = (&source.address, names.get(source));
        if let Some(wait) = failures.and_then(|failures| failures.wait(&NAMES, now)) {
            return Err(Wait::Name(wait));
        }
        let failures = addresses.get(address);
        if let Some(wait) = failures.and_then(|failures| failures.wait(&ADDRESSES, now)) {
            return Err(Wait::Address(wait));
        }
        count(names, source, &NAMES, now);
        count(addresses, address, &ADDRESSES, now);
        Ok(())
    }

    /// Records that an attempt succeeded. Clears the failures of this name, but only this attempt
    /// from those of the address: otherwise one valid password would buy many guesses at others.
    pub(super) fn succeeded(&self, source: &Source) {
        let mut tables = self.tables();
        tables.names.remove(source);
        if let Some(failures) = tables.addresses.get_mut(&source.address) {
            failures.count = failures.count.saturating_sub(1);
        }
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock()
    }
}

/// Counts a failure.
fn count<K: Clone + Eq + Hash>(
    table: &mut HashMap<K, Failures>,
    key: &K,
    policy: &Policy,
    now: Instant,
) {
    if table.len() >= CAPACITY && !table.contains_key(key) {
        evict(table, now);
    }
    let failures = table.entry(key.clone()).or_insert(Failures {
        count: 0,
        last: now,
    });
    failures.count = failures.count(policy, now) + 1;
    failures.last = now;
}

/// Makes room: removes forgotten entries, or the one with the oldest attempt if there are none.
fn evict<K: Clone + Eq + Hash>(table: &mut HashMap<K, Failures>, now: Instant) {
    table.retain(|_, failures| now.saturating_duration_since(failures.last) < FORGOTTEN);
    if table.len() >= CAPACITY
        && let Some(oldest) = table.iter().min_by_key(|(_, failures)| failures.last)
    {
        let oldest = oldest.0.clone();
        table.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(name: &str, address: &str) -> Source {
        Source::new(name.parse().ok(), address.parse().unwrap())
    }

    #[test]
    fn pauses_double_up_to_fifteen_minutes_and_expire() {
        let attempts = Attempts::default();
        let ada = source("ada", "192.0.2.1");
        let mut now = Instant::now();
        let mut pauses = Vec::new();
        for _ in 0..20 {
            match attempts.begin(&ada, now) {
                Ok(()) => {}
                Err(Wait::Address(wait)) => panic!("{wait:?} for the address"),
                Err(Wait::Name(wait)) => {
                    pauses.push(wait.as_secs());
                    now += wait;
                    assert_eq!(attempts.begin(&ada, now), Ok(()));
                }
            }
        }
        assert_eq!(pauses[..4], [1, 2, 4, 8]);
        assert_eq!(pauses.last(), Some(&900));
        assert_eq!(attempts.begin(&ada, now + FORGOTTEN), Ok(()));
        assert_eq!(attempts.begin(&ada, now + FORGOTTEN), Ok(()));
    }

    #[test]
    fn other_sources_are_unaffected_and_success_clears_failures() {
        let attempts = Attempts::default();
        let now = Instant::now();
        let ada = source("ada", "192.0.2.1");
        while attempts.begin(&ada, now).is_ok() {}
        assert_eq!(attempts.begin(&source("bob", "192.0.2.1"), now), Ok(()));
        assert_eq!(attempts.begin(&source("ada", "192.0.2.2"), now), Ok(()));
        assert_eq!(source("a", "2001:db8::1"), source("a", "2001:db8::ffff"));
        assert_eq!(source("a", "::ffff:192.0.2.1"), source("a", "192.0.2.1"));
        assert_eq!(source("ü", "192.0.2.1"), source("", "192.0.2.1"));
        attempts.succeeded(&ada);
        assert_eq!(attempts.begin(&ada, now), Ok(()));
    }

    #[test]
    fn memory_is_bounded() {
        let attempts = Attempts::default();
        let start = Instant::now();
        for index in 0..CAPACITY as u32 + 10 {
            let now = start + Duration::from_millis(index.into());
            let name = format!("user{index}");
            let address = format!("10.{}.{}.1", index >> 8, index & 255);
            assert_eq!(attempts.begin(&source(&name, &address), now), Ok(()));
        }
        assert_eq!(attempts.tables().names.len(), CAPACITY);
        assert_eq!(attempts.tables().addresses.len(), CAPACITY);
    }

    #[test]
    fn an_address_that_tries_many_names_has_to_wait() {
        let attempts = Attempts::default();
        let mut now = Instant::now();
        let mut names = (0..).map(|index| format!("user{index}"));
        let mut guess =
            |address: &str, now| attempts.begin(&source(&names.next().unwrap(), address), now);
        for _ in 0..ADDRESSES.free {
            assert_eq!(guess("2001:db8::1", now), Ok(()));
        }
        let seconds = |seconds| Err(Wait::Address(Duration::from_secs(seconds)));
        for pause in [1, 2, 4, 8, 16, 32] {
            assert_eq!(
                guess("2001:db8::2", now),
                seconds(pause),
                "the same network"
            );
            assert_eq!(guess("2001:db8:0:1::1", now), Ok(()), "another network");
            now += Duration::from_secs(pause);
            assert_eq!(guess("2001:db8::3", now), Ok(()));
        }
        // From then on about one guess a minute, as one failure expires every minute.
        let mut most = 0;
        for _ in 0..100 {
            now += Duration::from_secs(6);
            most += u32::from(guess("2001:db8::4", now).is_ok());
        }
        assert!((9..=20).contains(&most), "{most} guesses in ten minutes");
        now += Duration::from_secs(61);
        assert_eq!(guess("2001:db8::5", now), Ok(()));
    }

    #[test]
    fn a_successful_login_does_not_offset_failures_for_other_names() {
        let attempts = Attempts::default();
        let now = Instant::now();
        let mallory = source("mallory", "192.0.2.1");
        let mut guesses = 0;
        while attempts.begin(&source(&format!("user{guesses}"), "192.0.2.1"), now) == Ok(()) {
            guesses += 1;
            if attempts.begin(&mallory, now).is_ok() {
                attempts.succeeded(&mallory);
            }
            assert!(guesses <= ADDRESSES.free);
        }
        assert_eq!(guesses, ADDRESSES.free);
    }
}

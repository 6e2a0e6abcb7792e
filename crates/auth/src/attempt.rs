//! Attempts to log in: who fails too often has to wait, longer each time.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};

use super::user::UserName;

/// The first pause; every further failure doubles it.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// Who has not tried for this long begins anew.
const FORGOTTEN: Duration = Duration::from_secs(60 * 60);
/// Most that are remembered of each; who tried longest ago is forgotten first.
const MOST: usize = 10_000;

/// A user's name at an address: nobody else is held up by these failures.
const NAMES: Patience = Patience {
    free: 5,
    longest: Duration::from_secs(15 * 60),
    forgiven: None,
};
/// An address under whatever names. Many users may share one, so that it has more failures free,
/// gets them back, and has less to wait.
const ADDRESSES: Patience = Patience {
    free: 100,
    longest: Duration::from_secs(60),
    forgiven: Some(Duration::from_secs(60)),
};

/// How failures are answered.
struct Patience {
    /// Failures that cost no time.
    free: u32,
    /// The longest pause.
    longest: Duration,
    /// How long it takes until one failure counts no more.
    forgiven: Option<Duration>,
}

/// Who tries to log in: a user's name at an address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Suspect {
    /// None for all names that cannot be a user's.
    name: Option<UserName>,
    address: IpAddr,
}

impl Suspect {
    pub(super) fn new(name: Option<UserName>, address: IpAddr) -> Self {
        // A client has as many addresses as it likes within its network of IPv6.
        let address = match address.to_canonical() {
            IpAddr::V6(address) => Ipv6Addr::from(u128::from(address) >> 64 << 64).into(),
            address => address,
        };
        Self { name, address }
    }
}

/// The failures of every suspect.
#[derive(Default)]
pub(super) struct Attempts(Mutex<Known>);

#[derive(Default)]
struct Known {
    names: HashMap<Suspect, Failures>,
    addresses: HashMap<IpAddr, Failures>,
}

/// Why there may be no attempt now, and how long that will be so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// The name had too many failures at this address.
    Name(Duration),
    /// The address had too many failures.
    Address(Duration),
}

struct Failures {
    count: u32,
    last: Instant,
}

impl Failures {
    /// How many count still.
    fn count(&self, patience: &Patience, now: Instant) -> u32 {
        let since = now.saturating_duration_since(self.last);
        if since >= FORGOTTEN {
            return 0;
        }
        let forgiven = patience.forgiven.map_or(0, |each| {
            u32::try_from(since.as_secs() / each.as_secs()).unwrap_or(u32::MAX)
        });
        self.count.saturating_sub(forgiven)
    }

    /// How long to wait for the next attempt.
    fn wait(&self, patience: &Patience, now: Instant) -> Option<Duration> {
        let further = self.count(patience, now).checked_sub(patience.free)?;
        let pause = FIRST_PAUSE.saturating_mul(1 << further.min(20));
        let since = now.saturating_duration_since(self.last);
        let wait = pause.min(patience.longest).checked_sub(since)?;
        (!wait.is_zero()).then_some(wait)
    }
}

impl Attempts {
    /// Begins an attempt, which counts as failed until [`Self::succeeded`]: many at the same time
    /// gain nothing.
    ///
    /// # Errors
    ///
    /// If there were too many failures.
    pub(super) fn begin(&self, suspect: &Suspect, now: Instant) -> Result<(), Wait> {
        let Known { names, addresses } = &mut *self.known();
        let (address, failures) = (&suspect.address, names.get(suspect));
        if let Some(wait) = failures.and_then(|failures| failures.wait(&NAMES, now)) {
            return Err(Wait::Name(wait));
        }
        let failures = addresses.get(address);
        if let Some(wait) = failures.and_then(|failures| failures.wait(&ADDRESSES, now)) {
            return Err(Wait::Address(wait));
        }
        count(names, suspect, &NAMES, now);
        count(addresses, address, &ADDRESSES, now);
        Ok(())
    }

    /// The attempt succeeded: all is forgiven that was under this name, and nothing else, or one
    /// right password would be good for many guesses.
    pub(super) fn succeeded(&self, suspect: &Suspect) {
        let mut known = self.known();
        known.names.remove(suspect);
        if let Some(failures) = known.addresses.get_mut(&suspect.address) {
            failures.count = failures.count.saturating_sub(1);
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock()
    }
}

/// Counts a failure.
fn count<K: Clone + Eq + Hash>(
    known: &mut HashMap<K, Failures>,
    key: &K,
    patience: &Patience,
    now: Instant,
) {
    if known.len() >= MOST && !known.contains_key(key) {
        forget(known, now);
    }
    let failures = known.entry(key.clone()).or_insert(Failures {
        count: 0,
        last: now,
    });
    failures.count = failures.count(patience, now) + 1;
    failures.last = now;
}

/// Makes room: whoever has not tried for long, or at least the one who tried longest ago.
fn forget<K: Clone + Eq + Hash>(known: &mut HashMap<K, Failures>, now: Instant) {
    known.retain(|_, failures| now.saturating_duration_since(failures.last) < FORGOTTEN);
    if known.len() >= MOST
        && let Some(oldest) = known.iter().min_by_key(|(_, failures)| failures.last)
    {
        let oldest = oldest.0.clone();
        known.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suspect(name: &str, address: &str) -> Suspect {
        Suspect::new(name.parse().ok(), address.parse().unwrap())
    }

    #[test]
    fn pauses_double_up_to_a_quarter_of_an_hour_and_end() {
        let attempts = Attempts::default();
        let ada = suspect("ada", "192.0.2.1");
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
    fn others_are_not_held_up_and_success_forgives() {
        let attempts = Attempts::default();
        let now = Instant::now();
        let ada = suspect("ada", "192.0.2.1");
        while attempts.begin(&ada, now).is_ok() {}
        assert_eq!(attempts.begin(&suspect("bob", "192.0.2.1"), now), Ok(()));
        assert_eq!(attempts.begin(&suspect("ada", "192.0.2.2"), now), Ok(()));
        assert_eq!(suspect("a", "2001:db8::1"), suspect("a", "2001:db8::ffff"));
        assert_eq!(suspect("a", "::ffff:192.0.2.1"), suspect("a", "192.0.2.1"));
        assert_eq!(suspect("ü", "192.0.2.1"), suspect("", "192.0.2.1"));
        attempts.succeeded(&ada);
        assert_eq!(attempts.begin(&ada, now), Ok(()));
    }

    #[test]
    fn memory_is_bounded() {
        let attempts = Attempts::default();
        let start = Instant::now();
        for index in 0..MOST as u32 + 10 {
            let now = start + Duration::from_millis(index.into());
            let name = format!("user{index}");
            let address = format!("10.{}.{}.1", index >> 8, index & 255);
            assert_eq!(attempts.begin(&suspect(&name, &address), now), Ok(()));
        }
        assert_eq!(attempts.known().names.len(), MOST);
        assert_eq!(attempts.known().addresses.len(), MOST);
    }

    #[test]
    fn an_address_that_tries_many_names_has_to_wait() {
        let attempts = Attempts::default();
        let mut now = Instant::now();
        let mut names = (0..).map(|index| format!("user{index}"));
        let mut guess =
            |address: &str, now| attempts.begin(&suspect(&names.next().unwrap(), address), now);
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
        // From then on about one a minute, for ever: every minute forgives one failure.
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
    fn a_right_password_does_not_pay_for_wrong_ones() {
        let attempts = Attempts::default();
        let now = Instant::now();
        let mallory = suspect("mallory", "192.0.2.1");
        let mut guesses = 0;
        while attempts.begin(&suspect(&format!("user{guesses}"), "192.0.2.1"), now) == Ok(()) {
            guesses += 1;
            if attempts.begin(&mallory, now).is_ok() {
                attempts.succeeded(&mallory);
            }
            assert!(guesses <= ADDRESSES.free);
        }
        assert_eq!(guesses, ADDRESSES.free);
    }
}

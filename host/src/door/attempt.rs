//! Attempts to log in: who fails too often has to wait, longer each time.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::user::UserName;

/// Failures that cost no time.
const FREE: u32 = 5;
/// The first pause; every further failure doubles it.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(15 * 60);
/// A client that has not tried for this long begins anew.
const FORGOTTEN: Duration = Duration::from_secs(60 * 60);
/// Most clients that are remembered; the one that tried longest ago is forgotten first.
const MOST: usize = 10_000;

/// Who tries to log in: a user's name at an address. Nobody else is held up by their failures.
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
pub(super) struct Attempts(Mutex<HashMap<Suspect, Failures>>);

struct Failures {
    count: u32,
    last: Instant,
}

impl Failures {
    /// How long to wait from the last failure to the next attempt.
    fn pause(&self) -> Duration {
        match self.count.checked_sub(FREE) {
            None => Duration::ZERO,
            Some(further) => {
                let pause = FIRST_PAUSE.saturating_mul(1 << further.min(20));
                pause.min(LONGEST_PAUSE)
            }
        }
    }
}

impl Attempts {
    /// Begins an attempt, which counts as failed until [`Self::succeeded`]: many at the same time
    /// gain nothing.
    ///
    /// # Errors
    ///
    /// The time to wait if there were too many failures.
    pub(super) fn begin(&self, suspect: &Suspect, now: Instant) -> Result<(), Duration> {
        let mut known = self.known();
        if known.len() >= MOST && !known.contains_key(suspect) {
            forget(&mut known, now);
        }
        let failures = known.entry(suspect.clone()).or_insert(Failures {
            count: 0,
            last: now,
        });
        let since = now.saturating_duration_since(failures.last);
        if since >= FORGOTTEN {
            failures.count = 0;
        }
        match failures.pause().checked_sub(since) {
            Some(wait) if !wait.is_zero() => return Err(wait),
            _ => {}
        }
        failures.count += 1;
        failures.last = now;
        Ok(())
    }

    /// The attempt succeeded: all is forgiven.
    pub(super) fn succeeded(&self, suspect: &Suspect) {
        self.known().remove(suspect);
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Suspect, Failures>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes room: whoever has not tried for long, or at least the one who tried longest ago.
fn forget(known: &mut HashMap<Suspect, Failures>, now: Instant) {
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
                Err(wait) => {
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
            assert_eq!(attempts.begin(&suspect(&name, "192.0.2.1"), now), Ok(()));
        }
        assert_eq!(attempts.known().len(), MOST);
    }
}

//! The budget and reservations in it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::system;

/// A number of bytes that parts of a process share. Clones share the same budget.
#[derive(Debug, Clone)]
pub struct Budget(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    limit: u64,
    used: AtomicU64,
}

/// The budget has no room for a reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Exhausted {
    /// There may be room later.
    #[error(
        "there is no memory left for this at the moment: {wanted} bytes are needed, {free} are free"
    )]
    Now {
        /// Bytes that were to be reserved.
        wanted: u64,
        /// Bytes that were free.
        free: u64,
    },
    /// There will never be room.
    #[error("this needs {wanted} bytes of memory, and the limit is {limit}; see --memory")]
    Always {
        /// Bytes that were to be reserved.
        wanted: u64,
        /// Bytes of the whole budget.
        limit: u64,
    },
}

impl Budget {
    /// A budget of `limit` bytes.
    #[must_use]
    pub fn new(limit: u64) -> Self {
        Self(Arc::new(Shared {
            limit,
            used: AtomicU64::new(0),
        }))
    }

    /// Three quarters of the memory that this process can have: that of its control group, or of the
    /// machine.
    #[must_use]
    pub fn of_system() -> Self {
        Self::new(system::memory() / 4 * 3)
    }

    /// The whole budget in bytes.
    #[must_use]
    pub fn limit(&self) -> u64 {
        self.0.limit
    }

    /// Bytes that are reserved.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.0.used.load(Ordering::Relaxed)
    }

    /// Checks that bytes would fit if nothing else were reserved.
    ///
    /// # Errors
    ///
    /// If they would not.
    pub fn check(&self, bytes: u64) -> Result<(), Exhausted> {
        if bytes <= self.0.limit {
            return Ok(());
        }
        Err(Exhausted::Always {
            wanted: bytes,
            limit: self.0.limit,
        })
    }

    /// Reserves bytes until the reservation is dropped.
    ///
    /// # Errors
    ///
    /// If the budget has no room for them.
    pub fn reserve(&self, bytes: u64) -> Result<Reservation, Exhausted> {
        let mut reservation = self.nothing();
        reservation.grow(bytes)?;
        Ok(reservation)
    }

    /// A reservation of no bytes, to grow.
    #[must_use]
    pub fn nothing(&self) -> Reservation {
        Reservation {
            budget: self.clone(),
            bytes: 0,
        }
    }
}

/// Bytes of a budget, given back when dropped.
#[derive(Debug)]
pub struct Reservation {
    budget: Budget,
    bytes: u64,
}

impl Reservation {
    /// Number of bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Reserves more bytes.
    ///
    /// # Errors
    ///
    /// If the budget has no room for them; the reservation is as it was then.
    pub fn grow(&mut self, bytes: u64) -> Result<(), Exhausted> {
        let Shared { limit, used } = &*self.budget.0;
        let fits = |used: u64| used.checked_add(bytes).filter(|used| used <= limit);
        match used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits) {
            Ok(_) => {
                self.bytes += bytes;
                Ok(())
            }
            Err(used) => {
                self.budget.check(self.bytes.saturating_add(bytes))?;
                Err(Exhausted::Now {
                    wanted: bytes,
                    free: limit.saturating_sub(used),
                })
            }
        }
    }

    /// Takes `bytes` out of this reservation, or all if it has fewer, as one of their own.
    #[must_use]
    pub fn split(&mut self, bytes: u64) -> Self {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        Self {
            budget: self.budget.clone(),
            bytes,
        }
    }

    /// Reserves as many bytes as are missing to `bytes`, or gives back those beyond.
    ///
    /// # Errors
    ///
    /// If the budget has no room for what is missing; the reservation is as it was then.
    pub fn resize(&mut self, bytes: u64) -> Result<(), Exhausted> {
        match bytes.checked_sub(self.bytes) {
            Some(missing) => self.grow(missing),
            None => {
                let surplus = self.bytes - bytes;
                self.bytes = bytes;
                self.budget.0.used.fetch_sub(surplus, Ordering::Relaxed);
                Ok(())
            }
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.0.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reservations_share_the_budget_and_give_back_what_they_had() {
        let budget = Budget::new(100);
        let mut one = budget.reserve(60).unwrap();
        let refused = budget.clone().reserve(50).unwrap_err();
        assert_eq!(
            refused,
            Exhausted::Now {
                wanted: 50,
                free: 40
            }
        );
        one.grow(40).unwrap();
        let refused = one.grow(1).unwrap_err();
        let expected = Exhausted::Always {
            wanted: 101,
            limit: 100,
        };
        assert_eq!(refused, expected);
        one.resize(30).unwrap();
        assert_eq!((one.bytes(), budget.used()), (30, 30));
        one.resize(50).unwrap();
        assert_eq!((one.bytes(), budget.used()), (50, 50));
        assert!(one.resize(101).is_err());
        assert_eq!(one.bytes(), 50);
        let part = one.split(20);
        assert_eq!((part.bytes(), one.bytes(), budget.used()), (20, 30, 50));
        drop(one);
        assert_eq!(budget.used(), 20);
        drop(part);
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn what_cannot_be_counted_is_refused() {
        let budget = Budget::new(u64::MAX);
        let _all = budget.reserve(u64::MAX - 1).unwrap();
        assert!(budget.reserve(2).is_err());
        assert!(Budget::new(1).reserve(u64::MAX).is_err());
    }

    #[test]
    fn the_system_has_memory() {
        assert!(Budget::of_system().limit() > 16 << 20);
    }
}

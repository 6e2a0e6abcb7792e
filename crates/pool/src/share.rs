//! Permits that owners share: whoever asks for many leaves some to the others.

use std::borrow::Borrow;
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Counters of owners. Two that fall on the same one share what either would get alone.
const COUNTERS: usize = 1024;

/// Whoever a permit or a piece of work is for: a user, or the address of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Owner(u64);

impl Owner {
    /// The program itself.
    pub const SYSTEM: Self = Self(0);

    /// The owner with this name or address.
    pub fn of(key: impl Hash) -> Self {
        // Seeded for each process, so that nobody can choose whom to share a counter with.
        static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        Self(SEED.hash_one(key))
    }
}

/// A number of permits.
///
/// An owner may have up to twice as many as are free: one alone gets two thirds, two get two fifths
/// each, and there is always one left for the next. (This is the dynamic threshold of Choudhury and
/// Hahne, "Dynamic queue length thresholds for shared-memory packet switches", 1998, with α = 2.)
#[derive(Debug)]
pub struct Shares {
    capacity: u32,
    taken: AtomicU32,
    by_owner: Box<[AtomicU32]>,
}

impl Shares {
    /// This many permits, at most 2³⁰.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            capacity: u32::try_from(capacity).unwrap_or(u32::MAX).min(1 << 30),
            taken: AtomicU32::new(0),
            by_owner: (0..COUNTERS).map(|_| AtomicU32::new(0)).collect(),
        }
    }

    /// Whether any permit is free.
    #[must_use]
    pub fn has_free(&self) -> bool {
        self.taken.load(Ordering::Relaxed) < self.capacity
    }

    /// Takes a permit, if the owner's share has one left.
    pub fn take<S: Borrow<Self>>(shares: S, owner: Owner) -> Option<Share<S>> {
        let index = (owner.0 % COUNTERS as u64) as usize;
        let this = shares.borrow();
        let taken = this.taken.fetch_add(1, Ordering::Relaxed);
        let held = this.by_owner[index].fetch_add(1, Ordering::Relaxed);
        let is_within_share = held < 2 * this.capacity.saturating_sub(taken);
        // Gives it back if it is not taken.
        let share = Share { shares, index };
        is_within_share.then_some(share)
    }
}

/// A permit, given back when dropped.
#[derive(Debug)]
pub struct Share<S: Borrow<Shares>> {
    shares: S,
    index: usize,
}

impl<S: Borrow<Shares>> Drop for Share<S> {
    fn drop(&mut self) {
        let shares = self.shares.borrow();
        shares.by_owner[self.index].fetch_sub(1, Ordering::Relaxed);
        shares.taken.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Owners that share no counter.
    fn owners() -> impl Iterator<Item = Owner> {
        (1..).map(Owner)
    }

    /// Takes permits in turn until nobody gets one; returns how many each owner has.
    fn flood(capacity: usize, count: usize) -> (Vec<usize>, Shares) {
        let shares = Shares::new(capacity);
        let mut held: Vec<Vec<Share<&Shares>>> = (0..count).map(|_| Vec::new()).collect();
        loop {
            let count = |held: &[Vec<_>]| held.iter().map(Vec::len).sum::<usize>();
            let before = count(&held);
            for (held, owner) in held.iter_mut().zip(owners()) {
                held.extend(Shares::take(&shares, owner));
            }
            if before == count(&held) {
                break;
            }
        }
        let counts = held.iter().map(Vec::len).collect();
        drop(held);
        (counts, shares)
    }

    #[test]
    fn a_flood_leaves_permits_to_others() {
        for (capacity, owners, each) in [
            (1, 1, vec![1]),
            (2, 1, vec![2]),
            (16, 1, vec![11]),
            (16, 2, vec![7, 6]),
            (1024, 1, vec![683]),
            (1024, 4, vec![228, 228, 228, 227]),
        ] {
            assert_eq!(flood(capacity, owners).0, each, "{capacity} for {owners}");
        }
    }

    #[test]
    fn a_permit_that_is_dropped_is_free_again() {
        let (_, shares) = flood(16, 3);
        assert_eq!(shares.taken.load(Ordering::Relaxed), 0);
        assert!(shares.has_free());
        let one = Shares::new(1);
        let taken = Shares::take(&one, Owner::of("ada"));
        assert!(taken.is_some() && !one.has_free());
        assert!(Shares::take(&one, Owner::of("eve")).is_none());
        drop(taken);
        assert!(Shares::take(&one, Owner::of("eve")).is_some());
    }
}

//! Faults while requests flow: nothing is lost and nothing is wrong.
//!
//! Each scenario prints what it did and what came of it in one line. They are short here;
//! `make chaos` runs them at full length.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod clock;
mod fd_limit;
mod full_disk;
mod kill;
mod load;
mod overload;
mod soak;
mod swaps;
mod terminate;
mod versions;

#[path = "../host/guest.rs"]
#[allow(dead_code, reason = "shared with the tests of the host")]
mod guest;
#[path = "../host/house.rs"]
#[allow(dead_code, reason = "shared with the tests of the host")]
mod house;
#[path = "../host/server.rs"]
#[allow(dead_code, reason = "shared with the tests of the host")]
mod server;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Scenarios run one at a time, so that what they measure is their own.
fn alone() -> MutexGuard<'static, ()> {
    static LOCK: Mutex<()> = Mutex::new(());
    LOCK.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How often something is done in a short run and in a full one.
fn times(short: usize, full: usize) -> usize {
    match std::env::var("CANOPY_CHAOS") {
        Ok(length) if length == "full" => full,
        _ => short,
    }
}

/// Prints the outcome of a scenario.
fn report(scenario: &str, outcome: &str) {
    println!("{scenario:<12} {outcome}");
}

//! The WASI world of a component: empty and deterministic.
//!
//! There are no files, network, environment variables or arguments. Standard input is closed and
//! output is discarded. The wall clock stands still. The monotonic clock advances by a fixed step
//! on every read and by the full duration of every wait, so that waiting takes no time. Every call
//! sees the same times and random numbers.

use std::pin::Pin;
use std::time::Duration;

use wasmtime::component::{Resource, ResourceTable};
use wasmtime::{Result, bail};
use wasmtime_wasi::p2::bindings::clocks::monotonic_clock;
use wasmtime_wasi::p2::bindings::random::{insecure, insecure_seed, random};
use wasmtime_wasi::p2::{self, DynPollable, Pollable};
use wasmtime_wasi::{HostWallClock, WasiCtx, WasiCtxView};

/// Prefixes of the interfaces that a component may import.
const INTERFACES: [&str; 6] = [
    "wasi:cli/",
    "wasi:clocks/",
    "wasi:filesystem/",
    "wasi:io/",
    "wasi:random/",
    "wasi:sockets/",
];
/// The supported versions, as part of an interface's name.
const VERSIONS: &str = "@0.2.";
/// The time that the wall clock shows: the start of the year 2000, since 1970.
const NOW: Duration = Duration::from_secs(946_684_800);
/// Nanoseconds by which the monotonic clock advances on every read.
const STEP: u64 = 1_000_000;
/// Maximum number of resources, such as pollables and streams, that a component may hold.
const RESOURCES: usize = 1000;
/// Maximum number of random bytes per request.
const RANDOM_BYTES: u64 = 1 << 20;

/// Whether a component may import an interface of this name.
pub(super) fn has(import: &str) -> bool {
    INTERFACES.iter().any(|name| import.starts_with(name)) && import.contains(VERSIONS)
}

/// The WASI world of one instance.
pub(super) struct World {
    wasi: WasiCtx,
    resources: ResourceTable,
    nanoseconds: u64,
    random: u64,
}

impl Default for World {
    fn default() -> Self {
        let mut resources = ResourceTable::new();
        resources.set_max_capacity(RESOURCES);
        Self {
            wasi: WasiCtx::builder().wall_clock(Still).build(),
            resources,
            nanoseconds: 0,
            random: 0,
        }
    }
}

impl World {
    /// The context and resources for wasmtime's own WASI implementation.
    pub(super) fn view(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.resources,
        }
    }

    /// Resets the clock and the random numbers, so that a call does not depend on earlier ones.
    pub(super) fn reset(&mut self) {
        self.nanoseconds = 0;
        self.random = 0;
    }

    /// The next random number, from SplitMix64 (Steele, Lea & Flood, 2014).
    fn number(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut number = self.random;
        number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        number ^ (number >> 31)
    }

    fn bytes(&mut self, length: u64) -> Result<Vec<u8>> {
        if length > RANDOM_BYTES {
            bail!(
                "the component requested {length} random bytes at once; the limit is {RANDOM_BYTES}"
            );
        }
        Ok((0..length).map(|_| self.number() as u8).collect())
    }

    fn advance(&mut self, nanoseconds: u64) -> u64 {
        self.nanoseconds = self.nanoseconds.saturating_add(nanoseconds);
        self.nanoseconds
    }
}

impl monotonic_clock::Host for World {
    fn now(&mut self) -> Result<u64> {
        Ok(self.advance(STEP))
    }

    fn resolution(&mut self) -> Result<u64> {
        Ok(STEP)
    }

    fn subscribe_instant(&mut self, when: u64) -> Result<Resource<DynPollable>> {
        self.subscribe_duration(when.saturating_sub(self.nanoseconds))
    }

    fn subscribe_duration(&mut self, duration: u64) -> Result<Resource<DynPollable>> {
        self.advance(duration);
        let past = self.resources.push(Past)?;
        p2::subscribe(&mut self.resources, past)
    }
}

impl random::Host for World {
    fn get_random_bytes(&mut self, length: u64) -> Result<Vec<u8>> {
        self.bytes(length)
    }

    fn get_random_u64(&mut self) -> Result<u64> {
        Ok(self.number())
    }
}

impl insecure::Host for World {
    fn get_insecure_random_bytes(&mut self, length: u64) -> Result<Vec<u8>> {
        self.bytes(length)
    }

    fn get_insecure_random_u64(&mut self) -> Result<u64> {
        Ok(self.number())
    }
}

impl insecure_seed::Host for World {
    fn insecure_seed(&mut self) -> Result<(u64, u64)> {
        Ok((self.number(), self.number()))
    }
}

/// A pollable that is always ready.
struct Past;

impl Pollable for Past {
    fn ready<'a, 'b>(&'a mut self) -> Pin<Box<dyn Future<Output = ()> + Send + 'b>>
    where
        'a: 'b,
    {
        Box::pin(std::future::ready(()))
    }
}

/// A clock that stands still.
struct Still;

impl HostWallClock for Still {
    fn resolution(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn now(&self) -> Duration {
        NOW
    }
}

//! The fd limit: raising it, and limiting connections to it.

use canopy_resources::cores;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::warn;

/// File descriptors for components, observations, signals and the listener.
const RESERVED: u64 = 28;
/// File descriptors per worker thread; there is one thread per core.
const PER_CORE: u64 = 4;

/// Raises the fd limit for `wanted` connections as far as allowed; returns how many connections
/// it has room for, at most `wanted`.
pub(super) fn connections(wanted: usize) -> usize {
    let cores = cores();
    let limit = raised(wanted as u64 + reserved(cores));
    let available = usize::try_from(room(limit, cores)).unwrap_or(usize::MAX);
    if available < wanted {
        warn!(
            limit,
            connections = available,
            "the fd limit is low: fewer connections than --max-connections"
        );
    }
    available.min(wanted)
}

/// Raises the fd limit to `needed` if possible; returns the limit in force.
fn raised(needed: u64) -> u64 {
    let limit = getrlimit(Resource::Nofile);
    // `None` means unlimited.
    let current = limit.current.unwrap_or(u64::MAX);
    let wanted = needed.min(limit.maximum.unwrap_or(u64::MAX));
    if current >= wanted {
        return current;
    }
    let raised = Rlimit {
        current: Some(wanted),
        ..limit
    };
    setrlimit(Resource::Nofile, raised).map_or(current, |()| wanted)
}

fn reserved(cores: usize) -> u64 {
    RESERVED + PER_CORE * cores as u64
}

/// Number of connections that fit under a limit; under a very low one, half of what the threads
/// leave.
fn room(limit: u64, cores: usize) -> u64 {
    let left = limit.saturating_sub(PER_CORE * cores as u64);
    limit.saturating_sub(reserved(cores)).max(left / 2).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_keep_their_room() {
        assert_eq!(room(1024, 1), 992);
        assert_eq!(room(1024, 64), 740);
        assert_eq!(room(44, 1), 20);
        assert_eq!(room(64, 8), 16);
    }

    #[test]
    fn a_limit_is_never_lowered() {
        let before = getrlimit(Resource::Nofile).current;
        assert!(raised(1) >= 1);
        assert_eq!(getrlimit(Resource::Nofile).current, before);
    }
}

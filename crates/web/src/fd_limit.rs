//! The fd limit: how many files and connections the process may have open at a time.

use canopy_pool::cores;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::warn;

/// File descriptors for everything but connections: components, observations, signals, the listener.
const RESERVED: u64 = 28;
/// File descriptors of each thread that answers, of which there is one for each core.
const EACH_CORE: u64 = 4;

/// Raises the limit of open files as far as is needed and allowed; answers how many connections
/// leave room for files, at most as many as `wanted`.
pub(super) fn connections(wanted: usize) -> usize {
    let cores = cores();
    let limit = raised(wanted as u64 + reserved(cores));
    let most = usize::try_from(room(limit, cores)).unwrap_or(usize::MAX);
    if most < wanted {
        warn!(
            limit,
            connections = most,
            "the fd limit is low: fewer connections than --max-connections"
        );
    }
    most.min(wanted)
}

/// The limit of open files, which is `needed` if this process may raise it so far.
fn raised(needed: u64) -> u64 {
    let limit = getrlimit(Resource::Nofile);
    // None is no limit.
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
    RESERVED + EACH_CORE * cores as u64
}

/// Connections that a limit leaves room for; under a very low one they get half of what the
/// threads leave.
fn room(limit: u64, cores: usize) -> u64 {
    let left = limit.saturating_sub(EACH_CORE * cores as u64);
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

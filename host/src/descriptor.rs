//! How many files and connections the process may have open at a time.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::warn;

/// Descriptors for everything but connections: components, observations, signals, the listener.
const RESERVED: u64 = 32;

/// Raises the limit of open files as far as is needed and allowed; answers how many connections
/// leave room for files, at most as many as `wanted`.
pub(crate) fn connections(wanted: usize) -> usize {
    let limit = raised(wanted as u64 + RESERVED);
    let most = usize::try_from(room(limit)).unwrap_or(usize::MAX);
    if most < wanted {
        warn!(
            limit,
            connections = most,
            "fewer connections than --max-connections: the limit of open files is low"
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

/// Connections that a limit leaves room for; under a very low one they get half of it.
fn room(limit: u64) -> u64 {
    limit.saturating_sub(RESERVED).max(limit / 2).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_keep_their_room() {
        assert_eq!(room(1024), 992);
        assert_eq!(room(40), 20);
    }

    #[test]
    fn a_limit_is_never_lowered() {
        let before = getrlimit(Resource::Nofile).current;
        assert!(raised(1) >= 1);
        assert_eq!(getrlimit(Resource::Nofile).current, before);
    }
}

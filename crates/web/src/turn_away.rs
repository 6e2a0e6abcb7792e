//! Turning new connections away before the listener is closed.

use tokio::net::TcpListener;

/// Has the kernel drop the first packet of every new connection, so that the queue of those that
/// wait to be accepted comes to an end. Their clients try again, and find the server's successor
/// or nobody. Says whether the kernel does; where it does not, the last connections may be reset.
#[cfg(target_os = "linux")]
pub(super) fn turn_away(listener: &TcpListener) -> bool {
    use socket2::{SockFilter, SockRef};

    /// Byte of a TCP header that has the flags.
    const FLAGS: u32 = 13;
    const SYN: u32 = 2;
    // Programs of the Berkeley Packet Filter: load a byte, jump if a bit is set, return.
    let filter = [
        SockFilter::new(0x30, 0, 0, FLAGS),
        SockFilter::new(0x45, 0, 1, SYN),
        SockFilter::new(0x06, 0, 0, 0),
        SockFilter::new(0x06, 0, 0, u32::MAX),
    ];
    let attached = SockRef::from(listener).attach_filter(&filter);
    attached
        .inspect_err(|error| tracing::debug!(%error, "the last connections may be reset"))
        .is_ok()
}

/// As on Linux, where other systems have no such filter.
#[cfg(not(target_os = "linux"))]
pub(super) fn turn_away(_: &TcpListener) -> bool {
    false
}

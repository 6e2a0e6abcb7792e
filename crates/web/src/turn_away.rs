//! Turns new connections away before the listener is closed.

use tokio::net::TcpListener;

/// Makes the kernel drop the SYN of new connections, so that the accept queue can drain. Those
/// clients retry, and reach the server's successor or nobody. Returns whether that works here; if
/// not, the last connections may be reset.
#[cfg(target_os = "linux")]
pub(super) fn turn_away(listener: &TcpListener) -> bool {
    use socket2::{SockFilter, SockRef};

    /// Offset of the flags in a TCP header.
    const FLAGS: u32 = 13;
    const SYN: u32 = 2;
    // Berkeley Packet Filter instructions: load a byte, jump if a bit is set, return.
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

/// Not supported on other systems.
#[cfg(not(target_os = "linux"))]
pub(super) fn turn_away(_: &TcpListener) -> bool {
    false
}

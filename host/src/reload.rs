//! Swapping the model when its file is replaced.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};
use tracing::{error, info};

use crate::host::Host;

/// Swaps the model whenever its file is another one than before, or SIGHUP arrives. A file that
/// is not fit to serve is tried once: the old model serves until there is another one.
///
/// It looks at the file again and again rather than being told of changes: that works for every
/// file system, and for volumes that containers share.
///
/// `known` is the file that was loaded at the start.
///
/// # Errors
///
/// If the process cannot watch for signals.
pub(crate) fn watch(
    host: Arc<Host>,
    mut known: Option<Identity>,
) -> anyhow::Result<impl Future<Output = ()>> {
    let mut hangup = signal(SignalKind::hangup()).context("cannot watch for SIGHUP")?;
    let mut timer = tokio::time::interval(host.config.watch_interval());
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    Ok(async move {
        loop {
            let told = tokio::select! {
                _ = timer.tick() => false,
                received = hangup.recv() => received.is_some(),
            };
            let found = Identity::of(&host.config.model);
            if told || found.is_some() && found != known {
                known = found;
                swap(&host).await;
            }
        }
    })
}

async fn swap(host: &Arc<Host>) {
    let worker = Arc::clone(host);
    let outcome = host.lane.run_own(move || worker.reload()).await;
    let outcome = match outcome {
        Ok(swapped) => swapped.map_err(anyhow::Error::from),
        Err(panicked) => Err(panicked.into()),
    };
    host.metrics.swap_attempted(outcome.is_ok());
    match outcome {
        Ok(()) => {
            let current = host.current_owned();
            let model = current.served.model();
            info!(version = %model.info().version, digest = %model.digest(), "model swapped");
        }
        Err(error) => error!(
            error = format!("{error:#}"),
            "model not swapped, the old one goes on serving"
        ),
    }
}

/// Tells one file from another at the same place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
    modified: SystemTime,
    size: u64,
}

impl Identity {
    /// The file at a path now; nothing while there is none.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let metadata = std::fs::metadata(path).ok()?;
        Some(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            modified: metadata.modified().ok()?,
            size: metadata.size(),
        })
    }
}

//! The log: its form, its filter, and panics in it.

use std::io::IsTerminal as _;

use anyhow::Context as _;
use tracing::error;
use tracing_subscriber::EnvFilter;

use crate::config::{LogConfig, LogFormat};

/// Starts the log on standard error.
///
/// # Errors
///
/// If the filter is none.
pub fn start(config: &LogConfig) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&config.filter)
        .with_context(|| format!("{:?} is no log filter; try `info`", config.filter))?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        // Nothing is lost but the line if the log cannot be written, such as to a full disk.
        .log_internal_errors(false)
        .with_writer(std::io::stderr);
    match config.format {
        LogFormat::Json => log.json().flatten_event(true).init(),
        LogFormat::Text => log.init(),
    }
    // A panic is contained where requests are handled; here it is told, in the log's own form
    // and with the request's id.
    std::panic::set_hook(Box::new(|panic| {
        error!(panic = %panic.to_string().replace('\n', ": "), "panicked");
    }));
    Ok(())
}

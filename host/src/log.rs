//! The log: its form, its filter, and panics in it.

use std::io::IsTerminal as _;

use anyhow::Context as _;
use tracing::error;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{LogConfig, LogFormat};

/// Starts the log on standard error.
///
/// # Errors
///
/// If the filter is none.
pub fn start(config: &LogConfig) -> anyhow::Result<()> {
    // Decides once for every place that logs, where a filter that can look at spans is asked
    // whenever a request's span is entered or left.
    let filter: Targets = config
        .filter
        .parse()
        .with_context(|| format!("{:?} is no log filter; try `info`", config.filter))?;
    let log = tracing_subscriber::registry().with(filter);
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(std::io::stderr().is_terminal())
        // Nothing is lost but the line if the log cannot be written, such as to a full disk.
        .log_internal_errors(false)
        .with_writer(std::io::stderr);
    match config.format {
        LogFormat::Json => log.with(lines.json().flatten_event(true)).init(),
        LogFormat::Text => log.with(lines).init(),
    }
    // A panic is contained where requests are handled; here it is told, in the log's own form
    // and with the request's id.
    std::panic::set_hook(Box::new(|panic| {
        error!(panic = %panic.to_string().replace('\n', ": "), "panicked");
    }));
    Ok(())
}

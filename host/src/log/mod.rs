//! The log: its form, its filter, and panics in it.

pub(crate) mod about;
mod line;

use std::io::IsTerminal as _;

use anyhow::Context as _;
use tracing::error;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::Format;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{LogConfig, LogFormat};

/// Starts the log on standard error.
///
/// # Errors
///
/// If the filter is none.
pub fn start(config: &LogConfig) -> anyhow::Result<()> {
    // Decides once for every place that logs.
    let filter: Targets = config
        .filter
        .parse()
        .with_context(|| format!("{:?} is no log filter; try `info`", config.filter))?;
    let log = tracing_subscriber::registry().with(filter);
    let is_terminal = std::io::stderr().is_terminal();
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(is_terminal)
        // Nothing is lost but the line if the log cannot be written, such as to a full disk.
        .log_internal_errors(false)
        .with_writer(std::io::stderr);
    match config.format {
        LogFormat::Json => {
            let lines = lines.json().flatten_event(true);
            log.with(lines.map_event_format(line::json)).init();
        }
        LogFormat::Text => {
            let text = |format: Format| line::text(format.with_ansi(is_terminal));
            log.with(lines.map_event_format(text)).init();
        }
    }
    // A panic is contained where requests are handled; here it is told, in the log's own form
    // and with the request's id.
    std::panic::set_hook(Box::new(|panic| {
        error!(panic = %panic.to_string().replace('\n', ": "), "panicked");
    }));
    Ok(())
}

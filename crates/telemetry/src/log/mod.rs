//! The log on standard error: its format and filter, and the logging of panics.

mod line;

use std::io::IsTerminal as _;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use tracing::error;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::Format;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Configuration of the log.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Log")]
#[group(id = "log-config")]
pub struct Config {
    /// Format of the log on standard error.
    #[arg(long = "log-format", env = "CANOPY_LOG_FORMAT", default_value = "text")]
    pub format: LogFormat,
    /// Log filter: a level, or a directive such as `canopy=debug`. Requests are logged at `debug`.
    #[arg(
        long = "log",
        env = "CANOPY_LOG",
        default_value = "info",
        value_name = "FILTER"
    )]
    pub filter: String,
}

/// Formats of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Human-readable text.
    Text,
    /// One JSON object per line.
    Json,
}

/// Starts the log on standard error.
///
/// # Errors
///
/// If the filter cannot be parsed.
pub fn start(config: &Config) -> anyhow::Result<()> {
    // `Targets` lets tracing cache its decision for each call site.
    let filter: Targets = config
        .filter
        .parse()
        .with_context(|| format!("{:?} is not a log filter; try `info`", config.filter))?;
    let log = tracing_subscriber::registry().with(filter);
    let is_terminal = std::io::stderr().is_terminal();
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(is_terminal)
        // If a line cannot be written, for example because the disk is full, only that line is lost.
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
    // Panics are contained where requests are handled; this hook logs them in the configured format
    // and with the request context.
    std::panic::set_hook(Box::new(|panic| {
        error!(panic = %panic.to_string().replace('\n', ": "), "panicked");
    }));
    Ok(())
}

//! The log: its format, its filter, and panics in it.

mod line;

use std::io::IsTerminal as _;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use tracing::error;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::Format;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// How the log is written.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Log")]
#[group(id = "log-config")]
pub struct Config {
    /// Form of the log on standard error.
    #[arg(long = "log-format", env = "CANOPY_LOG_FORMAT", default_value = "text")]
    pub format: LogFormat,
    /// What is logged: a level, or a filter such as `canopy=debug`; every request is at `debug`.
    #[arg(
        long = "log",
        env = "CANOPY_LOG",
        default_value = "info",
        value_name = "FILTER"
    )]
    pub filter: String,
}

/// Forms of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Text for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Starts the log on standard error.
///
/// # Errors
///
/// If the filter cannot be parsed.
pub fn start(config: &Config) -> anyhow::Result<()> {
    // Decides once for every place that logs.
    let filter: Targets = config
        .filter
        .parse()
        .with_context(|| format!("{:?} is not a log filter; try `info`", config.filter))?;
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

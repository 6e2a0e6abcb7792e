use anyhow::{Context as _, Result};
use canopy::config::{LogConfig, LogFormat};
use tracing_subscriber::EnvFilter;

/// Starts the log on standard error, in the host's forms.
pub(crate) fn start(config: &LogConfig) -> Result<()> {
    let filter = EnvFilter::try_new(&config.filter)
        .with_context(|| format!("{:?} is no log filter; try `info`", config.filter))?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match config.format {
        LogFormat::Json => log.json().flatten_event(true).init(),
        LogFormat::Text => log.init(),
    }
    Ok(())
}

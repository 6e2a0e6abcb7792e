use std::time::Duration;

use canopy_dataset::Source;
use clap::{Args, Parser, Subcommand};
use jiff::SignedDuration;
use reqwest::Url;

use crate::drill::DrillArguments;
use crate::evaluate::EvaluateArguments;
use crate::report::ReportArguments;
use crate::traffic::TrafficArguments;

/// Evaluates the model of a Canopy host, sends it traffic and makes its alerts fire, with the UCI
/// bike-sharing data.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Post weeks of labelled data and show scores and drift; exits with 1 if any failed.
    Evaluate(EvaluateArguments),
    /// Save the report of an evaluation, as one HTML file or as JSON.
    Report(ReportArguments),
    /// Send prediction requests at a steady rate; exits with 1 on any unexpected answer.
    Traffic(TrafficArguments),
    /// Make an alert fire, and follow it to Alertmanager; exits with 1 if it does not arrive.
    FireAlert(DrillArguments),
}

/// Which host, and which data; the same for every command.
#[derive(Debug, Args)]
pub(crate) struct Connection {
    /// Address of the host.
    #[arg(long, env = "CANOPY_URL", default_value = "http://127.0.0.1:8080", value_parser = url)]
    pub(crate) url: Url,

    /// API key, if the host asks for one.
    #[arg(long, env = "CANOPY_API_KEY", hide_env_values = true)]
    pub(crate) api_key: Option<String>,

    /// How long to wait for the host to be ready, such as 90s or 2m.
    #[arg(long, env = "CANOPY_WAIT", default_value = "60s", value_parser = duration)]
    pub(crate) wait: Duration,

    /// The data: built in or downloaded as needed (default), only what is built in
    /// (embedded: 2011), or a file in the format of UCI's hour.csv.
    #[arg(
        long,
        env = "CANOPY_DATA",
        default_value = "default",
        value_name = "default|embedded|FILE"
    )]
    pub(crate) data: Source,
}

pub(crate) fn url(text: &str) -> Result<Url, String> {
    Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))
        .ok_or_else(|| "expected an address such as http://127.0.0.1:8080".into())
}

pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    text.parse::<SignedDuration>()
        .and_then(Duration::try_from)
        .map_err(|_| "expected a duration such as 90s or 2m".into())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn addresses_have_a_scheme() {
        assert!(url("https://models.example/canopy/").is_ok());
        for text in ["127.0.0.1:8080", "localhost:8080", "ftp://localhost", ""] {
            assert!(url(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_have_a_unit_and_do_not_run_backwards() {
        assert_eq!(duration("1m 30s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        for text in ["60", "-1s", "soon", ""] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}

use clap::{Parser, Subcommand};

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

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}

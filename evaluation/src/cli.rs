use canopy_cli::About;
use clap::{Parser, Subcommand};

use crate::drill::DrillArguments;
use crate::evaluate::EvaluateArguments;
use crate::report::ReportArguments;
use crate::traffic::TrafficArguments;

/// Evaluates the model of a Canopy host, sends it prediction traffic and rehearses its alerts, with
/// the UCI bike-sharing data.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Evaluate the model on labelled data and print scores and drift.
    ///
    /// Fails if any period could not be evaluated.
    Evaluate(EvaluateArguments),

    /// Save the report of an evaluation as an HTML page or as JSON.
    ///
    /// Fails if the host has no such evaluation.
    Report(ReportArguments),

    /// Send prediction requests at a fixed rate and print status counts and latencies.
    ///
    /// Fails on any unexpected response: a valid request that did not succeed, or a malformed one
    /// that was not rejected.
    Traffic(TrafficArguments),

    /// Make an alert fire and follow it through Prometheus to Alertmanager.
    ///
    /// Fails if the alert does not arrive in time.
    FireAlert(DrillArguments),

    #[command(flatten)]
    About(About),
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

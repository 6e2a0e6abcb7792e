use clap::{Parser, Subcommand};

use crate::drill::DrillArguments;
use crate::evaluate::EvaluateArguments;
use crate::report::ReportArguments;
use crate::traffic::TrafficArguments;

/// Shown at the end of every help text.
const EXIT_STATUS: &str = "\
Exit status:
  0  success
  1  failure
  2  invalid command line";

/// Evaluates the model of a Canopy host, sends it prediction traffic and rehearses its alerts, with
/// the UCI bike-sharing data.
#[derive(Debug, Parser)]
#[command(version, after_help = EXIT_STATUS)]
pub struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Evaluate the model on labelled data and print scores and drift.
    ///
    /// Fails if any period could not be evaluated.
    #[command(after_help = EXIT_STATUS)]
    Evaluate(EvaluateArguments),

    /// Save the report of an evaluation as an HTML page or as JSON.
    ///
    /// Fails if the host has no such evaluation.
    #[command(after_help = EXIT_STATUS)]
    Report(ReportArguments),

    /// Send prediction requests at a fixed rate and print status counts and latencies.
    ///
    /// Fails on any unexpected response: a valid request that did not succeed, or a malformed one
    /// that was not rejected.
    #[command(after_help = EXIT_STATUS)]
    Traffic(TrafficArguments),

    /// Make an alert fire and follow it through Prometheus to Alertmanager.
    ///
    /// Fails if the alert does not arrive in time.
    #[command(after_help = EXIT_STATUS)]
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

    #[test]
    fn every_help_text_states_the_exit_status() {
        let mut cli = Cli::command();
        cli.build();
        let subcommands = cli.get_subcommands().cloned();
        let ours = subcommands.filter(|command| command.get_name() != "help");
        for mut command in ours.chain([cli.clone()]) {
            let help = command.render_long_help().to_string();
            assert!(help.contains(EXIT_STATUS), "{help}");
        }
    }
}

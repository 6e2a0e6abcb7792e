//! Configuration of evaluations.

use clap::Args;

/// Configuration of evaluations.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Evaluations")]
#[group(id = "evaluation-config")]
pub struct EvaluationConfig {
    /// Minimum number of rows of an evaluation for its scores and drift to set the gauges, and with
    /// them the alerts. A smaller one is answered and reported, and leaves the gauges as they are.
    #[arg(
        long = "counted-rows",
        env = "CANOPY_COUNTED_ROWS",
        default_value = "30",
        value_name = "ROWS"
    )]
    counted_rows: u32,
}

impl EvaluationConfig {
    /// Minimum number of rows of an evaluation that sets the gauges.
    #[must_use]
    pub fn counted_rows(&self) -> usize {
        self.counted_rows as usize
    }
}

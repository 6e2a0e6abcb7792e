//! The report of a training run.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::scores::Scores;

/// The result of a training run; displayed as a few lines of text.
#[derive(Debug, Clone)]
pub struct Report {
    /// Name of the model.
    pub name: String,
    /// Version of the model.
    pub version: String,
    /// Origin of the training rows.
    pub origin: String,
    /// First and last day of the rows, if they have dates.
    pub days: Option<(String, String)>,
    /// Number of training rows.
    pub rows: usize,
    /// Each feature's name and share of the impurity decrease.
    pub importances: Vec<(String, f64)>,
    /// Scores on the training rows.
    pub in_sample: Option<Scores>,
    /// Scores on the training rows, predicted by the trees that did not see them.
    pub out_of_bag: Option<Scores>,
    /// The component file.
    pub output: PathBuf,
    /// Size of the component in bytes.
    pub size: usize,
    /// SHA-256 of the component in lower-case hexadecimal.
    pub sha256: String,
    /// Duration of training, baking, verifying and writing.
    pub elapsed: Duration,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "model       {} {}", self.name, self.version)?;
        writeln!(f, "data        {}", self.origin)?;
        write!(f, "rows        {}", self.rows)?;
        if let Some((from, until)) = &self.days {
            write!(f, ", {from} to {until}")?;
        }
        writeln!(f, "\nfeatures    {}", self.importances.len())?;
        if let Some(scores) = self.in_sample {
            writeln!(f, "in sample   {scores}")?;
        }
        if let Some(scores) = self.out_of_bag {
            writeln!(f, "out of bag  {scores}")?;
        }
        writeln!(f, "importance")?;
        let names = self
            .importances
            .iter()
            .map(|(name, _)| name.chars().count());
        let width = names.max().unwrap_or(0);
        for (name, share) in &self.importances {
            writeln!(f, "  {name:width$}  {share:.4}")?;
        }
        writeln!(f, "component   {}", self.output.display())?;
        writeln!(f, "size        {} bytes", self.size)?;
        writeln!(f, "sha256      {}", self.sha256)?;
        writeln!(f, "seconds     {:.2}", self.elapsed.as_secs_f64())
    }
}

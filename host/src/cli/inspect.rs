//! `canopy inspect`: prints what a component file contains.

use std::fmt::{self, Display};
use std::path::Path;

use anyhow::Context as _;
use canopy_cli::print;
use canopy_runtime::{Component, Limits, Model, Runtime, Task};

use crate::loaded_model::{description, kind};
use crate::models::OpenError;

/// Prints the description, the features and the interface of a component.
///
/// # Errors
///
/// If the file cannot be read or is not a model.
pub fn run(path: &Path, as_json: bool) -> anyhow::Result<()> {
    let component =
        std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let limits = Limits {
        instances: 1,
        wasi: true,
        ..Limits::default()
    };
    let model = Runtime::new(&limits, None)?
        .load(&Component::new(component))
        .map_err(OpenError::load(path))?;
    if as_json {
        let json = serde_json::to_string_pretty(&description(&model))?;
        print(&format!("{json}\n"))
    } else {
        print(&Report(&model).to_string())
    }
}

/// A model's description as text.
struct Report<'a>(&'a Model);

impl Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let model = self.0;
        let info = model.info();
        let training = &info.training;
        writeln!(f, "{} {}", info.name, info.version)?;
        let target = &info.target;
        match info.task {
            Task::Regression => writeln!(f, "  task        regression of {target}")?,
            Task::Classification => {
                let classes = info.classes.join(", ");
                writeln!(f, "  task        classification of {target} into {classes}")?;
            }
        }
        writeln!(f, "  answers in  {}", info.response_field)?;
        write!(f, "  trained on  {} rows", training.rows)?;
        if let (Some(from), Some(until)) = (&training.from, &training.until) {
            write!(f, " from {from} until {until}")?;
        }
        writeln!(f, ", data sha256:{}", training.data_digest)?;
        writeln!(
            f,
            "  component   {} bytes, sha256:{}",
            model.size(),
            model.digest()
        )?;
        writeln!(f, "  exports     {}", model.interface())?;
        for function in model.functions() {
            writeln!(f, "                {function}")?;
        }
        let imports = if model.needs_blocking_thread() {
            "WASI, which is served with --allow-wasi"
        } else {
            "nothing"
        };
        writeln!(f, "  imports     {imports}")?;
        writeln!(
            f,
            "  reference   {} rows",
            model.reference()[0].values.len()
        )?;
        for (name, value) in &info.parameters {
            writeln!(f, "  {name:<11} {value}")?;
        }
        writeln!(f)?;
        writeln!(
            f,
            "  {:<14} {:<11} {:>10} {:>10} {:>10} {:>10} {:>10}  description",
            "feature", "kind", "minimum", "maximum", "mean", "std", "importance"
        )?;
        for feature in &info.features {
            let kind = kind(feature.kind).to_string();
            let importance = feature
                .importance
                .map_or_else(|| "-".to_owned(), |share| format!("{:.1} %", 100.0 * share));
            writeln!(
                f,
                "  {:<14} {kind:<11} {:>10.4} {:>10.4} {:>10.4} {:>10.4} {importance:>10}  {}",
                feature.name,
                feature.minimum,
                feature.maximum,
                feature.mean,
                feature.standard_deviation,
                feature.description
            )?;
        }
        Ok(())
    }
}

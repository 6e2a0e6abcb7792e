//! Checks a model's reference sample, the baseline for drift detection.

use super::bindings::exports::canopy::model::inference::{Column, ModelInfo, Task};
use super::description::PREDICTION;
use super::error::LoadError;
use super::limits::Limits;

/// Checks that the sample has the columns that the description requires, all of the same length,
/// and that its values are finite numbers or class indices.
pub(super) fn check(info: &ModelInfo, reference: &[Column]) -> Result<(), LoadError> {
    let fault = fault_in_names(info, reference)
        .or_else(|| fault_in_length(reference))
        .or_else(|| fault_in_values(info, reference));
    fault.map_or(Ok(()), |fault| Err(LoadError::Reference(fault)))
}

fn fault_in_names(info: &ModelInfo, reference: &[Column]) -> Option<String> {
    let expected: Vec<&str> = info
        .features
        .iter()
        .map(|feature| feature.name.as_str())
        .chain([info.target.as_str(), PREDICTION])
        .collect();
    if reference.len() != expected.len() {
        return Some(format!(
            "it has {} columns, expected {}",
            reference.len(),
            expected.len()
        ));
    }
    let mut pairs = expected.iter().zip(reference).enumerate();
    let (position, (expected, _)) = pairs.find(|(_, (name, column))| **name != column.name)?;
    Some(format!("column {position} should be named {expected:?}"))
}

fn fault_in_length(reference: &[Column]) -> Option<String> {
    let rows = reference[0].values.len();
    if rows == 0 {
        return Some("it has no rows".into());
    }
    let most = Limits::REFERENCE_ROWS;
    if rows > most {
        return Some(format!("it has {rows} rows; the limit is {most}"));
    }
    let mut columns = reference.iter();
    let column = columns.find(|column| column.values.len() != rows)?;
    Some(format!(
        "column {:?} has {} values, but the first column has {rows}",
        column.name,
        column.values.len()
    ))
}

fn fault_in_values(info: &ModelInfo, reference: &[Column]) -> Option<String> {
    let classes = 0.0..info.classes.len() as f64;
    let (features, outcomes) = reference.split_at(info.features.len());
    let is_class = |value: f64| value.fract() == 0.0 && classes.contains(&value);
    let fault = |columns: &[Column], is_possible: &dyn Fn(f64) -> bool, what| {
        columns.iter().find_map(|column| {
            let value = column.values.iter().find(|&&value| !is_possible(value))?;
            Some(format!(
                "{value} in column {:?} is not a {what}",
                column.name
            ))
        })
    };
    fault(features, &f64::is_finite, "finite number").or_else(|| match info.task {
        Task::Regression => fault(outcomes, &f64::is_finite, "finite number"),
        Task::Classification => fault(outcomes, &is_class, "class index"),
    })
}

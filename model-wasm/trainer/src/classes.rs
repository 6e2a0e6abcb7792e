//! Encodes the class labels of a classification.

use std::collections::BTreeSet;

use anyhow::{Result, bail};

/// Encodes labels as indices into the list of classes; returns the indices and the classes. The
/// classes are the distinct labels, sorted numerically if all of them are numbers, otherwise
/// lexicographically.
///
/// # Errors
///
/// If there are fewer than two classes.
pub(crate) fn encode(labels: &[String]) -> Result<(Vec<f64>, Vec<String>)> {
    let distinct: BTreeSet<&String> = labels.iter().collect();
    let mut classes: Vec<String> = distinct.into_iter().cloned().collect();
    if classes.len() < 2 {
        bail!(
            "every row is {}; at least two classes are needed",
            classes.join("")
        );
    }
    let numbers: Option<Vec<f64>> = classes.iter().map(|label| label.parse().ok()).collect();
    if let Some(numbers) = numbers {
        let mut numbered: Vec<_> = numbers.into_iter().zip(classes).collect();
        numbered.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        classes = numbered.into_iter().map(|(_, label)| label).collect();
    }
    let position = |label| classes.iter().position(|class| class == label);
    let positions = labels.iter().filter_map(position);
    Ok((positions.map(|position| position as f64).collect(), classes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(labels: &[&str]) -> (Vec<f64>, Vec<String>) {
        let labels: Vec<String> = labels.iter().map(ToString::to_string).collect();
        encode(&labels).unwrap()
    }

    #[test]
    fn numeric_labels_are_sorted_numerically() {
        let (positions, classes) = encoded(&["10", "9", "-1", "9"]);
        assert_eq!(classes, ["-1", "9", "10"]);
        assert_eq!(positions, [2.0, 1.0, 0.0, 1.0]);
    }

    #[test]
    fn other_labels_are_sorted_lexicographically() {
        assert_eq!(encoded(&["wet", "10", "dry"]).1, ["10", "dry", "wet"]);
    }

    #[test]
    fn a_single_class_is_refused() {
        assert!(encode(&["wet".into(), "wet".into()]).is_err());
    }
}

//! Checks the description that a model gives of itself.

use std::collections::HashSet;

use super::bindings::exports::canopy::model::inference::{Feature, ModelInfo, Task};
use super::error::LoadError;
use super::limits::Limits;

/// Maximum lengths of texts and names, in bytes.
const LONGEST_TEXT: usize = 4096;
const LONGEST_NAME: usize = 256;
/// Field of the class probabilities in the response of a classification.
const PROBABILITIES: &str = "probabilities";
/// Name of the last column of the reference sample.
pub(super) const PREDICTION: &str = "prediction";

/// Checks a description against the contract and the host's limits.
pub(super) fn check(info: &ModelInfo) -> Result<(), LoadError> {
    let fault = fault_in_names(info)
        .or_else(|| fault_in_features(info))
        .or_else(|| fault_in_texts(info))
        .or_else(|| fault_in_classes(info));
    fault.map_or(Ok(()), |fault| Err(LoadError::Description(fault)))
}

fn fault_in_names(info: &ModelInfo) -> Option<String> {
    for (what, text) in [
        ("name", &info.name),
        ("version", &info.version),
        ("target", &info.target),
        ("response field", &info.response_field),
    ] {
        if !is_name(text) || text.contains(char::is_whitespace) {
            return Some(format!(
                "the {what} {} is empty, too long or contains white space",
                quoted(text)
            ));
        }
    }
    if info.target == PREDICTION {
        return Some(
            "the target has the reserved name of the prediction column in the reference sample"
                .into(),
        );
    }
    if info.task == Task::Classification && info.response_field == PROBABILITIES {
        return Some(format!(
            "the response field {PROBABILITIES:?} is reserved for the class probabilities"
        ));
    }
    None
}

fn fault_in_features(info: &ModelInfo) -> Option<String> {
    let features = &info.features;
    if features.is_empty() {
        return Some("it has no features".into());
    }
    if features.len() > Limits::FEATURES {
        return Some(format!(
            "it has {} features; the limit is {}",
            features.len(),
            Limits::FEATURES
        ));
    }
    let mut names = HashSet::new();
    features.iter().find_map(|feature| {
        let name = &feature.name;
        if let Some(fault) = fault_in_feature(feature) {
            Some(fault)
        } else if !names.insert(name) {
            Some(format!("two features are named {name:?}"))
        } else if *name == info.target {
            Some(format!("{name:?} is both a feature and the target"))
        } else {
            None
        }
    })
}

fn fault_in_feature(feature: &Feature) -> Option<String> {
    let name = &feature.name;
    if !is_name(name) {
        return Some(format!(
            "the feature name {} is empty or too long",
            quoted(name)
        ));
    }
    if feature.description.len() > LONGEST_TEXT || feature.unit.len() > LONGEST_TEXT {
        return Some(format!("the description or unit of {name:?} is too long"));
    }
    if name.trim() != name {
        return Some(format!(
            "the feature name {name:?} begins or ends with white space"
        ));
    }
    if name == PREDICTION {
        return Some(format!(
            "the feature name {name:?} is reserved for the prediction column in the reference sample"
        ));
    }
    let numbers = [
        feature.minimum,
        feature.maximum,
        feature.mean,
        feature.standard_deviation,
        feature.example,
        feature.importance.unwrap_or_default(),
    ];
    if !numbers.iter().all(|number| number.is_finite())
        || feature.minimum > feature.maximum
        || feature.standard_deviation < 0.0
    {
        return Some(format!("the statistics of {name:?} are invalid"));
    }
    None
}

fn fault_in_texts(info: &ModelInfo) -> Option<String> {
    let training = &info.training;
    let mut texts = [Some(&training.data_digest)]
        .into_iter()
        .chain([training.from.as_ref(), training.until.as_ref()])
        .flatten();
    if let Some(text) = texts.find(|text| text.len() > LONGEST_NAME) {
        return Some(format!(
            "{} in its training information is too long",
            quoted(text)
        ));
    }
    let mut parameters = info.parameters.iter();
    let (name, _) =
        parameters.find(|(name, value)| name.len() > LONGEST_NAME || value.len() > LONGEST_TEXT)?;
    Some(format!("the parameter {} is too long", quoted(name)))
}

fn fault_in_classes(info: &ModelInfo) -> Option<String> {
    let classes = &info.classes;
    if classes.len() > Limits::CLASSES {
        return Some(format!(
            "it has {} classes; the limit is {}",
            classes.len(),
            Limits::CLASSES
        ));
    }
    if let Some(class) = classes.iter().find(|class| !is_name(class)) {
        return Some(format!("the class {} is empty or too long", quoted(class)));
    }
    let distinct: HashSet<&String> = classes.iter().collect();
    if distinct.len() != classes.len() {
        return Some("two classes have the same label".into());
    }
    match info.task {
        Task::Classification if classes.len() < 2 => {
            Some("a classification needs at least two classes".into())
        }
        Task::Regression if !classes.is_empty() => Some("a regression cannot have classes".into()),
        _ => None,
    }
}

fn is_name(text: &str) -> bool {
    (1..=LONGEST_NAME).contains(&text.len()) && !text.contains(char::is_control)
}

/// The beginning of a text, quoted.
fn quoted(text: &str) -> String {
    format!("{:?}", text.chars().take(64).collect::<String>())
}

//! What a component must keep to before it is served.

use std::collections::HashSet;

use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime::component::Type;
use wasmtime::component::types::{ComponentFunc, ComponentItem};

use super::bindings::exports::canopy::model::inference::{Column, ModelInfo, Task};
use super::error::LoadError;

/// The interface that a model exports, without its version.
const INTERFACE: &str = "canopy:model/inference";
/// Its versions that this host serves, as a prefix and for people.
const SERVED: (&str, &str) = ("0.1.", "0.1.x");
/// Longest text and longest name in a description, in bytes.
const LONGEST_TEXT: usize = 4096;
const LONGEST_NAME: usize = 256;
/// Most features, classes and rows of the reference sample.
const MOST_FEATURES: usize = 10_000;
const MOST_CLASSES: usize = 1000;
const MOST_ROWS: usize = 100_000;
/// Key of the probabilities in the answer of a classification.
pub(crate) const PROBABILITIES: &str = "probabilities";
/// Name of the last column of the reference sample.
const PREDICTION: &str = "prediction";

/// Checks the component's type: no imports, and the right interface in a served version.
pub(super) fn check_interface(engine: &Engine, component: &Component) -> Result<String, LoadError> {
    let ty = component.component_type();
    if let Some((import, _)) = ty.imports(engine).next() {
        return Err(LoadError::Import(import.to_owned()));
    }
    let exports: Vec<String> = ty
        .exports(engine)
        .map(|(name, _)| name.to_owned())
        .collect();
    let versioned =
        |name: &String| Some(name.strip_prefix(INTERFACE)?.strip_prefix('@')?.to_owned());
    let Some(version) = exports.iter().find_map(versioned) else {
        return Err(LoadError::Interface {
            expected: INTERFACE,
            found: match exports.as_slice() {
                [] => "nothing".to_owned(),
                names => names.join(", "),
            },
        });
    };
    if !version.starts_with(SERVED.0) {
        return Err(LoadError::Version {
            interface: INTERFACE,
            found: version,
            served: SERVED.1,
        });
    }
    Ok(format!("{INTERFACE}@{version}"))
}

/// The functions of the component's interface with their types, one line each, for a person.
pub(super) fn functions(engine: &Engine, component: &Component, interface: &str) -> Vec<String> {
    let ty = component.component_type();
    let Some(item) = ty.get_export(engine, interface) else {
        return Vec::new();
    };
    let ComponentItem::ComponentInstance(instance) = item.ty else {
        return Vec::new();
    };
    let functions = instance
        .exports(engine)
        .filter(|(_, item)| matches!(item.ty, ComponentItem::ComponentFunc(_)));
    functions
        .map(|(name, item)| match item.ty {
            ComponentItem::ComponentFunc(function) => signature(name, &function),
            _ => name.to_owned(),
        })
        .collect()
}

fn signature(name: &str, function: &ComponentFunc) -> String {
    let parameters = function.params();
    let parameters: Vec<String> = parameters
        .map(|(name, ty)| format!("{name}: {}", type_name(&ty)))
        .collect();
    let results: String = function
        .results()
        .map(|ty| format!(" -> {}", type_name(&ty)))
        .collect();
    format!("{name}: func({}){results}", parameters.join(", "))
}

/// A type as it is written in WIT; a component does not keep the names of records and variants.
fn type_name(ty: &Type) -> String {
    match ty {
        Type::List(list) => format!("list<{}>", type_name(&list.ty())),
        Type::Option(option) => format!("option<{}>", type_name(&option.ty())),
        Type::Result(result) => {
            let name = |ty: Option<Type>| ty.map_or_else(|| "_".to_owned(), |ty| type_name(&ty));
            format!("result<{}, {}>", name(result.ok()), name(result.err()))
        }
        Type::Bool => "bool".to_owned(),
        Type::U32 => "u32".to_owned(),
        Type::U64 => "u64".to_owned(),
        Type::Float64 => "f64".to_owned(),
        Type::String => "string".to_owned(),
        Type::Record(_) => "record".to_owned(),
        Type::Variant(_) => "variant".to_owned(),
        Type::Enum(_) => "enum".to_owned(),
        _ => "other".to_owned(),
    }
}

/// Checks what a model says of itself.
pub(super) fn check_description(info: &ModelInfo) -> Result<(), LoadError> {
    fault_in(info).map_or(Ok(()), |fault| Err(LoadError::Description(fault)))
}

fn fault_in(info: &ModelInfo) -> Option<String> {
    let features = &info.features;
    for (what, text) in [
        ("name", &info.name),
        ("version", &info.version),
        ("target", &info.target),
        ("response field", &info.response_field),
    ] {
        if text.is_empty() || text.len() > LONGEST_NAME || text.contains(char::is_whitespace) {
            return Some(format!(
                "the {what} {text:.64?} is empty, too long or has white space"
            ));
        }
    }
    if features.is_empty() {
        return Some("it has no features".into());
    }
    if features.len() > MOST_FEATURES {
        return Some(format!(
            "it has {} features, more than {MOST_FEATURES}",
            features.len()
        ));
    }
    if info.classes.len() > MOST_CLASSES {
        return Some(format!(
            "it has {} classes, more than {MOST_CLASSES}",
            info.classes.len()
        ));
    }
    let mut names = HashSet::new();
    for feature in features {
        let name = &feature.name;
        if name.is_empty() || name.len() > LONGEST_NAME {
            return Some(format!("the feature name {name:.64?} is empty or too long"));
        }
        if feature.description.len() > LONGEST_TEXT || feature.unit.len() > LONGEST_TEXT {
            return Some(format!("the description or unit of {name:?} is too long"));
        }
        if !names.insert(name) {
            return Some(format!("two features are named {name:?}"));
        }
        if name.trim() != name {
            return Some(format!(
                "the feature name {name:?} begins or ends with white space"
            ));
        }
        if name == PREDICTION {
            return Some(format!(
                "{name:?} is the name of the predictions in the reference sample"
            ));
        }
        if *name == info.target {
            return Some(format!("{name:?} is a feature and the target"));
        }
        let numbers = [
            feature.minimum,
            feature.maximum,
            feature.mean,
            feature.standard_deviation,
            feature.example,
        ];
        if !numbers
            .iter()
            .chain(&feature.importance)
            .all(|number| number.is_finite())
            || feature.minimum > feature.maximum
            || feature.standard_deviation < 0.0
        {
            return Some(format!("the statistics of {name:?} are impossible"));
        }
    }
    if info.target == PREDICTION {
        return Some("the target has the name of the predictions in the reference sample".into());
    }
    if info.task == Task::Classification && info.response_field == PROBABILITIES {
        return Some(format!(
            "{PROBABILITIES:?} is taken by the probabilities in an answer"
        ));
    }
    let training = &info.training;
    let dates = training.from.iter().chain(&training.until);
    if let Some(text) = dates
        .chain([&training.data_digest])
        .find(|text| text.len() > LONGEST_NAME)
    {
        return Some(format!("{text:.64?} in its training is too long"));
    }
    let parameters = &info.parameters;
    if let Some((name, _)) = parameters
        .iter()
        .find(|(name, value)| name.len() > LONGEST_NAME || value.len() > LONGEST_TEXT)
    {
        return Some(format!("the parameter {name:.64?} is too long"));
    }
    if let Some(class) = info
        .classes
        .iter()
        .find(|class| class.is_empty() || class.len() > LONGEST_NAME)
    {
        return Some(format!("the class {class:.64?} is empty or too long"));
    }
    let classes: HashSet<&String> = info.classes.iter().collect();
    if classes.len() != info.classes.len() {
        return Some("two classes have the same label".into());
    }
    match info.task {
        Task::Classification if classes.len() < 2 => {
            Some("a classification needs at least two classes".into())
        }
        Task::Regression if !classes.is_empty() => Some("a regression has no classes".into()),
        _ => None,
    }
}

/// Checks that the reference sample has the columns of the description, equally long, and that
/// its values are numbers, or positions of classes.
pub(super) fn check_reference(info: &ModelInfo, reference: &[Column]) -> Result<(), LoadError> {
    let expected: Vec<&str> = info
        .features
        .iter()
        .map(|feature| feature.name.as_str())
        .chain([info.target.as_str(), PREDICTION])
        .collect();
    let found: Vec<&str> = reference
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    if expected.len() != found.len() {
        return Err(LoadError::Reference(format!(
            "it has {} columns, expected {}",
            found.len(),
            expected.len()
        )));
    }
    if let Some((expected, found)) = expected.iter().zip(&found).find(|(a, b)| a != b) {
        return Err(LoadError::Reference(format!(
            "it has a column {found:.64?}, expected {expected:?}"
        )));
    }
    let rows = reference[0].values.len();
    if rows == 0 {
        return Err(LoadError::Reference("it has no rows".into()));
    }
    if rows > MOST_ROWS {
        return Err(LoadError::Reference(format!(
            "it has {rows} rows, more than {MOST_ROWS}"
        )));
    }
    if let Some(column) = reference.iter().find(|column| column.values.len() != rows) {
        return Err(LoadError::Reference(format!(
            "column {:?} has {} values, the first has {rows}",
            column.name,
            column.values.len()
        )));
    }
    for (position, column) in reference.iter().enumerate() {
        let is_class = info.task == Task::Classification && position >= info.features.len();
        let is_possible = |value: f64| {
            if is_class {
                value.fract() == 0.0 && (0.0..info.classes.len() as f64).contains(&value)
            } else {
                value.is_finite()
            }
        };
        if let Some(value) = column.values.iter().find(|&&value| !is_possible(value)) {
            return Err(LoadError::Reference(format!(
                "{value} in column {:?} is no {}",
                column.name,
                if is_class { "class" } else { "finite number" }
            )));
        }
    }
    Ok(())
}

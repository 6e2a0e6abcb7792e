//! Checks the values of a specification beyond its syntax.

use std::collections::HashSet;

use canopy_forest::Task;

use super::Spec;

/// Name of the column with the model's own predictions in the reference sample.
const PREDICTION: &str = "prediction";
/// Field of the class probabilities in the response of a classification.
const PROBABILITIES: &str = "probabilities";
/// Maximum number of trees: more than any forest benefits from, while a typo could otherwise train
/// for days.
const MAX_TREES: usize = 100_000;
const RESERVED: &str = "the name is reserved for the model's own predictions; rename the column";

impl Spec {
    /// The first invalid value: its key and the problem.
    pub(super) fn fault(&self) -> Option<(String, String)> {
        let fault = |key: &str, problem: String| Some((key.to_owned(), problem));
        let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if self.name.is_empty() || !self.name.chars().all(is_allowed) {
            let problem = format!(
                "{:?} must consist of lower-case letters, digits and hyphens",
                self.name
            );
            return fault("name", problem);
        }
        for (key, text) in [
            ("version", &self.version),
            ("response_field", &self.response_field),
            ("target", &self.target),
        ] {
            if text.is_empty() || text.contains(char::is_whitespace) {
                return fault(key, format!("{text:?} is empty or contains white space"));
            }
        }
        if self.task == Task::Classification && self.response_field == PROBABILITIES {
            let problem = "the name is reserved for the class probabilities in responses; choose a different one";
            return fault("response_field", problem.into());
        }
        if self.target == PREDICTION {
            return fault("target", RESERVED.into());
        }
        self.data_fault()
            .map(|(key, problem)| (key.to_owned(), problem.to_owned()))
            .or_else(|| self.feature_fault())
            .or_else(|| self.forest_fault())
            .or_else(|| {
                let fault = self.retraining.fault();
                fault.map(|(key, problem)| (key.to_owned(), problem.to_owned()))
            })
    }

    fn data_fault(&self) -> Option<(&'static str, &'static str)> {
        let data = &self.data;
        let date = data.date.as_ref();
        if data.source.is_some() == data.file.is_some() {
            Some(("data", "set either source or file, but not both"))
        } else if date.is_none() && (data.from.is_some() || data.until.is_some()) {
            Some((
                "data.date",
                "name the column with the day of a row; from and until require it",
            ))
        } else if data
            .from
            .zip(data.until)
            .is_some_and(|(from, until)| from > until)
        {
            Some(("data.until", "it is before data.from"))
        } else if date.is_some_and(|date| self.features.iter().any(|f| f.name == *date)) {
            Some((
                "data.date",
                "the column is also a feature, but a feature must be a number",
            ))
        } else if date == Some(&self.target) {
            Some(("data.date", "the column is also the target"))
        } else {
            None
        }
    }

    fn feature_fault(&self) -> Option<(String, String)> {
        if self.features.is_empty() {
            return Some(("features".into(), "list at least one feature".into()));
        }
        let mut names = HashSet::new();
        for (index, feature) in self.features.iter().enumerate() {
            let name = &feature.name;
            let problem = if name.is_empty() {
                "the name is empty".into()
            } else if *name == self.target {
                format!("{name} is the target, which cannot be a feature")
            } else if name == PREDICTION {
                RESERVED.into()
            } else if !names.insert(name) {
                format!("{name} occurs more than once")
            } else {
                continue;
            };
            return Some((format!("features[{index}].name"), problem));
        }
        None
    }

    fn forest_fault(&self) -> Option<(String, String)> {
        let features = self.features.len();
        if self.forest.min_samples_split < 2 {
            return Some((
                "forest.min_samples_split".into(),
                "must be at least 2".into(),
            ));
        }
        if self.forest.trees.get() > MAX_TREES {
            let problem = format!("must be at most {MAX_TREES}");
            return Some(("forest.trees".into(), problem));
        }
        if self.forest.max_depth == Some(0) {
            return Some(("forest.max_depth".into(), "must be at least 1".into()));
        }
        if self.features_per_split() > features {
            let problem = format!("there are only {features} features");
            return Some(("forest.features_per_split".into(), problem));
        }
        None
    }
}

//! Values that parse and are impossible nevertheless.

use std::collections::HashSet;

use canopy_forest::Task;

use super::Spec;

/// Name of the reference sample's column with the model's own answers.
const PREDICTION: &str = "prediction";
/// Key of the probabilities in the answer of a classification.
const PROBABILITIES: &str = "probabilities";
/// More trees than any forest gains from; a slip of the finger would train for days.
const MOST_TREES: usize = 100_000;
const TAKEN: &str = "prediction is what the model's own answers are called, rename the column";

impl Spec {
    /// The first impossible value: its key, and what is wrong with it.
    pub(super) fn fault(&self) -> Option<(String, String)> {
        let fault = |key: &str, problem: String| Some((key.to_owned(), problem));
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if self.name.is_empty() || !self.name.chars().all(allowed) {
            let problem = format!(
                "{:?} is not lower-case letters, digits and hyphens",
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
                return fault(key, format!("{text:?} is empty or has white space"));
            }
        }
        if self.task == Task::Classification && self.response_field == PROBABILITIES {
            let problem = "the probabilities in an answer are called so, choose another";
            return fault("response_field", problem.into());
        }
        if self.target == PREDICTION {
            return fault("target", TAKEN.into());
        }
        self.data_fault()
            .map(|(key, problem)| (key.to_owned(), problem.to_owned()))
            .or_else(|| self.feature_fault())
            .or_else(|| self.forest_fault())
    }

    fn data_fault(&self) -> Option<(&'static str, &'static str)> {
        let data = &self.data;
        let date = data.date.as_ref();
        if data.source.is_some() == data.file.is_some() {
            Some(("data", "give either source or file"))
        } else if date.is_none() && (data.from.is_some() || data.until.is_some()) {
            Some((
                "data.date",
                "name the column with the day, from and until need it",
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
                "it is a feature as well, and a feature is a number",
            ))
        } else if date == Some(&self.target) {
            Some(("data.date", "it is the target as well"))
        } else {
            None
        }
    }

    fn feature_fault(&self) -> Option<(String, String)> {
        if self.features.is_empty() {
            return Some(("features".into(), "give at least one".into()));
        }
        let mut names = HashSet::new();
        for (index, feature) in self.features.iter().enumerate() {
            let name = &feature.name;
            let problem = if name.is_empty() {
                "it is empty".into()
            } else if *name == self.target {
                format!("{name} is the target, and a model must not see it")
            } else if name == PREDICTION {
                TAKEN.into()
            } else if !names.insert(name) {
                format!("{name} occurs twice")
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
            return Some(("forest.min_samples_split".into(), "give at least 2".into()));
        }
        if self.forest.trees.get() > MOST_TREES {
            let problem = format!("give at most {MOST_TREES}");
            return Some(("forest.trees".into(), problem));
        }
        if self.forest.max_depth == Some(0) {
            return Some(("forest.max_depth".into(), "give at least 1".into()));
        }
        if self.features_per_split() > features {
            let problem = format!("there are only {features} features");
            return Some(("forest.features_per_split".into(), problem));
        }
        None
    }
}

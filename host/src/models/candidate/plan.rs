//! The plan of a trial.

use serde::{Deserialize, Serialize};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{Object, Schema};
use utoipa::{PartialSchema as _, ToSchema};

/// How a candidate is tried out: as a `shadow`, whose predictions are compared but never returned,
/// or as a `canary`, which answers a share of the requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = TrialMode)]
pub enum Mode {
    /// It gets a copy of every request; its predictions are compared but never returned.
    Shadow,
    /// It answers a share of the requests.
    Canary,
}

impl Mode {
    /// The name of the mode.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Shadow => "shadow",
            Self::Canary => "canary",
        }
    }
}

/// The plan of a trial: which requests the candidate gets, and the criteria for promoting it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Plan {
    /// How the candidate is tried out.
    pub mode: Mode,
    /// Share of the requests that a canary answers, from 0 to 1.
    #[schema(minimum = 0, maximum = 1)]
    pub share: f64,
    /// Number of compared or failed requests after which the trial is decided. Without it, the trial
    /// is decided manually. A promotion also needs `min-rows`, `min-clients` and `min-seconds`.
    #[schema(minimum = 1)]
    pub requests: Option<u64>,
    /// Minimum number of distinct rows that were compared for a promotion.
    #[schema(minimum = 0, maximum = 100_000)]
    pub min_rows: u64,
    /// Minimum number of clients whose requests were compared for a promotion: users, or addresses
    /// where there are no users. 1 where all requests come through one client, such as a gateway.
    #[schema(minimum = 0, maximum = 1000)]
    pub min_clients: u64,
    /// Minimum time that the trial takes before a promotion, in seconds; counted anew after a restart.
    #[schema(minimum = 0)]
    pub min_seconds: u64,
    /// Maximum share of failed requests for a promotion.
    #[schema(minimum = 0, maximum = 1)]
    pub max_errors: f64,
    /// Maximum median duration of a call for a promotion, as a multiple of the serving version's.
    #[schema(minimum = 0)]
    pub max_latency: f64,
    /// Maximum share of disagreeing predictions for a promotion.
    #[schema(minimum = 0, maximum = 1)]
    pub max_disagreement: f64,
    /// Maximum difference between two agreeing predictions of a regression, in standard deviations
    /// of the predictions in the reference sample. Classes agree if they are equal.
    #[schema(minimum = 0)]
    pub tolerance: f64,
}

impl Default for Plan {
    /// A shadow whose trial is decided manually. If it is given a number of requests, neither one
    /// client nor one row can bring about a promotion.
    fn default() -> Self {
        Self {
            mode: Mode::Shadow,
            share: 0.1,
            requests: None,
            min_rows: 100,
            min_clients: 2,
            min_seconds: 600,
            max_errors: 0.01,
            max_latency: 2.0,
            max_disagreement: 0.1,
            tolerance: 0.25,
        }
    }
}

impl Plan {
    /// Largest `min_rows`, which bounds the memory of a trial.
    const MAX_ROWS: u64 = 100_000;
    /// Largest `min_clients`, likewise.
    const MAX_CLIENTS: u64 = 1000;

    /// The invalid fields, each with its problem.
    #[must_use]
    pub fn problems(&self) -> Vec<(&'static str, &'static str)> {
        let share = |value: f64| (0.0..=1.0).contains(&value);
        let positive = |value: f64| value.is_finite() && value >= 0.0;
        [
            ("share", share(self.share), "must be from 0 to 1"),
            ("max-errors", share(self.max_errors), "must be from 0 to 1"),
            (
                "max-disagreement",
                share(self.max_disagreement),
                "must be from 0 to 1",
            ),
            (
                "max-latency",
                positive(self.max_latency),
                "must be a factor of at least 0",
            ),
            (
                "tolerance",
                positive(self.tolerance),
                "must be a number of at least 0",
            ),
            ("requests", self.requests != Some(0), "must be at least 1"),
            (
                "min-rows",
                self.min_rows <= Self::MAX_ROWS,
                "must be at most 100000",
            ),
            (
                "min-clients",
                self.min_clients <= Self::MAX_CLIENTS,
                "must be at most 1000",
            ),
        ]
        .into_iter()
        .filter(|(_, holds, _)| !holds)
        .map(|(field, _, problem)| (field, problem))
        .collect()
    }

    /// The schema of a plan in a response: all fields are present, among others.
    pub(super) fn in_full() -> Object {
        let RefOr::T(Schema::Object(mut plan)) = Self::schema() else {
            unreachable!("a plan is an object")
        };
        plan.required = plan.properties.keys().cloned().collect();
        plan.additional_properties = None;
        plan
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_fields_of_a_plan_are_reported() {
        let plan = Plan {
            share: 1.5,
            tolerance: f64::NAN,
            requests: Some(0),
            min_clients: 1001,
            ..Plan::default()
        };
        let fields: Vec<_> = plan
            .problems()
            .into_iter()
            .map(|(field, _)| field)
            .collect();
        assert_eq!(fields, ["share", "tolerance", "requests", "min-clients"]);
    }
}

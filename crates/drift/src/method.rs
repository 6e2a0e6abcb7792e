use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{Object, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::kind::Kind;

/// A test or distance that compares two samples of a column.
///
/// Parsed from, displayed and serialised as Evidently's names, such as `ks` or `kl_div`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "&'static str", try_from = "String")]
pub enum Method {
    /// Two-sample Kolmogorov–Smirnov test, p-value.
    Ks,
    /// Pearson's chi-square test, p-value.
    ChiSquare,
    /// Z-test of two proportions, p-value.
    Z,
    /// Wasserstein distance, in standard deviations of the reference.
    Wasserstein,
    /// Jensen–Shannon distance.
    JensenShannon,
    /// Population stability index.
    Psi,
    /// Kullback–Leibler divergence of the reference from the current sample.
    KlDiv,
    /// Hellinger distance.
    Hellinger,
    /// Permutation test of the total variation distance, p-value.
    Tvd,
    /// k-sample Anderson–Darling test, p-value.
    Anderson,
    /// Two-sample Cramér–von Mises test, p-value.
    CramerVonMises,
    /// One-sided Mann–Whitney U test for an increase, p-value.
    MannWhitney,
    /// Energy distance.
    EnergyDistance,
    /// Epps–Singleton test, p-value.
    EppsSingleton,
    /// Student's two-sample t-test, p-value.
    TTest,
    /// G-test (log-likelihood ratio), p-value.
    GTest,
    /// Fisher's exact test, p-value.
    FisherExact,
}

impl Method {
    /// All methods.
    pub const ALL: [Self; 17] = [
        Self::Ks,
        Self::ChiSquare,
        Self::Z,
        Self::Wasserstein,
        Self::JensenShannon,
        Self::Psi,
        Self::KlDiv,
        Self::Hellinger,
        Self::Tvd,
        Self::Anderson,
        Self::CramerVonMises,
        Self::MannWhitney,
        Self::EnergyDistance,
        Self::EppsSingleton,
        Self::TTest,
        Self::GTest,
        Self::FisherExact,
    ];

    /// The method that Evidently uses when none is given.
    ///
    /// `rows` is the length of the reference, `distinct` the number of distinct
    /// values in reference and current sample together. A numerical column of
    /// at most five distinct values is compared as a categorical one.
    pub(crate) fn default_for(kind: Kind, rows: usize, distinct: usize) -> Self {
        let numerical = kind == Kind::Numerical && distinct > 5;
        match (rows <= 1000, numerical) {
            (true, true) => Self::Ks,
            (true, false) if distinct > 2 => Self::ChiSquare,
            (true, false) => Self::Z,
            (false, true) => Self::Wasserstein,
            (false, false) => Self::JensenShannon,
        }
    }

    /// Evidently's name of the method.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ks => "ks",
            Self::ChiSquare => "chisquare",
            Self::Z => "z",
            Self::Wasserstein => "wasserstein",
            Self::JensenShannon => "jensenshannon",
            Self::Psi => "psi",
            Self::KlDiv => "kl_div",
            Self::Hellinger => "hellinger",
            Self::Tvd => "TVD",
            Self::Anderson => "anderson",
            Self::CramerVonMises => "cramer_von_mises",
            Self::MannWhitney => "mannw",
            Self::EnergyDistance => "ed",
            Self::EppsSingleton => "es",
            Self::TTest => "t_test",
            Self::GTest => "g_test",
            Self::FisherExact => "fisher_exact",
        }
    }

    /// Whether the method may be chosen for columns of `kind`.
    pub const fn applies_to(self, kind: Kind) -> bool {
        match self {
            Self::JensenShannon | Self::Psi | Self::KlDiv | Self::Hellinger => true,
            Self::ChiSquare | Self::Z | Self::Tvd | Self::GTest | Self::FisherExact => {
                matches!(kind, Kind::Categorical)
            }
            Self::Ks
            | Self::Wasserstein
            | Self::Anderson
            | Self::CramerVonMises
            | Self::MannWhitney
            | Self::EnergyDistance
            | Self::EppsSingleton
            | Self::TTest => matches!(kind, Kind::Numerical),
        }
    }

    /// The threshold that Evidently uses when none is given: a p-value for tests,
    /// otherwise a distance.
    pub const fn default_threshold(self) -> f64 {
        match self {
            Self::Ks
            | Self::ChiSquare
            | Self::Z
            | Self::MannWhitney
            | Self::EppsSingleton
            | Self::TTest => 0.05,
            _ => 0.1,
        }
    }

    /// Whether the score is a p-value, which is small if there is drift;
    /// otherwise it is a distance, which is large.
    pub const fn is_p_value(self) -> bool {
        !matches!(
            self,
            Self::Wasserstein
                | Self::JensenShannon
                | Self::Psi
                | Self::KlDiv
                | Self::Hellinger
                | Self::EnergyDistance
        )
    }

    /// Whether `score` indicates drift. As in Evidently, a score equal to the
    /// threshold does so for some methods only.
    pub(crate) fn drifted(self, score: f64, threshold: f64) -> bool {
        match self {
            Self::Ks | Self::CramerVonMises => score <= threshold,
            Self::EnergyDistance => score > threshold,
            method if method.is_p_value() => score < threshold,
            _ => score >= threshold,
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Method {
    type Err = UnknownMethod;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|method| method.name() == name)
            .ok_or_else(|| UnknownMethod(name.to_owned()))
    }
}

impl From<Method> for &'static str {
    fn from(method: Method) -> Self {
        method.name()
    }
}

impl TryFrom<String> for Method {
    type Error = UnknownMethod;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        name.parse()
    }
}

/// The names of all methods.
impl PartialSchema for Method {
    fn schema() -> RefOr<Schema> {
        Object::builder()
            .schema_type(Type::String)
            .description(Some("Evidently's name of a drift test or distance."))
            .enum_values(Some(Self::ALL.map(Self::name)))
            .into()
    }
}

impl ToSchema for Method {
    fn name() -> Cow<'static, str> {
        "DriftMethod".into()
    }
}

/// No method has this name; holds the name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown drift method {0:?}")]
pub struct UnknownMethod(pub String);

/// The method does not apply to columns of this kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("drift method {method} does not apply to {kind} columns")]
pub struct MethodError {
    /// The method.
    pub method: Method,
    /// The kind of the column.
    pub kind: Kind,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for method in Method::ALL {
            assert_eq!(method.to_string().parse(), Ok(method));
            let json = serde_json::to_string(&method).unwrap();
            assert_eq!(serde_json::from_str::<Method>(&json).unwrap(), method);
        }
        assert_eq!(
            "g-test".parse::<Method>(),
            Err(UnknownMethod("g-test".into()))
        );
    }

    #[test]
    fn default_depends_on_rows_and_distinct_values() {
        use Kind::{Categorical, Numerical};
        assert_eq!(Method::default_for(Numerical, 1000, 6), Method::Ks);
        assert_eq!(Method::default_for(Numerical, 1000, 5), Method::ChiSquare);
        assert_eq!(Method::default_for(Numerical, 1000, 2), Method::Z);
        assert_eq!(Method::default_for(Categorical, 1000, 6), Method::ChiSquare);
        assert_eq!(Method::default_for(Categorical, 1000, 2), Method::Z);
        assert_eq!(Method::default_for(Numerical, 1001, 6), Method::Wasserstein);
        assert_eq!(
            Method::default_for(Numerical, 1001, 5),
            Method::JensenShannon
        );
        assert_eq!(
            Method::default_for(Categorical, 1001, 6),
            Method::JensenShannon
        );
    }
}

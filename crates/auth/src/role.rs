//! Roles: what a user may do.

use std::fmt::{self, Display};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// A right that a user can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Request predictions.
    Predict,
    /// Evaluate models on labelled rows.
    Evaluate,
    /// Have evaluations count: their rows are kept for retraining, and set the gauges of quality.
    Observe,
    /// Change models, and everything else.
    Admin,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 4] = [Self::Predict, Self::Evaluate, Self::Observe, Self::Admin];

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Predict => "predict",
            Self::Evaluate => "evaluate",
            Self::Observe => "observe",
            Self::Admin => "admin",
        })
    }
}

/// A set of roles; [`Role::Admin`] includes the other roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Role>", into = "Vec<Role>")]
pub struct Roles(u8);

impl Roles {
    /// The set of all roles.
    pub const ALL: Self =
        Self(Role::Predict.bit() | Role::Evaluate.bit() | Role::Observe.bit() | Role::Admin.bit());
    /// The empty set.
    pub const NONE: Self = Self(0);

    /// Whether the set contains a role.
    #[must_use]
    pub fn include(self, role: Role) -> bool {
        self.0 & role.bit() != 0
    }

    /// The intersection of two sets.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl From<Vec<Role>> for Roles {
    fn from(roles: Vec<Role>) -> Self {
        let bits = roles.iter().map(|role| match role {
            Role::Admin => Self::ALL.0,
            other => other.bit(),
        });
        Self(bits.fold(0, |set, bits| set | bits))
    }
}

impl From<Roles> for Vec<Role> {
    fn from(roles: Roles) -> Self {
        if roles.include(Role::Admin) {
            return vec![Role::Admin];
        }
        let named = Role::ALL.into_iter();
        named.filter(|role| roles.include(*role)).collect()
    }
}

impl Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let roles = Vec::from(*self);
        let names: Vec<String> = roles.iter().map(Role::to_string).collect();
        f.write_str(&names.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn admin_includes_every_role_and_an_intersection_can_take_them_away() {
        let admin = Roles::from(vec![Role::Admin]);
        let predict = Roles::from(vec![Role::Predict]);
        assert!(Role::ALL.iter().all(|role| admin.include(*role)));
        assert!(predict.include(Role::Predict));
        assert!(!predict.include(Role::Evaluate));
        let evaluate = Roles::from(vec![Role::Evaluate]);
        assert!(!evaluate.include(Role::Observe));
        assert_eq!(admin.and(predict), predict);
        assert_eq!(admin.to_string(), "admin");
    }
}

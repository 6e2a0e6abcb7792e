//! Authentication: users with roles, their passwords, API keys and tokens.
//!
//! Knows nothing of HTTP: a server asks it who sent a request and has it log users in, `canopy
//! user` changes the file of users.
//!
//! - [`Auth`]: checks credentials, issues tokens
//! - [`Principal`]: who sent a request, with [`Roles`]
//! - [`Users`]: the file of users
//! - [`Config`], [`AuthMetrics`]

mod attempt;
mod authenticate;
mod config;
mod error;
mod metrics;
mod role;
mod secret;
mod token;
mod user;

pub use authenticate::{Auth, LOGINS, Principal, SHORTEST_PASSWORD, with_key, with_password};
pub use config::Config;
pub use error::{AuthError, InvalidCredential, LoginError};
pub use metrics::AuthMetrics;
pub use role::{Role, Roles};
pub use secret::NoSecret;
pub use user::{InvalidUserName, User, UserName, Users, UsersError};

//! Authentication: users with roles, their passwords, API keys and tokens.
//!
//! This crate is independent of HTTP. Servers use it to authenticate requests and log users in;
//! `canopy user` uses it to edit the file of users.
//!
//! - [`Auth`]: checks credentials, issues tokens
//! - [`Principal`]: the authenticated sender of a request, with [`Roles`]
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
mod users_file;

pub use authenticate::{Auth, LOGINS, Principal, SHORTEST_PASSWORD, with_key, with_password};
pub use config::Config;
pub use error::{AuthError, InvalidCredential, LoginError};
pub use metrics::AuthMetrics;
pub use role::{Role, Roles};
pub use secret::NoSecret;
pub use user::{InvalidUserName, User, UserName, Users, UsersError};

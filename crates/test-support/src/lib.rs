//! What the tests of several crates share: running services, trained models, the house data, and
//! tools that others wrote.
//!
//! # Tests that need a tool
//!
//! A test that needs a browser, `openssl` or another tool must not pass where the tool is missing.
//! Rust's test harness decides before a test starts whether it is ignored, so such a test is marked
//! `#[ignore = "needs a browser"]`: a plain `cargo test` lists it as ignored, with the reason. It
//! gets its tool by [`needs!`]:
//!
//! ```no_run
//! # use canopy_test_support::{needs, tool};
//! # /*
//! #[test]
//! #[ignore = "needs curl"]
//! # */
//! fn curl_predicts() {
//!     let curl = needs!("curl", tool("curl", "curl"));
//!     // …
//! }
//! ```
//!
//! `make test` runs ignored tests too (`--include-ignored`) and sets `CANOPY_NOT_RUN` to a file.
//! Where a tool cannot be had, [`needs!`] writes a line into it and the test returns; `make test`
//! ends with these lines, each as "not run: …". In every other case a missing tool fails the test:
//! if `CANOPY_TESTS` is `required`, as in continuous integration, and if there is no such file,
//! because then nobody would see that the test did not run.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hours;
mod needs;
mod recipe;
mod service;
mod tool;

pub use hours::hours;
pub use needs::{needs, path_of};
pub use recipe::{HOUSE, Recipe};
pub use service::{PATIENCE, Service};
pub use tool::{script, tool};

//! Environment variables that were renamed; their old names are read for one version more.
//!
//! A renamed flag keeps its old name as an `alias` where it is defined.

use std::env;

use clap::{Arg, Command};
use tracing::warn;

/// The old name of each variable, and the new one.
const RENAMED: [(&str, &str); 3] = [
    ("CANOPY_CACHE_DIR", "CANOPY_DATA_CACHE"),
    ("CANOPY_DRAIN", "CANOPY_SHUTDOWN_GRACE"),
    ("CANOPY_SLOW_PLACES", "CANOPY_BACKGROUND_PERMITS"),
];

/// Has arguments read the old name of their variable where it is set and the new one is not.
pub(super) fn adopt(command: Command) -> Command {
    command.mut_args(adopt_argument).mut_subcommands(adopt)
}

fn adopt_argument(argument: Arg) -> Arg {
    let variable = argument.get_env();
    let renamed = RENAMED
        .iter()
        .find(|(_, new)| variable == Some(new.as_ref()));
    match renamed {
        Some((old, new)) if is_set(old) && !is_set(new) => argument.env(old),
        _ => argument,
    }
}

/// Logs each old name that is in use; once the log is started.
pub fn warn_of_renamed_variables() {
    for (old, new) in RENAMED.iter().filter(|(old, _)| is_set(old)) {
        warn!("the variable {old} is deprecated; it is called {new} now");
    }
}

fn is_set(variable: &str) -> bool {
    env::var_os(variable).is_some()
}

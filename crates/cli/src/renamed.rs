//! Renamed flags and environment variables; their former names are supported for one more version.
//!
//! A renamed flag keeps its former name as an `alias` where it is defined.

use std::env;

use clap::{Arg, Command};
use tracing::warn;

/// The former and the new name of each variable.
const RENAMED: [(&str, &str); 3] = [
    ("CANOPY_CACHE_DIR", "CANOPY_DATA_CACHE"),
    ("CANOPY_DRAIN", "CANOPY_SHUTDOWN_GRACE"),
    ("CANOPY_SLOW_PLACES", "CANOPY_BACKGROUND_PERMITS"),
];

/// The former and the new name of each flag.
const RENAMED_FLAGS: [(&str, &str); 2] = [
    ("--drain", "--shutdown-grace"),
    ("--slow-places", "--background-permits"),
];

/// Makes arguments read the former name of their variable if it is set and the new one is not.
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

/// Logs a warning for each former name in use; call it after the log has been started.
pub fn warn_of_former_names() {
    for (old, new) in RENAMED.iter().filter(|(old, _)| is_set(old)) {
        warn!("the variable {old} is deprecated; it is called {new} now");
    }
    for (old, new) in RENAMED_FLAGS.iter().filter(|(old, _)| is_given(old)) {
        warn!("the flag {old} is deprecated; it is called {new} now");
    }
}

/// Whether a flag is on the command line, with its value in the same argument or in the next one.
fn is_given(flag: &str) -> bool {
    env::args_os().any(|argument| {
        let argument = argument.to_string_lossy();
        argument
            .split_once('=')
            .map_or(&*argument, |(name, _)| name)
            == flag
    })
}

fn is_set(variable: &str) -> bool {
    env::var_os(variable).is_some()
}

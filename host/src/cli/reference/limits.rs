//! The page of limits.

use std::time::Duration;

use bytesize::ByteSize;
use canopy_auth::LOGINS;
use canopy_cli::reference::{arguments_table, table};
use canopy_rows::Problems;
use canopy_rows::json::MAX_DEPTH;
use canopy_runtime::{Limits, Model};
use canopy_web::{HEAD_LIMIT, UPLOADS};
use clap::{Arg, Args as _, Command};

use crate::config::ServeConfig;
use crate::models::CallAdmission;
use crate::monitoring::MAX_REPORTS;

/// Help headings whose arguments are limits, if they have a measure.
const HEADINGS: [&str; 2] = ["Limits", "Network"];
/// Value names of arguments with a measure.
const MEASURES: [&str; 3] = ["N", "SIZE", "TIME"];

/// The configurable limits and the fixed ones.
pub(super) fn limits() -> String {
    let command = ServeConfig::augment_args(Command::new("serve"));
    let configured = arguments_table(command.get_arguments().filter(|it| is_limit(it)));
    let fixed = table(["Limit", "Value", "Beyond it"], fixed());
    format!("## Configured\n\n{configured}\n## Fixed\n\n{fixed}")
}

fn is_limit(argument: &Arg) -> bool {
    let heading = argument.get_help_heading();
    let values = argument.get_value_names().unwrap_or_default();
    heading.is_some_and(|it| HEADINGS.contains(&it))
        && values.iter().any(|it| MEASURES.contains(&it.as_str()))
}

fn fixed() -> Vec<[String; 3]> {
    let count = |count: usize| count.to_string();
    let size = |bytes: u64| ByteSize::b(bytes).to_string();
    let time = |time: Duration| humantime::format_duration(time).to_string();
    [
        (
            "head of a request; one of twice the size is always refused",
            size(HEAD_LIMIT as u64),
            "431",
        ),
        ("nesting of JSON, in levels", count(MAX_DEPTH), "400"),
        (
            "problems that an answer lists",
            count(Problems::MAX_LISTED),
            "counted, not listed",
        ),
        (
            "uploads in flight",
            count(UPLOADS),
            "503 with `Retry-After`",
        ),
        ("logins in flight", count(LOGINS), "503 with `Retry-After`"),
        (
            "processor time to compile a component",
            time(Limits::COMPILATION_TIME),
            "not loaded",
        ),
        (
            "memory to compile a component",
            size(Limits::COMPILATION_MEMORY),
            "not loaded",
        ),
        (
            "time to instantiate a component, and to ask for its description and its reference",
            time(Limits::LOAD_DEADLINE),
            "not loaded",
        ),
        ("features of a model", count(Limits::FEATURES), "not loaded"),
        ("classes of a model", count(Limits::CLASSES), "not loaded"),
        (
            "rows of a reference sample",
            count(Limits::REFERENCE_ROWS),
            "not loaded",
        ),
        (
            "rows of one call of a model",
            count(Model::ROWS_PER_CALL),
            "several calls",
        ),
        (
            "time of a call on a thread that reads requests",
            time(CallAdmission::IO_DEADLINE),
            "repeated on another thread",
        ),
        (
            "evaluations in memory, for each model",
            count(MAX_REPORTS),
            "the others are read from the state folder; without one, the oldest go first",
        ),
    ]
    .map(|(limit, value, beyond)| [limit.to_owned(), value, beyond.to_owned()])
    .into()
}

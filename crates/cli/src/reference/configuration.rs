//! The page of flags and environment variables.

use clap::{Arg, ArgAction, Command};

use super::table::table;

/// The heading of arguments that have none.
const OTHERS: &str = "";

/// A section for each visible command: its arguments by heading.
#[must_use]
pub fn configuration(mut command: Command) -> String {
    command.build();
    let mut text = String::new();
    section(&command, &mut text);
    text
}

fn section(command: &Command, text: &mut String) {
    let arguments: Vec<&Arg> = command.get_arguments().filter(|it| is_listed(it)).collect();
    if !arguments.is_empty() {
        let name = command.get_bin_name().unwrap_or(command.get_name());
        let about = command.get_about().map(ToString::to_string);
        *text += &format!("## {name}\n\n{}.\n", about.unwrap_or_default());
        let mut headings = vec![OTHERS];
        for argument in &arguments {
            if !headings.contains(&heading(argument)) {
                headings.push(heading(argument));
            }
        }
        headings.retain(|it| arguments.iter().any(|argument| heading(argument) == *it));
        for title in headings {
            if title != OTHERS {
                *text += &format!("\n### {title}\n");
            }
            let these = arguments.iter().filter(|it| heading(it) == title);
            *text += "\n";
            *text += &arguments_table(these.copied());
        }
        *text += "\n";
    }
    let commands = command.get_subcommands();
    for command in commands.filter(|it| !it.is_hide_set() && it.get_name() != "help") {
        section(command, text);
    }
}

/// A table of arguments.
#[must_use]
pub fn arguments_table<'a>(arguments: impl Iterator<Item = &'a Arg>) -> String {
    let rows = arguments.map(|it| [flag(it), variable(it), default(it), meaning(it)]);
    table(["Argument", "Variable", "Default", "Meaning"], rows)
}

fn is_listed(argument: &Arg) -> bool {
    let action = argument.get_action();
    let is_help = matches!(action, ArgAction::Help | ArgAction::Version)
        || matches!(action, ArgAction::HelpLong | ArgAction::HelpShort);
    !is_help && !argument.is_hide_set()
}

fn heading(argument: &Arg) -> &str {
    argument.get_help_heading().unwrap_or(OTHERS)
}

/// The argument as written on a command line.
fn flag(argument: &Arg) -> String {
    let names = argument.get_value_names().unwrap_or_default();
    let values = names.iter().map(|name| format!("{name}"));
    let values: Vec<String> = values.collect();
    let is_flag = !argument.get_action().takes_values();
    match argument.get_long() {
        Some(long) if is_flag => format!("`--{long}`"),
        Some(long) => format!("`--{long} {}`", values.join(" ")),
        None => format!("`{}`", values.join(" ")),
    }
}

fn variable(argument: &Arg) -> String {
    let variable = argument.get_env().map(|it| it.to_string_lossy());
    variable.map_or_else(String::new, |it| format!("`{it}`"))
}

fn default(argument: &Arg) -> String {
    if !argument.get_action().takes_values() {
        return String::new();
    }
    let values = argument.get_default_values().iter();
    let values = values.filter(|it| !it.is_empty());
    let values: Vec<String> = values
        .map(|it| format!("`{}`", it.to_string_lossy()))
        .collect();
    match values.is_empty() {
        true => split(&help(argument)).1,
        false => values.join(", "),
    }
}

/// The help text of an argument, with its possible values.
fn meaning(argument: &Arg) -> String {
    let (mut text, _) = split(&help(argument));
    if !text.ends_with('.') {
        text.push('.');
    }
    let values = argument.get_possible_values();
    let values = values.iter().filter(|it| !it.is_hide_set());
    let values: Vec<String> = values.map(|it| format!("`{}`", it.get_name())).collect();
    if argument.get_action().takes_values() && !values.is_empty() {
        text += &format!(" One of {}.", values.join(", "));
    }
    if argument.is_required_set() {
        text += " Required.";
    }
    text
}

fn help(argument: &Arg) -> String {
    let help = argument.get_long_help().or(argument.get_help());
    help.map(ToString::to_string).unwrap_or_default()
}

/// Splits a help text into the text and the default that it states as `[default: …]`.
fn split(help: &str) -> (String, String) {
    let stated = help.split_once("[default: ");
    let stated = stated.and_then(|(before, rest)| Some((before, rest.split_once(']')?)));
    match stated {
        Some((before, (default, after))) => {
            let text = format!("{}{after}", before.trim_end());
            (text.trim().to_owned(), default.to_owned())
        }
        None => (help.trim().to_owned(), String::new()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    /// Draws water.
    #[derive(Parser)]
    #[command(name = "tap")]
    struct Cli {
        /// Litres to draw [default: all]. No more comes.
        #[arg(long, env = "TAP_LITRES", value_name = "N")]
        litres: Option<u32>,
        /// How warm.
        #[arg(long, default_value = "cold", value_parser = ["cold", "warm"], help_heading = "Heat")]
        temperature: String,
        /// Nobody's business.
        #[arg(long, hide = true)]
        secret: bool,
    }

    #[test]
    fn arguments_are_listed_by_heading_with_variable_and_default() {
        use clap::CommandFactory as _;
        let expected = "\
## tap

Draws water.

| Argument | Variable | Default | Meaning |
|---|---|---|---|
| `--litres N` | `TAP_LITRES` | all | Litres to draw. No more comes. |

### Heat

| Argument | Variable | Default | Meaning |
|---|---|---|---|
| `--temperature TEMPERATURE` |  | `cold` | How warm. One of `cold`, `warm`. |

";
        assert_eq!(configuration(Cli::command()), expected);
    }
}

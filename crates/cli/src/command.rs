//! The command line of a program, with what all programs have in common.

use clap::{Command, CommandFactory, Parser};

use super::renamed;

/// Appended to every help text.
const EXIT_STATUS: &str = "\
Exit status:
  0  success
  1  failure
  2  invalid command line";

/// The command line of a program; every help text states the exit status.
#[must_use]
pub fn command<C: CommandFactory>() -> Command {
    state_exit_status(C::command())
}

fn state_exit_status(command: Command) -> Command {
    command
        .after_help(EXIT_STATUS)
        .mut_subcommands(state_exit_status)
}

/// Parses the command line; exits with status 2 if it is not valid.
#[must_use]
pub fn parse<C: Parser>() -> C {
    let matches = renamed::adopt(command::<C>()).get_matches();
    C::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Parser)]
    enum Cli {
        /// Taps.
        #[command(subcommand)]
        Tap(Tap),
    }

    #[derive(clap::Subcommand)]
    enum Tap {
        /// Opens one.
        Open,
    }

    #[test]
    fn every_help_text_states_the_exit_status() {
        let mut command = command::<Cli>();
        command.build();
        for path in [&[][..], &["tap"], &["tap", "open"]] {
            let found = path.iter().fold(&mut command, |command, name| {
                command.find_subcommand_mut(name).unwrap()
            });
            let help = found.render_long_help().to_string();
            assert!(help.ends_with(&format!("{EXIT_STATUS}\n")), "{help}");
        }
    }
}

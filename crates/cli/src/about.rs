//! Commands about the command line itself.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Command, CommandFactory, Subcommand, ValueEnum};
use clap_complete::Shell;
use clap_mangen::Man;

use super::{command, print, reference};

/// Commands about the command line itself.
#[derive(Debug, Subcommand)]
pub enum About {
    /// Print a script that completes command lines in a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Print the man page, or write a page for every command into a folder.
    Man {
        /// The folder.
        folder: Option<PathBuf>,
    },
    /// Print this program's part of a page of the reference documentation.
    #[command(hide = true)]
    Reference {
        /// The page.
        page: Page,
    },
}

/// Pages of the reference documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Page {
    /// Flags and environment variables.
    Configuration,
    /// Routes.
    Http,
    /// Metrics.
    Metrics,
    /// Limits.
    Limits,
}

impl About {
    /// Prints or writes the requested text; `part` returns the program's part of all pages but the
    /// configuration.
    ///
    /// # Errors
    ///
    /// If the output cannot be written.
    pub fn run<C: CommandFactory>(&self, part: impl Fn(Page) -> String) -> anyhow::Result<()> {
        let mut command = command::<C>();
        match self {
            Self::Completions { shell } => {
                let mut script = Vec::new();
                let name = command.get_name().to_owned();
                clap_complete::generate(*shell, &mut command, name, &mut script);
                print(&String::from_utf8_lossy(&script))
            }
            Self::Man { folder: None } => {
                let mut page = Vec::new();
                Man::new(command).render(&mut page)?;
                print(&String::from_utf8_lossy(&page))
            }
            Self::Man { folder: Some(it) } => write_pages(command, it)
                .with_context(|| format!("cannot write to {}", it.display())),
            Self::Reference {
                page: Page::Configuration,
            } => print(&reference::configuration(command)),
            Self::Reference { page } => print(&part(*page)),
        }
    }
}

/// Writes a man page for every command.
fn write_pages(command: Command, folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    clap_mangen::generate_to(command, folder)
}

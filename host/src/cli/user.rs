//! `canopy user`: edits the file of users.

use std::io::{self, BufRead as _, IsTerminal as _};
use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use clap::{Args, Subcommand};

use canopy_auth::{self as auth, Role, SHORTEST_PASSWORD, UserName, Users};

/// What is done with the users.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Add a user with a password, or give one a new password and other roles.
    Add(Grant),
    /// Give a user an API key, which is printed once; a key that the user had is not valid any
    /// more.
    Key(Grant),
    /// Remove a user; tokens and keys end with it.
    Remove {
        /// The user.
        name: UserName,
        /// Where it is.
        #[command(flatten)]
        file: UsersFile,
    },
    /// List the users and their roles.
    List(UsersFile),
}

/// A user and what it may do.
#[derive(Debug, Args)]
pub struct Grant {
    /// The user.
    name: UserName,
    /// What the user may do; may be given several times. admin includes the others.
    #[arg(long = "role", value_name = "ROLE", required = true)]
    roles: Vec<Role>,
    #[command(flatten)]
    file: UsersFile,
}

/// Where the users are.
#[derive(Debug, Args)]
pub struct UsersFile {
    /// File of the users.
    #[arg(long = "users", env = "CANOPY_USERS", value_name = "FILE")]
    path: PathBuf,
}

/// Edits or lists the users.
///
/// # Errors
///
/// If a password is too short, a user does not exist, or the file cannot be read or written.
pub fn run(command: UserCommand) -> anyhow::Result<()> {
    match command {
        UserCommand::Add(grant) => add(grant),
        UserCommand::Key(grant) => key(grant),
        UserCommand::Remove { name, file } => {
            Users::change(&file.path, |users| {
                let removed = users.users.remove(&name);
                removed.with_context(|| format!("there is no user {name}"))
            })?;
            println!("{name} is removed");
            Ok(())
        }
        UserCommand::List(file) => list(&file),
    }
}

fn add(Grant { name, roles, file }: Grant) -> anyhow::Result<()> {
    let password = read_password(&name).context("cannot read the password")?;
    ensure!(
        password.chars().count() >= SHORTEST_PASSWORD,
        "a password has at least {SHORTEST_PASSWORD} characters"
    );
    let roles = roles.into();
    Users::change(&file.path, |users| {
        let before = users.users.remove(&name);
        let user = auth::with_password(before, roles, &password)?;
        users.users.insert(name.clone(), user);
        anyhow::Ok(())
    })?;
    println!("{name} may: {roles}");
    Ok(())
}

fn key(Grant { name, roles, file }: Grant) -> anyhow::Result<()> {
    let roles = roles.into();
    let key = Users::change(&file.path, |users| {
        let (user, key) = auth::with_key(users.users.remove(&name), roles)?;
        users.users.insert(name.clone(), user);
        anyhow::Ok(key)
    })?;
    eprintln!("{name} may: {roles}. The key is shown only now:");
    println!("{key}");
    Ok(())
}

fn list(file: &UsersFile) -> anyhow::Result<()> {
    for (name, user) in Users::load(&file.path)?.users {
        let has = match (user.password, user.key) {
            (Some(_), Some(_)) => "password and key",
            (Some(_), None) => "password",
            (None, _) => "key",
        };
        println!("{name}  {}  ({has})", user.roles);
    }
    Ok(())
}

/// Prompts for a password without echo; reads a line if standard input is no terminal.
fn read_password(name: &UserName) -> io::Result<String> {
    if io::stdin().is_terminal() {
        return rpassword::prompt_password(format!("Password of {name}: "));
    }
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

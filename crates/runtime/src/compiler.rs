//! Compiling in a separate process.
//!
//! Even a small component can take minutes and gigabytes to compile, and the compiler cannot be
//! interrupted. In a separate process the operating system enforces limits on it, and the host
//! carries on if they are exceeded.

use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;

use rustix::process::{Resource, Rlimit, nice, setrlimit};
use wasmtime::Engine;
use wasmtime::component::Component;

use super::engine::engine;
use super::error::{LoadError, line, text};
use super::limits::{Isolation, Limits};

/// Niceness of the process: it gets about a tenth of the share of a process of normal priority.
const NICENESS: i32 = 10;
/// Maximum length of an error message from the compiler process, in bytes.
const MESSAGE: u64 = 64 << 10;

/// Engine settings that the compiled code depends on.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct CompilerSettings {
    /// Memory limit of an instance, in bytes.
    #[arg(long)]
    memory: usize,
    /// Whether calls share instances.
    #[arg(long)]
    isolation: Isolation,
}

/// Compiles the component read from standard input and writes the code to standard output, within
/// fixed limits on processor time and memory.
///
/// # Errors
///
/// If the component does not compile, or standard input or output fails.
pub fn compile(settings: CompilerSettings) -> anyhow::Result<()> {
    // Best effort: without these limits the process still compiles, only less safely.
    let _ = nice(NICENESS);
    for (resource, limit) in [
        (Resource::Cpu, Limits::COMPILATION_TIME.as_secs()),
        (Resource::Data, Limits::COMPILATION_MEMORY),
    ] {
        let limit = Some(limit);
        let _ = setrlimit(
            resource,
            Rlimit {
                current: limit,
                maximum: limit,
            },
        );
    }
    let limits = Limits {
        memory: settings.memory,
        isolation: settings.isolation,
        instances: 1,
        models: 1,
        ..Limits::default()
    };
    let mut component = Vec::new();
    io::stdin().lock().read_to_end(&mut component)?;
    let engine = engine(&limits)?;
    let code = Component::from_binary(&engine, &component).and_then(|it| it.serialize());
    let code = code.map_err(|error| anyhow::Error::msg(text(&error)))?;
    Ok(io::stdout().lock().write_all(&code)?)
}

/// Compiles a component in a separate process.
pub(super) fn compile_in_child(
    engine: &Engine,
    limits: &Limits,
    component: &[u8],
) -> Result<Component, LoadError> {
    let failed = |error: io::Error| LoadError::Compiler(error.to_string());
    let mut process = start(limits).map_err(failed)?;
    let (input, errors) = (process.stdin.take(), process.stderr.take());
    let (code, message) = thread::scope(|scope| {
        // Writing fails if the process exits early; its status then says why.
        scope.spawn(move || input.map(|mut input| input.write_all(component)));
        let message = scope.spawn(move || {
            let mut message = String::new();
            let read = errors.map(|errors| errors.take(MESSAGE).read_to_string(&mut message));
            read.transpose().map(|_| message)
        });
        let mut code = Vec::new();
        let read = process
            .stdout
            .take()
            .map(|mut it| it.read_to_end(&mut code));
        let message = message.join().unwrap_or_else(|_| Ok(String::new()));
        read.transpose().and_then(|_| Ok((code, message?)))
    })
    .map_err(failed)?;
    let status = process.wait().map_err(failed)?;
    match status.code() {
        // SAFETY: the code comes from this same program over a private pipe, and wasmtime checks
        // that it was compiled with the settings of this engine.
        Some(0) => unsafe { Component::deserialize(engine, code) }
            .map_err(|error| LoadError::Compiler(text(&error))),
        Some(1) => {
            let message = message.trim().trim_start_matches("canopy: ");
            Err(LoadError::NotAComponent(line(message)))
        }
        // The process was killed by a resource limit, or aborted when memory ran out.
        _ => Err(LoadError::Compilation {
            time: Limits::COMPILATION_TIME,
            memory: Limits::COMPILATION_MEMORY,
        }),
    }
}

fn start(limits: &Limits) -> io::Result<Child> {
    let isolation = match limits.isolation {
        Isolation::Warm => "warm",
        Isolation::Call => "call",
    };
    Command::new(program()?)
        .args(["compile", "--isolation", isolation, "--memory"])
        .arg(limits.memory.to_string())
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
}

/// The executable to run with the subcommand `compile` and the engine settings: this program. On
/// Linux it can be run even after its file has been replaced.
fn program() -> io::Result<PathBuf> {
    if cfg!(target_os = "linux") {
        return Ok("/proc/self/exe".into());
    }
    std::env::current_exe()
}

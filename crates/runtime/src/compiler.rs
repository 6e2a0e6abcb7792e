//! Compiling in a process of its own.
//!
//! A component is small and its code may take minutes and gigabytes to compile all the same, and
//! a compiler cannot be interrupted. In a process of its own it has limits that the system
//! enforces, and the host goes on if they are exceeded.

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

/// Niceness of the process: a tenth of the weight of a normal one.
const NICENESS: i32 = 10;
/// Most bytes of a message.
const MESSAGE: u64 = 64 << 10;

/// Settings that the code of a component depends on.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct CompilerSettings {
    /// Most memory of an instance.
    #[arg(long)]
    memory: usize,
    /// Whether calls share instances.
    #[arg(long)]
    isolation: Isolation,
}

/// Compiles the component on standard input and writes the code to standard output, within the
/// limits of time and memory.
///
/// # Errors
///
/// If it does not compile.
pub fn compile(settings: CompilerSettings) -> anyhow::Result<()> {
    // Where these cannot be set, there is less protection and no less of a compiler.
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

/// Has another process compile a component.
pub(super) fn compile_apart(
    engine: &Engine,
    limits: &Limits,
    component: &[u8],
) -> Result<Component, LoadError> {
    let impossible = |error: io::Error| LoadError::Compiler(error.to_string());
    let mut process = start(limits).map_err(impossible)?;
    let (input, errors) = (process.stdin.take(), process.stderr.take());
    let (code, message) = thread::scope(|scope| {
        // A process that ends early does not read its input to the end.
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
    .map_err(impossible)?;
    let status = process.wait().map_err(impossible)?;
    match status.code() {
        // SAFETY: the code comes from this very program, over a pipe that nobody else has, and
        // wasmtime checks that it was compiled with the settings of this engine.
        Some(0) => unsafe { Component::deserialize(engine, code) }
            .map_err(|error| LoadError::Compiler(text(&error))),
        Some(1) => {
            let message = message.trim().trim_start_matches("canopy: ");
            Err(LoadError::NotAComponent(line(message)))
        }
        // It was killed, by the system or by its own allocator.
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

/// The program that [`compile`]s when it is called with `compile` and the settings of an engine:
/// this one. Linux has it even if its file has been replaced.
fn program() -> io::Result<PathBuf> {
    if cfg!(target_os = "linux") {
        return Ok("/proc/self/exe".into());
    }
    std::env::current_exe()
}

//! Compiling in a separate process.
//!
//! Even a small component can take minutes and gigabytes to compile, and the compiler cannot be
//! interrupted. In a separate process the operating system enforces limits on it, and the host
//! carries on if they are exceeded.

use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::thread;

use parking_lot::Mutex;
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, nice, setrlimit};
#[cfg(target_os = "linux")]
use rustix::process::{getppid, set_parent_process_death_signal};
use wasmtime::Engine;
use wasmtime::component::Component;

use super::engine::engine;
use super::error::{LoadError, line, text};
use super::limits::{Isolation, Limits};

/// Niceness of the process: it gets about a tenth of the share of a process of normal priority.
const NICENESS: i32 = 10;
/// Maximum length of an error message from the compiler process, in bytes.
const MESSAGE: usize = 64 << 10;

/// Engine settings that the compiled code depends on, and limits of the compiler.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct CompilerSettings {
    /// Memory limit of an instance, in bytes.
    #[arg(long)]
    memory: usize,
    /// Whether calls share instances.
    #[arg(long)]
    isolation: Isolation,
    /// Whether the engine saves address space.
    #[arg(long)]
    saves_addresses: bool,
    /// Maximum memory for compiling, in bytes.
    #[arg(long)]
    compilation_memory: u64,
    /// Id of the process that waits for the code.
    #[arg(long)]
    parent: i32,
}

/// Compiles the component read from standard input and writes the code to standard output, within
/// limits on processor time and memory. The process ends with the one that started it, and is the
/// first to be killed when memory runs out.
///
/// # Errors
///
/// If the component does not compile, or standard input or output fails.
pub fn compile(settings: CompilerSettings) -> anyhow::Result<()> {
    // Best effort: without these limits the process still compiles, only less safely.
    let _ = nice(NICENESS);
    for (resource, limit) in [
        (Resource::Cpu, Limits::COMPILATION_TIME.as_secs()),
        (Resource::Data, settings.compilation_memory),
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
    #[cfg(target_os = "linux")]
    {
        let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
        let _ = set_parent_process_death_signal(Some(Signal::KILL));
        // The parent may have ended before.
        let parent = getppid().map(Pid::as_raw_nonzero);
        anyhow::ensure!(
            parent.is_some_and(|parent| parent.get() == settings.parent),
            "the process that waits for the code has ended"
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
    let engine = engine(&limits, settings.saves_addresses)?;
    let code = Component::from_binary(&engine, &component).and_then(|it| it.serialize());
    let code = code.map_err(|error| anyhow::Error::msg(text(&error)))?;
    Ok(io::stdout().lock().write_all(&code)?)
}

/// Compiles components in separate processes.
pub(super) struct Compiler {
    /// Maximum memory of a process, in bytes.
    memory: u64,
    /// The processes that are compiling; `None` once the compiler has been stopped.
    running: Mutex<Option<Vec<Pid>>>,
}

impl Compiler {
    /// A compiler whose processes take up to `memory` bytes each.
    pub(super) fn new(memory: u64) -> Self {
        Self {
            memory: memory.min(Limits::COMPILATION_MEMORY),
            running: Mutex::new(Some(Vec::new())),
        }
    }

    /// Memory that compiling a component of this size takes, in bytes: measured with compiled forests,
    /// which are mostly data. One with much code may take more, up to the limit.
    pub(super) fn memory(size: usize) -> u64 {
        (8 << 20) + 5 * size as u64
    }

    /// Ends every compilation, and allows no more.
    pub(super) fn stop(&self) {
        for process in self.running.lock().take().into_iter().flatten() {
            // Fails if it has just ended.
            let _ = kill_process(process, Signal::KILL);
        }
    }

    /// Compiles a component for an engine.
    pub(super) fn compile(
        &self,
        engine: &Engine,
        (limits, saves_addresses): (&Limits, bool),
        component: &[u8],
    ) -> Result<Component, LoadError> {
        let failed = |error: io::Error| LoadError::Compiler(error.to_string());
        let command = self.command(limits, saves_addresses).map_err(failed)?;
        let output = self.run(command, component)?;
        match output.status.code() {
            // SAFETY: the code comes from this same program over a private pipe, and wasmtime checks
            // that it was compiled with the settings of this engine.
            Some(0) => unsafe { Component::deserialize(engine, output.stdout) }
                .map_err(|error| LoadError::Compiler(text(&error))),
            Some(1) => {
                let message = message(&output.stderr);
                let message = message.trim_start_matches("canopy: ");
                Err(LoadError::NotAComponent(line(message)))
            }
            _ if self.running.lock().is_none() => Err(LoadError::Stopped),
            // A panic, such as when no thread can be started.
            Some(code) => Err(LoadError::Compiler(format!(
                "the compiler ended with status {code}: {}",
                line(&message(&output.stderr))
            ))),
            // The process was killed by a resource limit, or aborted when memory ran out.
            None => Err(LoadError::Compilation {
                time: Limits::COMPILATION_TIME,
                memory: self.memory,
            }),
        }
    }

    fn command(&self, limits: &Limits, saves_addresses: bool) -> io::Result<Command> {
        let isolation = match limits.isolation {
            Isolation::Warm => "warm",
            Isolation::Call => "call",
        };
        let mut command = Command::new(program()?);
        command
            .args(["compile", "--isolation", isolation, "--memory"])
            .arg(limits.memory.to_string())
            .arg("--compilation-memory")
            .arg(self.memory.to_string())
            .arg("--parent")
            .arg(std::process::id().to_string())
            .args(saves_addresses.then_some("--saves-addresses"))
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Ok(command)
    }

    /// Runs a command that can be stopped, with this input.
    fn run(&self, mut command: Command, input: &[u8]) -> Result<Output, LoadError> {
        let mut process = {
            let mut running = self.running.lock();
            let running = running.as_mut().ok_or(LoadError::Stopped)?;
            let process = command.spawn().map_err(not_started)?;
            running.push(Pid::from_child(&process));
            process
        };
        let pid = Pid::from_child(&process);
        let stdin = process.stdin.take();
        let output = thread::scope(|scope| {
            let writing = thread::Builder::new().spawn_scoped(scope, || {
                // Fails if the process exits early; its status then says why.
                stdin.map(|mut stdin| stdin.write_all(input))
            });
            if writing.is_err() {
                let _ = process.kill();
            }
            let output = process.wait_with_output();
            writing.and(output)
        });
        if let Some(running) = self.running.lock().as_mut() {
            running.retain(|it| *it != pid);
        }
        output.map_err(not_started)
    }
}

/// The last line of what a process wrote to standard error, at most [`MESSAGE`] bytes of it.
fn message(stderr: &[u8]) -> String {
    let end = &stderr[stderr.len().saturating_sub(MESSAGE)..];
    String::from_utf8_lossy(end).trim().to_owned()
}

/// Why a process or thread could not be started.
fn not_started(error: io::Error) -> LoadError {
    LoadError::Compiler(match error.kind() {
        io::ErrorKind::WouldBlock => {
            "the system allows no more processes or threads: raise ulimit -u, or pids.max of the \
             container"
                .to_owned()
        }
        io::ErrorKind::OutOfMemory => "the system has no memory for another process".to_owned(),
        _ => error.to_string(),
    })
}

/// The executable to run with the subcommand `compile` and the engine settings: this program. On
/// Linux it can be run even after its file has been replaced.
fn program() -> io::Result<PathBuf> {
    if cfg!(target_os = "linux") {
        return Ok("/proc/self/exe".into());
    }
    std::env::current_exe()
}

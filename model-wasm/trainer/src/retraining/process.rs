//! The training process: a process of its own with limits on memory and time, so that whatever the
//! observed rows make of a training, the service goes on.

use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use bytesize::ByteSize;
use parking_lot::Mutex;
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, nice, setrlimit};
use tokio::sync::oneshot;

use super::job::{Answer, Job, Outcome};
use super::retrain::retrain;
use super::run::Findings;
use crate::cli::RetrainArguments;

/// Niceness of the process: it gets about a tenth of the share of a process of normal priority.
const NICENESS: i32 = 10;

/// Interval at which a process that takes too long is killed until it has ended.
const KILLING: Duration = Duration::from_millis(50);

/// Does the job read from standard input and writes the answer to standard output, within a limit on
/// memory. The process ends with the one that started it, and is the first to be killed when memory
/// runs out.
///
/// # Errors
///
/// If standard input or output fails.
pub fn retrain_apart(arguments: &RetrainArguments) -> Result<()> {
    // Best effort: without these limits the process still trains, only less safely.
    let _ = nice(NICENESS);
    let memory = Some(arguments.memory);
    let limit = Rlimit {
        current: memory,
        maximum: memory,
    };
    let _ = setrlimit(Resource::Data, limit);
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{getppid, set_parent_process_death_signal};

        let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
        let _ = set_parent_process_death_signal(Some(Signal::KILL));
        // The parent may have ended before.
        let parent = getppid().map(Pid::as_raw_nonzero);
        anyhow::ensure!(
            parent.is_some_and(|parent| parent.get() == arguments.parent),
            "the process that waits for the model has ended"
        );
    }
    let mut text = Vec::new();
    io::stdin().lock().read_to_end(&mut text)?;
    let job: Job = serde_json::from_slice(&text)?;
    let mut findings = Findings::default();
    let (outcome, component) = retrain(&job, &mut findings)
        .unwrap_or_else(|error| (Outcome::Failed(format!("{error:#}")), Vec::new()));
    let answer = Answer { findings, outcome };
    io::stdout()
        .lock()
        .write_all(&answer.to_bytes(&component)?)?;
    Ok(())
}

/// Runs training processes, one at a time.
#[derive(Debug)]
pub(super) struct Process {
    /// Maximum memory in bytes.
    memory: u64,
    /// Maximum duration.
    time: Duration,
    /// The process that is training, if any.
    running: Mutex<Option<Pid>>,
}

impl Process {
    /// Processes with these limits.
    pub(super) fn new(memory: u64, time: Duration) -> Self {
        Self {
            memory,
            time,
            running: Mutex::new(None),
        }
    }

    /// Does a job. Returns the answer, and the component of a challenger that won.
    ///
    /// # Errors
    ///
    /// If the process cannot be started, exceeds a limit or ends without an answer.
    pub(super) async fn run(self: &Arc<Self>, job: &Job) -> Result<(Answer, Vec<u8>)> {
        let input = serde_json::to_vec(job)?;
        let (sender, mut receiver) = oneshot::channel();
        let this = Arc::clone(self);
        // Of its own, and not of a pool: the process ends with the thread that started it.
        let thread = thread::Builder::new().name("retraining".into());
        thread
            .spawn(move || {
                // Fails if the service is stopping and nobody is waiting for the result.
                let _ = sender.send(this.output(&input));
            })
            .context("cannot start a thread for the training process")?;
        let Ok(ended) = tokio::time::timeout(self.time, &mut receiver).await else {
            // Again and again, because it may only just be starting.
            while tokio::time::timeout(KILLING, &mut receiver).await.is_err() {
                self.stop();
            }
            bail!(
                "the training took longer than {}: raise --run-time, or lower `rows` of [retraining]",
                humantime::format_duration(self.time)
            );
        };
        let output = ended.context("the thread of the training process ended unexpectedly")?;
        let output = output.context("cannot run the training process")?;
        match output.status.code() {
            Some(0) => Answer::from_bytes(&output.stdout),
            Some(code) => Err(anyhow!(
                "the training process ended with status {code}; see the log"
            )),
            None => Err(anyhow!(
                "the training process was killed, probably because it took more memory than {}: \
                 raise --run-memory, or lower `rows` of [retraining]",
                ByteSize::b(self.memory)
            )),
        }
    }

    /// Kills the process that is training, if any.
    pub(super) fn stop(&self) {
        if let Some(process) = *self.running.lock() {
            // Fails if it has just ended.
            let _ = kill_process(process, Signal::KILL);
        }
    }

    fn output(&self, input: &[u8]) -> io::Result<Output> {
        let mut command = Command::new(program()?);
        command
            .args(["retrain", "--memory"])
            .arg(self.memory.to_string())
            .arg("--parent")
            .arg(std::process::id().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut process = {
            let mut running = self.running.lock();
            let process = command.spawn()?;
            *running = Some(Pid::from_child(&process));
            process
        };
        if let Some(mut stdin) = process.stdin.take() {
            // Fails if the process ends early; its status then says why.
            let _ = stdin.write_all(input);
        }
        let mut stdout = Vec::new();
        let read = process
            .stdout
            .take()
            .map(|mut it| it.read_to_end(&mut stdout));
        // Once it has been waited for, its id can be that of another process.
        *self.running.lock() = None;
        let status = process.wait()?;
        read.transpose()?;
        Ok(Output {
            status,
            stdout,
            stderr: Vec::new(),
        })
    }
}

/// This program. On Linux it can be run even after its file has been replaced.
fn program() -> io::Result<PathBuf> {
    if cfg!(target_os = "linux") {
        return Ok("/proc/self/exe".into());
    }
    std::env::current_exe()
}

//! Sends prediction requests to `POST /predict` on a fixed schedule.
//!
//! The load is open-loop: a slow response does not delay the requests after it, and latency is
//! measured from the time a request was due, so that a stall of the host shows in full.

mod mix;
mod report;
mod schedule;
mod tally;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::ensure;
use canopy_dataset::{Period, ProgressBar};
use clap::Args;
use tokio::runtime::Runtime;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;

use crate::argument::duration;
use crate::connection::Connection;
use crate::data;
use crate::host::Host;
use crate::progress;
use mix::Mix;
use report::Report;
use schedule::{Job, keep_schedule};
use tally::Tally;

/// A request without a response this long after it was due counts as lost.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Options of `traffic`.
#[derive(Debug, Args)]
pub(crate) struct TrafficArguments {
    #[command(flatten)]
    connection: Connection,

    /// First and last day of the records to send, in order and repeated from the start.
    #[arg(
        long,
        env = "CANOPY_TRAFFIC_PERIOD",
        default_value = "2011-02-01..2011-02-28",
        value_name = "FROM..UNTIL"
    )]
    period: Period,

    /// Requests per second.
    #[arg(long, env = "CANOPY_TRAFFIC_RATE", value_name = "NUMBER", default_value = "50", value_parser = rate)]
    rate: f64,

    /// How long to send, such as 90s or 2m.
    #[arg(long, env = "CANOPY_TRAFFIC_DURATION", default_value = "60s", value_parser = duration)]
    duration: Duration,

    /// Share of malformed requests, from 0 to 1; the host must reject them.
    #[arg(long, env = "CANOPY_TRAFFIC_BAD_SHARE", value_name = "SHARE", default_value = "0", value_parser = share)]
    bad_share: f64,

    /// Share of requests with weather out of the range of the data, from 0 to 1.
    #[arg(long, env = "CANOPY_TRAFFIC_DRIFTED_SHARE", value_name = "SHARE", default_value = "0", value_parser = share)]
    drifted_share: f64,

    /// Maximum number of requests in flight, each on a connection of its own.
    #[arg(
        long,
        env = "CANOPY_TRAFFIC_CONNECTIONS",
        value_name = "NUMBER",
        default_value = "8"
    )]
    connections: NonZeroUsize,

    /// Seed of the random choices; the same seed gives the same requests.
    #[arg(
        long,
        env = "CANOPY_TRAFFIC_SEED",
        value_name = "NUMBER",
        default_value = "1"
    )]
    seed: u64,

    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

/// Sends the requests and prints the report; returns whether every response was as expected.
pub(crate) fn run(arguments: &TrafficArguments) -> anyhow::Result<bool> {
    ensure!(
        arguments.bad_share + arguments.drifted_share <= 1.0,
        "--bad-share and --drifted-share add up to more than 1"
    );
    let connection = &arguments.connection;
    let frame = data::load(&connection.data, [arguments.period].into_iter())?;
    let mix = Mix::new(
        data::records(&frame, arguments.period)?,
        arguments.bad_share,
        arguments.drifted_share,
        arguments.seed,
    );
    let report = Runtime::new()?.block_on(async {
        let host = connection.host().await?;
        anyhow::Ok(send(host, mix, arguments).await)
    })?;
    if arguments.json {
        println!("{:#}", report.json());
    } else {
        print!("{report}");
    }
    Ok(report.tally.unexpected == 0)
}

async fn send(host: Host, mix: Mix, arguments: &TrafficArguments) -> Report {
    let rate = arguments.rate;
    let total = (rate * arguments.duration.as_secs_f64()).ceil() as usize;
    let progress = progress::bar(total, "{bar:30} {pos}/{len} requests, {eta} left");

    let start = Instant::now();
    let (queue, jobs) = mpsc::unbounded_channel();
    // A thread of its own, since the runtime's timer has a resolution of one millisecond.
    thread::spawn(move || keep_schedule(mix.take(total), rate, &queue));
    let host = Arc::new(host);
    let jobs = Arc::new(Mutex::new(jobs));
    let mut workers: JoinSet<_> = (0..arguments.connections.get())
        .map(|_| work(Arc::clone(&host), Arc::clone(&jobs), progress.clone()))
        .collect();
    let mut tally = Tally::default();
    while let Some(done) = workers.join_next().await {
        // A worker's panic has already been printed to standard error.
        tally.merge(done.unwrap_or_default());
    }
    progress.finish_and_clear();
    Report::new(tally, start.elapsed())
}

/// Sends one queued request at a time until the queue is closed.
async fn work(
    host: Arc<Host>,
    jobs: Arc<Mutex<mpsc::UnboundedReceiver<Job>>>,
    progress: ProgressBar,
) -> Tally {
    let mut tally = Tally::default();
    loop {
        let job = jobs.lock().await.recv().await;
        let Some(Job { request, due }) = job else {
            return tally;
        };
        let left = TIMEOUT.saturating_sub(due.elapsed());
        let status = host.predict(request.content_type, request.body, left).await;
        tally.add(request.bad, status.ok(), due.elapsed());
        progress.inc(1);
    }
}

fn rate(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|rate| (0.001..=100_000.0).contains(rate))
        .ok_or_else(|| "expected a number from 0.001 to 100000".into())
}

fn share(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| "expected a number from 0 to 1".into())
}

use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;

use super::mix::Request;

/// A request and the time at which to send it.
pub(crate) struct Job {
    pub(crate) request: Request,
    pub(crate) due: Instant,
}

/// Queues `rate` requests per second, each when it is due, regardless of the responses.
///
/// Blocks until the last request is queued or the receiver of the queue is dropped.
pub(crate) fn keep_schedule(
    requests: impl Iterator<Item = Request>,
    rate: f64,
    queue: &UnboundedSender<Job>,
) {
    let start = Instant::now();
    for (number, request) in requests.enumerate() {
        let due = start + Duration::from_secs_f64(number as f64 / rate);
        thread::sleep(due.saturating_duration_since(Instant::now()));
        if queue.send(Job { request, due }).is_err() {
            return;
        }
    }
}

use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;

use super::mix::Request;

/// A request and when it is to be sent.
pub(crate) struct Job {
    pub(crate) request: Request,
    pub(crate) due: Instant,
}

/// Puts each request in the queue when it is due, `rate` of them a second, whatever
/// became of those before it. Blocks; stops early when nobody takes requests any more.
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

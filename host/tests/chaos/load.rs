//! Clients that keep their connections, check every answer and note how long it took.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::server::PATIENCE;

/// A stream of one request again and again.
pub(crate) struct Load<'a> {
    /// Where the host is; it may move.
    pub(crate) address: RwLock<String>,
    pub(crate) request: Vec<u8>,
    /// Clients, each with a connection.
    pub(crate) clients: usize,
    /// Requests a second of all clients together; fewer if answers take longer.
    pub(crate) rate: f64,
    /// Whether an answer is right.
    pub(crate) check: &'a (dyn Fn(&Answer) -> bool + Sync),
}

/// What a host answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// What became of the requests.
#[derive(Default)]
pub(crate) struct Tally {
    /// When each was sent after the start, its status and the time to its answer.
    pub(crate) answers: Vec<(Duration, u16, Duration)>,
    /// Written completely, never answered.
    pub(crate) lost: usize,
    /// Answers that are wrong, in full.
    pub(crate) wrong: Vec<String>,
}

/// A connection that is kept.
pub(crate) struct Connection(TcpStream);

/// Why there is no answer.
pub(crate) enum Failure {
    /// The request was not sent completely; it can be sent again.
    Unsent,
    /// It was sent, and the connection ended.
    Lost,
}

/// A `POST` of JSON.
pub(crate) fn post(path: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

impl Connection {
    pub(crate) fn open(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self(stream))
    }

    pub(crate) fn ask(&mut self, request: &[u8]) -> Result<Answer, Failure> {
        self.0.write_all(request).map_err(|_| Failure::Unsent)?;
        self.answer().map_err(|_| Failure::Lost)
    }

    fn answer(&mut self) -> io::Result<Answer> {
        let mut received = Vec::new();
        let head = loop {
            self.more(&mut received)?;
            if let Some(end) = received.windows(4).position(|end| end == b"\r\n\r\n") {
                break end + 4;
            }
        };
        let mut body = received.split_off(head);
        let head = String::from_utf8(received).map_err(io::Error::other)?;
        let length: Option<usize> = header(&head, "content-length").and_then(|n| n.parse().ok());
        let length = length.ok_or_else(|| io::Error::other("no length"))?;
        while body.len() < length {
            self.more(&mut body)?;
        }
        let status = head.get(9..12).and_then(|status| status.parse().ok());
        Ok(Answer {
            status: status.ok_or_else(|| io::Error::other("no status"))?,
            body: String::from_utf8(body).map_err(io::Error::other)?,
            head,
        })
    }

    fn more(&mut self, received: &mut Vec<u8>) -> io::Result<()> {
        let mut part = [0; 4096];
        match self.0.read(&mut part)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                received.extend_from_slice(&part[..read]);
                Ok(())
            }
        }
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.find(|line| line.0 == name).map(|(_, value)| value)
}

impl Load<'_> {
    /// Does some work under this load, which begins when every client has had an answer.
    pub(crate) fn during<R>(&self, work: impl FnOnce() -> R) -> (R, Tally) {
        let stop = AtomicBool::new(false);
        let begun = AtomicUsize::new(0);
        let start = Instant::now();
        thread::scope(|scope| {
            let client = |_| scope.spawn(|| self.client(start, &begun, &stop));
            let clients: Vec<_> = (0..self.clients).map(client).collect();
            let result = {
                let _stop = Stop(&stop);
                let patience = Instant::now() + PATIENCE;
                while begun.load(Ordering::Relaxed) < self.clients {
                    assert!(Instant::now() < patience, "the load does not begin");
                    thread::sleep(Duration::from_millis(1));
                }
                work()
            };
            let mut tally = Tally::default();
            for client in clients {
                let more = client.join().unwrap();
                tally.answers.extend(more.answers);
                tally.lost += more.lost;
                tally.wrong.extend(more.wrong);
            }
            (result, tally)
        })
    }

    fn client(&self, start: Instant, begun: &AtomicUsize, stop: &AtomicBool) -> Tally {
        let mut tally = Tally::default();
        let interval = Duration::from_secs_f64(self.clients as f64 / self.rate);
        let mut due = Instant::now() + interval.mul_f64(fastrand::f64());
        let mut connection = None;
        while !stop.load(Ordering::Relaxed) {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            due = Instant::now().max(due + interval);
            let Some(mut open) = connection
                .take()
                .or_else(|| Connection::open(&self.address.read().unwrap()).ok())
            else {
                continue;
            };
            let sent = Instant::now();
            match open.ask(&self.request) {
                Ok(answer) => {
                    let sample = (sent - start, answer.status, sent.elapsed());
                    tally.answers.push(sample);
                    if !(self.check)(&answer) {
                        tally.wrong.push(format!("{answer:?}"));
                    }
                    if tally.answers.len() == 1 {
                        begun.fetch_add(1, Ordering::Relaxed);
                    }
                    if answer.header("connection") != Some("close") {
                        connection = Some(open);
                    }
                }
                Err(Failure::Lost) => tally.lost += 1,
                Err(Failure::Unsent) => {}
            }
        }
        tally
    }
}

struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Tally {
    /// Fails unless every request was answered as it should be.
    pub(crate) fn assert_flawless(&self) {
        let wrong = self.wrong.first();
        assert_eq!((self.lost, wrong), (0, None), "lost, wrong");
        assert!(!self.answers.is_empty());
    }

    /// The time within which a share of the answers came that meet a condition.
    pub(crate) fn quantile(
        &self,
        share: f64,
        of: impl Fn(&(Duration, u16, Duration)) -> bool,
    ) -> Duration {
        let of = self.answers.iter().filter(|answer| of(answer));
        let mut times: Vec<Duration> = of.map(|answer| answer.2).collect();
        times.sort_unstable();
        let position = (times.len() as f64 * share) as usize;
        times.get(position).copied().unwrap_or_default()
    }

    /// What is said of every load: requests, failures, latency.
    pub(crate) fn summary(&self) -> String {
        format!(
            "{} requests, {} failed, p99 {}",
            self.answers.len() + self.lost,
            self.lost + self.wrong.len(),
            millis(self.quantile(0.99, |_| true))
        )
    }
}

/// A time as it is printed.
pub(crate) fn millis(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}

/// A size as it is printed.
pub(crate) fn mib(bytes: u64) -> String {
    format!("{} MiB", bytes >> 20)
}

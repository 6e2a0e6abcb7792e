//! Closes idle connections, and those that send the head of a request too slowly.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use canopy_pool::Owner;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;
use tokio::time::{Sleep, sleep};

use super::pace::Pace;

/// State of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Waiting for another request.
    Idle,
    /// Receiving the head of a request.
    Head,
    /// Answering a request.
    Busy,
    /// Waiting for the first request.
    Fresh,
}

/// A connection's phase and when it began; shared by its stream, its requests and the list of
/// open connections.
pub(super) struct Activity {
    start: Instant,
    /// Milliseconds since `start`, shifted left by two bits, plus the phase.
    state: AtomicU64,
    /// Number of [`Busy`] guards.
    busy: AtomicUsize,
    /// Tells the connection to close once it is idle.
    pub(super) close: Notify,
    /// Whose connection it is.
    owner: Owner,
}

impl Activity {
    fn new(owner: Owner) -> Self {
        Self {
            owner,
            start: Instant::now(),
            state: AtomicU64::new(Phase::Fresh as u64),
            busy: AtomicUsize::new(0),
            close: Notify::new(),
        }
    }

    /// Marks the connection as busy until the guard and its clones are dropped.
    pub(super) fn begin(self: &Arc<Self>) -> Busy {
        self.enter(Phase::Busy);
        Busy::new(self)
    }

    fn enter(&self, phase: Phase) {
        let millis = self.start.elapsed().as_millis() as u64;
        let state = millis << 2 | phase as u64;
        self.state.store(state, Ordering::Relaxed);
    }

    fn phase(&self) -> (Phase, Instant) {
        let state = self.state.load(Ordering::Relaxed);
        let phase = match state & 3 {
            0 => Phase::Idle,
            1 => Phase::Head,
            2 => Phase::Busy,
            _ => Phase::Fresh,
        };
        (phase, self.start + Duration::from_millis(state >> 2))
    }
}

/// Guard held by a request or response in progress. When the last one is dropped, the
/// connection is idle.
pub(super) struct Busy(Arc<Activity>);

impl Busy {
    fn new(activity: &Arc<Activity>) -> Self {
        activity.busy.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(activity))
    }
}

impl Clone for Busy {
    fn clone(&self) -> Self {
        Self::new(&self.0)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        if self.0.busy.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.0.enter(Phase::Idle);
        }
    }
}

/// Time that a new connection has for its first request before it counts as idle.
const FIRST_REQUEST: Duration = Duration::from_secs(1);

/// The open connections.
#[derive(Default)]
pub(super) struct Connections(Mutex<Vec<Arc<Activity>>>);

impl Connections {
    /// Adds a connection.
    pub(super) fn open(&self, owner: Owner) -> Arc<Activity> {
        let activity = Arc::new(Activity::new(owner));
        let mut open = self.0.lock();
        if open.len() == open.capacity() {
            forget_ended(&mut open);
        }
        open.push(Arc::clone(&activity));
        activity
    }

    /// Closes the connection that has been idle longest, of all or those of an owner, preferring those
    /// without a request so far; returns whether one is closing. A request that has begun to arrive is
    /// still answered.
    pub(super) fn close_idlest(&self, owner: Option<Owner>) -> bool {
        let mut open = self.0.lock();
        forget_ended(&mut open);
        let of_owner = |activity: &Activity| owner.is_none_or(|owner| owner == activity.owner);
        let idle = open
            .iter()
            .enumerate()
            .filter(|(_, activity)| of_owner(activity));
        let idle = idle.filter_map(|(at, activity)| match activity.phase() {
            (Phase::Fresh, since) => Some((false, since, at)),
            (Phase::Idle, since) => Some((true, since, at)),
            (Phase::Head | Phase::Busy, _) => None,
        });
        let Some((was_used, since, idlest)) = idle.min() else {
            return false;
        };
        // One that is new may be in its TLS handshake, or its request on the way. Until that is known,
        // none that has been used makes room for others.
        if !was_used && since.elapsed() < FIRST_REQUEST {
            return false;
        }
        open.swap_remove(idlest).close.notify_one();
        true
    }
}

/// Removes connections that have ended.
fn forget_ended(open: &mut Vec<Arc<Activity>>) {
    open.retain(|activity| Arc::strong_count(activity) > 1);
}

/// Timeouts of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timeouts {
    /// Until another request.
    pub(super) idle: Duration,
    /// Until the first request, and for the head of every request.
    pub(super) head: Duration,
    /// For reading a response.
    pub(super) write: Pace,
}

/// Minimum and maximum of the interval between two checks of a connection's phase.
const INTERVAL: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(3600));

/// A stream that ends when its connection is idle for too long, and fails when the head of a request
/// takes too long to arrive or a response is read too slowly.
pub(super) struct TimedStream<T> {
    stream: T,
    activity: Arc<Activity>,
    timeouts: Timeouts,
    /// Whether part of a response is still unsent; the connection is not idle then.
    is_writing: bool,
    /// How fast the client reads.
    reader: Reader,
    /// Interval between two checks, short enough to miss no timeout.
    interval: Duration,
    /// The next check. It is not reset by every request, which would cost more than checking.
    timer: Pin<Box<Sleep>>,
}

impl<T> TimedStream<T> {
    pub(super) fn new(stream: T, activity: Arc<Activity>, timeouts: Timeouts) -> Self {
        let shortest = timeouts.idle.min(timeouts.head);
        let interval = shortest.clamp(INTERVAL.0, INTERVAL.1);
        Self {
            stream,
            activity,
            timeouts,
            is_writing: false,
            reader: Reader::default(),
            interval,
            timer: Box::pin(sleep(interval)),
        }
    }

    /// Waits until the current phase has timed out; returns that phase.
    fn poll_timeout(&mut self, context: &mut Context<'_>) -> Poll<Phase> {
        loop {
            let now = Instant::now();
            let (phase, since) = self.activity.phase();
            let end = match phase {
                Phase::Idle if !self.is_writing => since.checked_add(self.timeouts.idle),
                Phase::Head | Phase::Fresh => since.checked_add(self.timeouts.head),
                Phase::Idle | Phase::Busy => None,
            };
            if end.is_some_and(|end| end <= now) {
                return Poll::Ready(phase);
            }
            let check = now + self.interval;
            let next = end.map_or(check, |end| end.min(check));
            if next < self.timer.deadline().into_std() || self.timer.is_elapsed() {
                self.timer.as_mut().reset(next.into());
            }
            ready!(self.timer.as_mut().poll(context));
        }
    }

    /// Called when everything written has been sent.
    fn flushed(&mut self) {
        if std::mem::take(&mut self.is_writing) && self.activity.phase().0 == Phase::Idle {
            self.activity.enter(Phase::Idle);
            self.reader = Reader::default();
        }
    }
}

impl<T: Unpin> TimedStream<T> {
    /// Makes progress with a response, unless the client reads too slowly. `poll` answers how many
    /// bytes were taken.
    fn poll_response(
        &mut self,
        context: &mut Context<'_>,
        poll: impl FnOnce(Pin<&mut T>, &mut Context<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match poll(Pin::new(&mut self.stream), context) {
            Poll::Ready(result) => {
                let written = *result.as_ref().unwrap_or(&0);
                self.reader.proceed(written as u64);
                Poll::Ready(result)
            }
            Poll::Pending => self.reader.poll_too_slow(self.timeouts.write, context),
        }
    }
}

/// How fast a client has been reading a response: bytes that it took, and time that it kept the
/// server waiting for that.
#[derive(Default)]
struct Reader {
    taken: u64,
    waited: Duration,
    waiting_since: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Reader {
    /// The client took bytes.
    fn proceed(&mut self, bytes: u64) {
        self.taken = self.taken.saturating_add(bytes);
        if let Some(since) = self.waiting_since.take() {
            self.waited += since.elapsed();
        }
    }

    /// Waits until the client has kept the server waiting for the grace of `pace` and took too little
    /// for that. Bytes that the system's buffers took early do not count for ever: each grace is
    /// considered by itself.
    fn poll_too_slow(&mut self, pace: Pace, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        loop {
            let since = *self.waiting_since.get_or_insert_with(Instant::now);
            if self.waited + since.elapsed() >= pace.grace {
                if self.taken < pace.bytes_in_grace() {
                    return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
                }
                *self = Self::default();
                continue;
            }
            let Some(end) = since.checked_add(pace.grace - self.waited) else {
                return Poll::Pending;
            };
            let timer = self
                .timer
                .get_or_insert_with(|| Box::pin(sleep(Duration::ZERO)));
            if timer.deadline().into_std() != end {
                timer.as_mut().reset(end.into());
            }
            ready!(timer.as_mut().poll(context));
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for TimedStream<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        if let Poll::Ready(read) = Pin::new(&mut self.stream).poll_read(context, buffer) {
            let has_arrived = buffer.filled().len() > before;
            let phase = self.activity.phase().0;
            if has_arrived && matches!(phase, Phase::Idle | Phase::Fresh) {
                self.activity.enter(Phase::Head);
            }
            return Poll::Ready(read);
        }
        Poll::Ready(match ready!(self.poll_timeout(context)) {
            // As if the client had closed the connection: there is no request to answer.
            Phase::Idle | Phase::Fresh => Ok(()),
            Phase::Head | Phase::Busy => Err(io::ErrorKind::TimedOut.into()),
        })
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for TimedStream<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.is_writing = true;
        self.poll_response(context, |stream, context| stream.poll_write(context, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.is_writing = true;
        self.poll_response(context, |stream, context| {
            stream.poll_write_vectored(context, slices)
        })
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = self.poll_response(context, |stream, context| {
            stream.poll_flush(context).map_ok(|()| 0)
        });
        let flushed = ready!(flushed).map(drop);
        if flushed.is_ok() {
            self.flushed();
        }
        Poll::Ready(flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let closed = self.poll_response(context, |stream, context| {
            stream.poll_shutdown(context).map_ok(|()| 0)
        });
        closed.map_ok(drop)
    }
}

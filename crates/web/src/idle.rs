//! Idle connections, and clients that take long to send the head of a request.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;
use tokio::time::{Sleep, sleep};

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// It waits for a request.
    Idle,
    /// The head of a request is arriving.
    Head,
    /// A request is being answered.
    Busy,
    /// It waits for its first request.
    Fresh,
}

/// What a connection has been doing since when: known to its stream, its requests and the closing
/// of idle connections.
pub(super) struct Activity {
    start: Instant,
    /// Milliseconds after the start, times four, plus the phase.
    state: AtomicU64,
    /// Parts of requests that keep the connection busy.
    busy: AtomicUsize,
    /// Tells the connection to close once it is idle.
    pub(super) close: Notify,
}

impl Activity {
    fn new() -> Self {
        Self {
            start: Instant::now(),
            state: AtomicU64::new(Phase::Fresh as u64),
            busy: AtomicUsize::new(0),
            close: Notify::new(),
        }
    }

    /// A request is being answered from now on, until the guard and its clones are dropped.
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

/// Keeps a connection busy: a part of a request or of its answer that is under way. Once all are
/// dropped, the connection waits for its next request.
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

/// The connections that are open.
#[derive(Default)]
pub(super) struct Connections(Mutex<Vec<Arc<Activity>>>);

impl Connections {
    /// A new connection.
    pub(super) fn open(&self) -> Arc<Activity> {
        let activity = Arc::new(Activity::new());
        let mut open = self.0.lock();
        if open.len() == open.capacity() {
            forget_ended(&mut open);
        }
        open.push(Arc::clone(&activity));
        activity
    }

    /// Closes the connection that has been idle longest, preferring those that never sent a request;
    /// returns false if none is idle. A request that it has begun to read is still answered.
    pub(super) fn close_idlest(&self) -> bool {
        let mut open = self.0.lock();
        forget_ended(&mut open);
        let idle = open.iter().enumerate();
        let idle = idle.filter_map(|(at, activity)| match activity.phase() {
            // A younger one may be in its TLS handshake, or its request on the way.
            (Phase::Fresh, since) if since.elapsed() >= FIRST_REQUEST => Some((false, since, at)),
            (Phase::Idle, since) => Some((true, since, at)),
            (Phase::Fresh | Phase::Head | Phase::Busy, _) => None,
        });
        let Some((_, _, idlest)) = idle.min() else {
            return false;
        };
        open.swap_remove(idlest).close.notify_one();
        true
    }
}

/// Forgets connections that nobody else knows any more.
fn forget_ended(open: &mut Vec<Arc<Activity>>) {
    open.retain(|activity| Arc::strong_count(activity) > 1);
}

/// How long a connection may wait.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// For another request.
    pub(super) idle: Duration,
    /// For the first request of a connection, and for the rest of the head of any.
    pub(super) head: Duration,
}

/// Shortest and longest time between two looks at what a connection is doing.
const LOOK: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(3600));

/// A stream that ends when its connection has been idle for too long, and fails when the head of
/// a request takes too long to arrive.
pub(super) struct Impatient<T> {
    stream: T,
    activity: Arc<Activity>,
    patience: Patience,
    /// Whether a part of an answer is still on its way: the connection is not idle then.
    is_writing: bool,
    /// Time between two looks: none is missed, whatever the connection did since the last one.
    look: Duration,
    /// The next look. It is not set anew with every request, which would take longer than to look.
    timer: Pin<Box<Sleep>>,
}

impl<T> Impatient<T> {
    pub(super) fn new(stream: T, activity: Arc<Activity>, patience: Patience) -> Self {
        let look = patience.idle.min(patience.head).clamp(LOOK.0, LOOK.1);
        Self {
            stream,
            activity,
            patience,
            is_writing: false,
            look,
            timer: Box::pin(sleep(look)),
        }
    }

    /// Waits until the patience of the current phase has ended; answers which one that is.
    fn poll_patience(&mut self, context: &mut Context<'_>) -> Poll<Phase> {
        loop {
            let now = Instant::now();
            let (phase, since) = self.activity.phase();
            let end = match phase {
                Phase::Idle if !self.is_writing => since.checked_add(self.patience.idle),
                Phase::Head | Phase::Fresh => since.checked_add(self.patience.head),
                Phase::Idle | Phase::Busy => None,
            };
            if end.is_some_and(|end| end <= now) {
                return Poll::Ready(phase);
            }
            let look = now + self.look;
            let next = end.map_or(look, |end| end.min(look));
            if next < self.timer.deadline().into_std() || self.timer.is_elapsed() {
                self.timer.as_mut().reset(next.into());
            }
            ready!(self.timer.as_mut().poll(context));
        }
    }

    /// All that was written is on its way.
    fn flushed(&mut self) {
        if std::mem::take(&mut self.is_writing) && self.activity.phase().0 == Phase::Idle {
            self.activity.enter(Phase::Idle);
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Impatient<T> {
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
        Poll::Ready(match ready!(self.poll_patience(context)) {
            // As if the client had closed the connection: there is nothing to answer.
            Phase::Idle | Phase::Fresh => Ok(()),
            Phase::Head | Phase::Busy => Err(io::ErrorKind::TimedOut.into()),
        })
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Impatient<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.is_writing = true;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.is_writing = true;
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = ready!(Pin::new(&mut self.stream).poll_flush(context));
        if flushed.is_ok() {
            self.flushed();
        }
        Poll::Ready(flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

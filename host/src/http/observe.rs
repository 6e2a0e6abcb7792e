//! What happens around every request: its id, its metrics, its place, its log line.

use std::any::Any;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{self, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tokio::sync::SemaphorePermit;
use tracing::{debug, warn};

use super::problem::Problem;
use super::secure;
use super::trace::{self, Begun};
use crate::host::Host;
use crate::lane::Place;
use crate::log::about::{self, About};
use crate::models::Slot;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The `endpoint` label of whatever matches no route.
pub(super) const UNMATCHED: &str = "unmatched";

/// [`observed`], for every route.
pub(super) async fn observe(
    State(host): State<Arc<Host>>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.extensions().get::<MatchedPath>().cloned();
    let endpoint = path.as_ref().map_or(UNMATCHED, MatchedPath::as_str);
    observed(&host, endpoint, request, |request| next.run(request)).await
}

/// Gives the request an id, counts it, times it and logs it.
///
/// The id is the client's `x-request-id` if it sends a reasonable one; it is in every log line
/// of the request and in the answer.
pub(super) async fn observed<B, F: Future<Output = Response>>(
    host: &Host,
    endpoint: &str,
    request: http::Request<B>,
    answer: impl FnOnce(http::Request<B>) -> F,
) -> Response {
    let start = Instant::now();
    let in_flight = host.metrics.request();
    let id = request_id(request.headers());
    let method = request.method().clone();

    let parent = trace::parent(request.headers());
    let begun = trace::begin(host, endpoint, &request, parent);
    let about = Arc::new(About {
        id: id.to_str().unwrap_or_default().to_owned(),
        trace: match parent {
            Some(parent) => Some(parent.trace.to_owned()),
            None => begun.as_ref().map(Begun::trace),
        },
        parent: parent.map(|parent| parent.span.to_owned()),
        user: OnceLock::new(),
    });
    // Pinned here, it is not moved into the futures around it, large as it is.
    let answer = pin!(answer(request));
    let told = async {
        let response = match begun {
            None => answer.await,
            Some(begun) => begun.end(answer).await,
        };
        let status = response.status();
        let duration = start.elapsed();
        let name = standard_name(&method);
        host.metrics
            .answered(endpoint, name, status.as_u16(), duration);
        drop(in_flight);
        // Refusals under overload are counted; to log each would add to the load.
        if status.is_server_error() && status != StatusCode::SERVICE_UNAVAILABLE {
            warn!(%method, endpoint, status = status.as_u16(), ?duration, "request failed");
        } else {
            debug!(%method, endpoint, status = status.as_u16(), ?duration, "request answered");
        }
        response
    };
    let mut response = about::scope(about, told).await;
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, id);
    secure::add(headers, host.tls.is_some());
    if !host.is_ready() {
        // The client's next request is for another host.
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Lets a request in only if there is a place for it, so that under overload the host answers
/// what it can in time and refuses the rest at once.
pub(super) fn admit<'a>(host: &'a Host, slot: &Slot) -> Result<SemaphorePermit<'a>, Problem> {
    host.places.try_acquire().map_err(|_| {
        slot.metrics.overloaded();
        let limit = host.config.limits.max_in_flight;
        Problem::overload(format!("{limit} requests are in flight already"))
    })
}

/// A place in the slow lane, to be taken before a large body is read: what waits is bounded.
pub(super) fn slow_place(host: &Host, slot: &Slot) -> Result<Place, Problem> {
    let place = host.lane.place();
    Ok(place.inspect_err(|_| slot.metrics.overloaded())?)
}

/// The id that the client gave the request, if it did.
pub(super) fn request_id_of(headers: &HeaderMap) -> Option<Vec<u8>> {
    let id = headers.get(REQUEST_ID)?;
    Some(id.as_bytes().to_vec())
}

/// The answer for a handler that panicked; the panic is in the log, the host goes on.
pub(super) fn panicked(_: Box<dyn Any + Send>) -> Response {
    Problem::internal().into_response()
}

/// The client's id if it is short and printable, otherwise a new one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let given = headers.get(REQUEST_ID);
    let reasonable = |id: &&HeaderValue| {
        (1..=128).contains(&id.len()) && id.as_bytes().iter().all(u8::is_ascii_graphic)
    };
    match given.filter(reasonable) {
        Some(id) => id.clone(),
        None => new_id(),
    }
}

/// An id that no other request of this process has, nor likely one of another process.
fn new_id() -> HeaderValue {
    static PROCESS: LazyLock<String> = LazyLock::new(|| {
        use std::hash::{BuildHasher as _, RandomState};
        format!("{:016x}-", RandomState::new().hash_one(std::process::id()))
    });
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let mut text = String::with_capacity(PROCESS.len() + 16);
    text.push_str(&PROCESS);
    // Several times faster than formatting.
    let digits = 16 - (count | 1).leading_zeros() / 4;
    let digit = |place| char::from_digit((count >> (4 * place)) as u32 & 15, 16);
    text.extend((0..digits).rev().filter_map(digit));
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("unknown"))
}

/// A bounded label: methods that nobody has heard of are one value.
pub(super) fn standard_name(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "HEAD" => "HEAD",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        "PATCH" => "PATCH",
        _ => "OTHER",
    }
}

//! The short way of `POST /predict`, which most requests are: what happens to every request
//! happens to it too, but as one function within the other. Through axum's router and its layers
//! it would take half as long again.

use std::any::Any;
use std::convert::Infallible;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{self, Method, header};
use axum::response::{IntoResponse as _, Response};
use hyper::body::{Body as _, Incoming};
use tower::Service as _;

use super::connection::Peer;
use super::drain::{self, Lent};
use super::models::no_model;
use super::observe::{observed, panicked};
use super::predict::predict_record;
use super::{PREDICT, door};
use crate::host::Host;

/// What the requests of a connection share; cores that count who holds it do so each for itself.
pub(super) struct Connection {
    pub(super) host: Arc<Host>,
    pub(super) router: Router,
    pub(super) peer: Peer,
}

/// Answers a request: of a single prediction here, any other one through the router.
pub(super) async fn answer(
    connection: Arc<Connection>,
    mut request: http::Request<Incoming>,
) -> Result<Response, Infallible> {
    let Connection { host, router, peer } = &*connection;
    if request.method() == Method::POST && request.uri().path() == PREDICT {
        if host.tracer.is_some() {
            request.extensions_mut().insert(*peer);
        }
        let answer = |request| drained(host, request);
        return Ok(observed(host, PREDICT, request, answer).await);
    }
    request.extensions_mut().insert(*peer);
    router.clone().call(request.map(Body::new) as Request).await
}

/// As [`drain::drain`], with a body that is only lent.
async fn drained(host: &Arc<Host>, request: http::Request<Incoming>) -> Response {
    let (head, body) = request.into_parts();
    let waits = head.headers.contains_key(header::EXPECT);
    let mut body = Lent::new(body);
    let predicted = caught(guarded(host, &head, &mut body)).await;
    if !body.is_end_stream() {
        let was_read = body.was_read;
        drain::finish(body, was_read, waits);
    }
    predicted.unwrap_or_else(panicked)
}

/// As [`door::guard`].
async fn guarded(host: &Arc<Host>, head: &Parts, body: &mut Lent<Incoming>) -> Response {
    if let Some(door) = &host.door
        && let Err(refusal) = door::check(host, door, &head.method, Some(PREDICT), &head.headers)
    {
        return refusal.into_response();
    }
    let default = host.models.default();
    let Some(slot) = &*default else {
        return no_model().into_response();
    };
    let predicted = predict_record(host, slot, &head.headers, body).await;
    predicted.unwrap_or_else(|problem| problem.into_response())
}

/// The outcome of a future, even if it panics.
async fn caught<T>(future: impl Future<Output = T>) -> Result<T, Box<dyn Any + Send>> {
    let mut future = pin!(future);
    poll_fn(|context| {
        // A future that panicked is not polled again.
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    })
    .await
}

//! The pipeline of every request.

use std::any::Any;
use std::future::poll_fn;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use axum_core::body::Body;
use axum_core::response::Response;
use canopy_auth::Roles;
use canopy_pool::Owner;
use canopy_telemetry::context::{self as telemetry, RequestContext};
use http::request::Parts as Head;
use http::{HeaderValue, Request, StatusCode, header};
use tracing::{debug, warn};

use super::body::{RequestBody, held};
use super::call::Call;
use super::class::Class;
use super::cors::Origins;
use super::csrf::Csrf;
use super::parameters::Parameters;
use super::permit::Permit;
use super::problem::Problem;
use super::route::{Need, Route};
use super::service::{Parts, Service};
use super::table::{Matched, Table};
use super::{authenticate, compress, context, discard, headers};

/// The `endpoint` label of requests that match no route.
const UNMATCHED: &str = "unmatched";

/// Answers the requests of all connections.
pub(super) struct Pipeline<S: 'static> {
    service: Arc<S>,
    table: Arc<Table<S>>,
    origins: Origins,
    csrf: Csrf,
}

impl<S: Service> Pipeline<S> {
    pub(super) fn new(service: Arc<S>, table: Arc<Table<S>>) -> Self {
        let parts = service.parts();
        Self {
            origins: Origins::new(parts.config.cors_origin.clone()),
            csrf: Csrf::new(parts.is_local, &parts.config.allowed_host),
            service,
            table,
        }
    }

    pub(super) fn service(&self) -> &Arc<S> {
        &self.service
    }

    /// Answers a request.
    pub(super) async fn answer(&self, request: Request<RequestBody>, peer: IpAddr) -> Response {
        let start = Instant::now();
        let parts = self.service.parts();
        let in_flight = parts.http_metrics.begin();
        let (head, body) = request.into_parts();
        let matched = self.table.find(&head.method, self.path(&head));
        let endpoint = match &matched {
            Matched::Route(route, _) => route.path,
            Matched::OtherMethod { path, .. } => path,
            Matched::Nothing => UNMATCHED,
        };
        let (context, id) = context::begin(&head, parts.tracer.as_deref());
        context.came_from(peer);
        let context = Arc::new(context);
        // Pinned here because the future is large and would be moved into the one around it.
        let answer = pin!(self.answer_matched(&head, body, matched, &context, peer));
        let answered = async {
            let response = answer.await;
            let status = response.status();
            let duration = start.elapsed();
            let method = context::standard_name(&head.method);
            let metrics = &parts.http_metrics;
            metrics.answered(endpoint, method, status.as_u16(), duration);
            drop(in_flight);
            if let Some(span) = &context.span {
                let route = (endpoint != UNMATCHED).then_some(endpoint);
                let scheme = if parts.tls.is_some() { "https" } else { "http" };
                let status = status.as_u16();
                span.end(context::exchange(
                    &head, method, route, scheme, peer, status,
                ));
            }
            // Overload is counted only; logging every rejection would add to the load.
            if status.is_server_error() && status != StatusCode::SERVICE_UNAVAILABLE {
                warn!(
                    method,
                    endpoint,
                    status = status.as_u16(),
                    ?duration,
                    "request failed"
                );
            } else {
                debug!(
                    method,
                    endpoint,
                    status = status.as_u16(),
                    ?duration,
                    "request answered"
                );
            }
            response
        };
        let mut response = telemetry::scope(Arc::clone(&context), answered).await;
        let answer = response.headers_mut();
        answer.insert(context::REQUEST_ID, id);
        headers::secure(answer, parts.tls.is_some());
        self.origins.add(&head.headers, answer);
        if !parts.lifecycle.is_ready() {
            // Sends the client's next request to another server.
            answer.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    /// The path of a request, without the root path if a proxy has kept it.
    fn path<'h>(&self, head: &'h Head) -> &'h str {
        let path = head.uri.path();
        let root = self.service.parts().config.root_path.as_str();
        match path.strip_prefix(root) {
            Some(rest) if rest.starts_with('/') => rest,
            _ => path,
        }
    }

    /// Answers a matched request and discards the rest of its body.
    async fn answer_matched(
        &self,
        head: &Head,
        mut body: RequestBody,
        matched: Matched<S>,
        context: &RequestContext,
        peer: IpAddr,
    ) -> Response {
        let waits = discard::waits(head);
        let answered = match matched {
            Matched::Route(route, parameters) => {
                let admitted = self.admit(head, &mut body, route, &parameters, context, peer);
                catch_panic(admitted)
                    .await
                    .unwrap_or_else(|_| Err(Problem::internal()))
            }
            Matched::OtherMethod { path, allow } => self.refuse_method(head, context, path, &allow),
            Matched::Nothing => self.refuse_path(head, context),
        };
        discard::discard(body, waits);
        answered.unwrap_or_else(|problem| S::problem(self.path(head), problem))
    }

    /// Authorizes and admits a request, and calls its handler.
    async fn admit(
        &self,
        head: &Head,
        body: &mut RequestBody,
        route: &'static Route<S>,
        parameters: &Parameters,
        context: &RequestContext,
        peer: IpAddr,
    ) -> Result<Response, Problem> {
        let service = &self.service;
        let roles = self.authorize(head, route.need, context)?;
        let parts = service.parts();
        let is_free = parts.permits.check(route.class, body.length());
        is_free.inspect_err(|_| service.overloaded(parameters))?;
        let owner = context.user().map_or_else(|| Owner::of(peer), Owner::of);
        let call = Call {
            service,
            head,
            peer,
            roles,
            permit: Permit::Open,
            parameters,
            class: route.class,
            owner,
            body,
        };
        let response = (route.handler)(call).await?;
        let response = held(response, &parts.memory)?;
        let background = &parts.permits.background;
        match route.class {
            Class::Fast => Ok(response),
            Class::Open | Class::Upload => compress::compress(head, response, None).await,
            Class::Background | Class::Evaluation | Class::BySize => {
                compress::compress(head, response, Some((background, owner))).await
            }
        }
    }

    /// Checks the credential of a request; without users, rejects cross-site requests. Returns what
    /// the sender may do.
    fn authorize(
        &self,
        head: &Head,
        need: Need,
        context: &RequestContext,
    ) -> Result<Roles, Problem> {
        let Parts {
            auth,
            auth_metrics,
            config,
            ..
        } = self.service.parts();
        let need = match need {
            Need::Metrics if config.open_metrics => Need::Nothing,
            need => need,
        };
        match auth {
            Some(auth) => authenticate::check(auth, auth_metrics, need, &head.headers, context),
            None => {
                let checked = self.csrf.check(&head.method, &head.headers, &self.origins);
                checked.map(|()| Roles::ALL)
            }
        }
    }

    /// Answers a method that the path does not support: a preflight, or 405.
    fn refuse_method(
        &self,
        head: &Head,
        context: &RequestContext,
        path: &'static str,
        allow: &str,
    ) -> Result<Response, Problem> {
        if let Some(preflight) = self.origins.preflight(&head.headers, allow)
            && head.method == http::Method::OPTIONS
        {
            return Ok(preflight);
        }
        self.authorize(head, Need::User, context)?;
        let detail = format!("{path} does not take this method; see the Allow header");
        let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail);
        Err(match HeaderValue::from_str(allow) {
            Ok(allow) => problem.with_header(header::ALLOW, allow),
            Err(_) => problem,
        })
    }

    /// Answers an unknown path: 404, or 401 without a valid credential. The root path itself
    /// redirects to the path with a slash, below which relative links work.
    fn refuse_path(&self, head: &Head, context: &RequestContext) -> Result<Response, Problem> {
        let config = &self.service.parts().config;
        if head.method.is_safe() && head.uri.path() == config.root_path {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
            let below = HeaderValue::try_from(config.link("/"));
            let below = below.map_err(|_| Problem::internal())?;
            response.headers_mut().insert(header::LOCATION, below);
            return Ok(response);
        }
        self.authorize(head, Need::User, context)?;
        let (path, docs) = (head.uri.path(), config.link("/docs/"));
        let detail = format!("there is nothing at {path:.100}; {docs} lists the routes");
        Err(Problem::new(StatusCode::NOT_FOUND, detail))
    }
}

/// Runs a future and catches its panics, which the panic hook logs.
async fn catch_panic<T>(future: impl Future<Output = T>) -> Result<T, Box<dyn Any + Send>> {
    let mut future = pin!(future);
    poll_fn(|context| {
        // Not polled again after a panic.
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    })
    .await
}

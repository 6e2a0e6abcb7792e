//! The host's HTTP interface: the only module that names `axum`.
//!
//! | Route                 | Answer                                                          |
//! |-----------------------|-----------------------------------------------------------------|
//! | `POST /predict`       | the prediction for one record                                   |
//! | `POST /predict/batch` | predictions for many records, in the form they came in          |
//! | `POST /evaluate`      | scores and drift of labelled records                            |
//! | `/models…`            | the same for every model by name; versions, see [`models`]      |
//! | `/v2…`                | the Open Inference Protocol, see [`v2`]                         |
//! | `GET /evaluations…`   | the last evaluations, see [`evaluations`]                       |
//! | `GET /live`           | drift and speed of the predictions at the moment                |
//! | `GET /model`          | what the model says of itself                                   |
//! | `GET /metrics`        | metrics in the text format of Prometheus                        |
//! | `GET /health`         | 200 while the process lives                                     |
//! | `GET /ready`          | 200 while requests are taken, 503 once it has been told to stop |
//! | `GET /openapi.json`   | this interface, with the model's own fields (OpenAPI 3.1)       |
//! | `GET /docs/`          | the same, to read and try                                       |
//! | `POST /token`         | a token for a name and a password, if there is authentication   |
//! | `GET /`               | a greeting; the console for a browser, see [`console`]          |
//!
//! Of axum it uses routing and handlers; connections are hyper's, so that every one has its
//! time limits. Errors are [`problem::Problem`]s.

mod answer;
mod batch;
mod body;
mod connection;
mod console;
mod cross;
mod direct;
mod docs;
mod door;
mod drain;
mod evaluate;
mod evaluations;
mod live;
mod models;
mod observe;
mod openapi;
mod predict;
mod problem;
mod secure;
mod status;
mod token;
mod trace;
mod v2;
mod workers;

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::routing::{get, post};
use axum::{Router, middleware};
use tower_http::catch_panic::CatchPanicLayer;

pub(crate) use connection::serve;
pub(crate) use workers::Workers;

use crate::host::Host;
use problem::Problem;

/// The route of single predictions, which [`direct`] answers; here for other methods.
const PREDICT: &str = "/predict";

/// All routes with everything around them.
fn router(host: Arc<Host>) -> Router {
    let router = Router::new()
        .route(PREDICT, post(predict::predict))
        .route("/predict/batch", post(batch::predict_batch))
        .route("/evaluate", post(evaluate::evaluate))
        .route("/model", get(models::describe))
        .route("/live", get(live::live))
        .merge(models::routes())
        .merge(v2::routes())
        .merge(evaluations::routes())
        .merge(console::routes())
        .route("/metrics", get(status::metrics))
        .route("/health", get(status::health))
        .route("/ready", get(status::ready))
        .route("/openapi.json", get(docs::openapi))
        .route("/docs", get(docs::redirect))
        .route("/docs/", get(docs::index))
        .route("/docs/{file}", get(docs::file))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed);
    guarded(router, &host)
        .layer(middleware::from_fn(v2::in_its_form))
        .layer(CatchPanicLayer::custom(observe::panicked))
        .layer(middleware::from_fn(drain::drain))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&host),
            observe::observe,
        ))
        .with_state(host)
}

/// The routes behind the door, or behind what stands where there is none.
fn guarded(router: Router<Arc<Host>>, host: &Arc<Host>) -> Router<Arc<Host>> {
    let Some(door) = &host.door else {
        let state = Arc::clone(host);
        return router.layer(middleware::from_fn_with_state(state, cross::guard));
    };
    let state = (Arc::clone(host), Arc::clone(door));
    router
        .route("/token", post(token::issue).with_state(state.clone()))
        .layer(middleware::from_fn_with_state(state, door::guard))
}

/// State of every handler.
type Shared = State<Arc<Host>>;

async fn not_found(uri: Uri) -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        format!(
            "there is nothing at {:.100}; /docs/ lists what there is",
            uri.path()
        ),
    )
}

async fn method_not_allowed(uri: Uri) -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        format!(
            "{} does not take this method; see the Allow header",
            uri.path()
        ),
    )
}

//! The retrainer's HTTP interface: the only module that names `axum`.
//!
//! | Route          | Answer                                                              |
//! |----------------|---------------------------------------------------------------------|
//! | `POST /alerts` | 202 with a decision on each alert of an Alertmanager's notification |
//! | `POST /runs`   | 202 with the run it starts, 409 while another is under way          |
//! | `GET /runs`    | the last hundred runs, the newest first                             |
//! | `GET /metrics` | metrics in the text format of Prometheus                            |
//! | `GET /health`  | 200 while the process lives                                         |
//!
//! Errors are [`problem::Problem`]s.

mod alerts;
mod problem;
mod runs;
mod status;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tracing::warn;

use crate::retraining::Retrainer;
use problem::Problem;

/// Longest time to finish requests in flight when told to stop.
const PATIENCE: Duration = Duration::from_secs(10);

/// Serves until `stop` resolves, then finishes the requests in flight.
pub(crate) async fn serve(
    listener: TcpListener,
    retrainer: Arc<Retrainer>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (told, mut stopping) = watch::channel(false);
    let graceful = async move {
        stop.await;
        told.send_replace(true);
    };
    let served = axum::serve(listener, router(retrainer)).with_graceful_shutdown(graceful);
    let patience = async move {
        // If nobody can tell any more, the server has ended.
        if stopping.wait_for(|stop| *stop).await.is_err() {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(PATIENCE).await;
    };
    tokio::select! {
        result = served => result,
        () = patience => {
            warn!(?PATIENCE, "some requests took too long to finish");
            Ok(())
        }
    }
}

fn router(retrainer: Arc<Retrainer>) -> Router {
    Router::new()
        .route("/alerts", post(alerts::receive))
        .route("/runs", get(runs::list).post(runs::start))
        .route("/metrics", get(status::metrics))
        .route("/health", get(status::health))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(retrainer)
}

/// State of every handler.
type Shared = State<Arc<Retrainer>>;

async fn not_found(uri: Uri) -> Problem {
    let detail = format!("there is nothing at {}", uri.path());
    Problem::new(StatusCode::NOT_FOUND, detail)
}

async fn method_not_allowed(uri: Uri) -> Problem {
    let detail = format!(
        "{} does not take this method; see the Allow header",
        uri.path()
    );
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail)
}

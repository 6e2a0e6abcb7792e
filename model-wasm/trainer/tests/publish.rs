//! Ways to publish: a canary at the host, and a file to review.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[expect(dead_code, reason = "another test file uses the rest of it")]
mod service;

use std::fs;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::routing::get;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use service::{JUNE, Workplace};

#[test]
fn a_challenger_is_put_on_trial_at_the_host() {
    let workplace = Workplace::with_model();
    JUNE.iter().for_each(|week| workplace.observe(week));
    let old = fs::read(workplace.model()).unwrap();
    let host = Host::new(&workplace.load().digest().to_string());
    let service = workplace.serve(
        &["--host", &host.url, "--cooldown", "0s"],
        &[("CANOPY_API_KEY", "canopy_key")],
    );
    service.post("/runs", "");
    let run = service.ended_run();
    assert_eq!(run["state"], "proposed", "{run}");
    let reason = run["reason"].as_str().unwrap();
    assert!(reason.contains("/models/bike-sharing shows"), "{reason}");
    // The host's file is left alone, and what was proposed is kept.
    assert_eq!(fs::read(workplace.model()).unwrap(), old);
    let digest = run["digest"].as_str().unwrap();
    let kept = workplace.model().with_file_name("challengers");
    let kept = fs::read(kept.join(format!("{digest}.wasm"))).unwrap();
    let (query, key, component) = host.state.lock().unwrap().proposed.clone().unwrap();
    assert!(
        query.contains("mode=canary") && query.contains("max-disagreement=1"),
        "{query}"
    );
    assert_eq!(key, "canopy_key");
    assert_eq!(component, kept);

    // While it is on trial, there is no other run.
    host.state.lock().unwrap().candidate = Some("2.0.0".into());
    service.post("/runs", "");
    let run = service.ended_run();
    assert_eq!(run["state"], "skipped", "{run}");
    assert!(
        run["reason"].as_str().unwrap().contains("still on trial"),
        "{run}"
    );

    // Once it is promoted, it is the champion.
    let digest = digest.to_owned();
    *host.state.lock().unwrap() = State {
        serving: digest,
        ..State::default()
    };
    service.post("/runs", "");
    let run = service.ended_run();
    assert_eq!(run["state"], "kept", "{run}");
    assert_eq!(run["champion_score"], run["challenger_score"]);

    // What the host got from elsewhere is not known here.
    host.state.lock().unwrap().serving = "f00d".into();
    service.post("/runs", "");
    let run = service.ended_run();
    assert_eq!(run["state"], "failed", "{run}");
    let error = run["error"].as_str().unwrap();
    assert!(error.contains("challengers/f00d.wasm"), "{error}");
}

#[test]
fn a_challenger_is_written_for_review() {
    let workplace = Workplace::with_model();
    JUNE.iter().for_each(|week| workplace.observe(week));
    let old = fs::read(workplace.model()).unwrap();
    let service = workplace.serve(&["--publish", "review"], &[]);
    service.post("/runs", "");
    let run = service.ended_run();
    assert_eq!(run["state"], "written", "{run}");
    assert_eq!(fs::read(workplace.model()).unwrap(), old);
    let reason = run["reason"].as_str().unwrap();
    let mut folder = fs::read_dir(workplace.model().with_file_name("review")).unwrap();
    let file = folder.next().unwrap().unwrap().path();
    assert!(
        reason.contains(&format!("mv {}", file.display())),
        "{reason}"
    );
}

/// What a host was told, and says.
#[derive(Default)]
struct State {
    /// Digest of the serving component.
    serving: String,
    /// Version of the candidate.
    candidate: Option<String>,
    /// Query, key and component of the last proposal.
    proposed: Option<(String, String, Vec<u8>)>,
}

/// A host that tries out whatever it gets.
struct Host {
    url: String,
    state: Arc<Mutex<State>>,
    _runtime: Runtime,
}

impl Host {
    fn new(serving: &str) -> Self {
        let state = Arc::new(Mutex::new(State {
            serving: serving.to_owned(),
            ..State::default()
        }));
        let (described, proposed) = (Arc::clone(&state), Arc::clone(&state));
        let describe = move || async move {
            let state = described.lock().unwrap();
            let candidate = state.candidate.as_ref().map(|it| json!({"version": it}));
            let digest = format!("sha256:{}", state.serving);
            json!({"version": "1.0.0", "component": {"digest": digest}, "candidate": candidate})
                .to_string()
        };
        let propose = move |uri: Uri, headers: HeaderMap, component: Bytes| async move {
            let key = headers["x-api-key"].to_str().unwrap().to_owned();
            let query = uri.query().unwrap().to_owned();
            proposed.lock().unwrap().proposed = Some((query, key, component.to_vec()));
            (StatusCode::OK, Value::Null.to_string())
        };
        let path = "/models/bike-sharing";
        let router = Router::new()
            .route(path, get(describe))
            .route(&format!("{path}/candidate"), axum::routing::put(propose))
            .layer(DefaultBodyLimit::disable());
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        runtime.spawn(async { axum::serve(listener, router).await });
        Self {
            url,
            state,
            _runtime: runtime,
        }
    }
}

//! A model that misbehaves and uploads that are unfit, next to a model in use.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use crate::guest::{padded, renamed, unruly};
use crate::house;
use crate::server::Server;

/// Longest time that nearly all predictions of the model in use may take, on a machine whose
/// cores the neighbours want too.
const BOUND: Duration = Duration::from_millis(100);

#[test]
fn a_model_in_use_is_not_troubled_by_its_neighbours() {
    let folder = TempDir::new().unwrap();
    fs::copy(house::model(), folder.path().join("bikes.wasm")).unwrap();
    let server = Server::spawn(&[
        "--models",
        folder.path().to_str().unwrap(),
        "--model-deadline",
        "200ms",
    ]);
    let put = |name: &str, component: Vec<u8>| {
        let request = server.client.put(server.url(&format!("/models/{name}")));
        request.body(component).send().unwrap().status().as_u16()
    };
    assert_eq!(put("unruly", unruly(b'-')), 201);
    let expected = server.post_json("/predict", &house::record());

    let done = AtomicBool::new(false);
    let mut times: Vec<Duration> = thread::scope(|scope| {
        let use_it = || {
            let mut times = Vec::new();
            while !done.load(Ordering::Relaxed) {
                let start = Instant::now();
                assert_eq!(server.post_json("/predict", &house::record()), expected);
                times.push(start.elapsed());
            }
            times
        };
        let users = [(); 2].map(|()| scope.spawn(use_it));
        let misbehave = || {
            for command in (1..=11).cycle().take(60) {
                let body = json!({"command": command});
                let (status, answer) = server.post_json("/models/unruly/predict", &body);
                assert!(status == 200 || status >= 422, "{command}: {answer}");
            }
        };
        let misdeeds = [(); 4].map(|()| scope.spawn(misbehave));
        let sound = || unruly(b'-');
        for component in [
            unruly(b'g'),
            unruly(b't'),
            unruly(b'T'),
            unruly(b'H'),
            unruly(b'G'),
            renamed(sound(), "@0.1.0", "@0.2.0"),
            sound()[..sound().len() / 2].to_vec(),
        ] {
            assert_eq!(put("unfit", component), 422);
        }
        assert_eq!(put("unfit", padded(sound(), 80 << 20)), 413);
        for misdeed in misdeeds {
            misdeed.join().unwrap();
        }
        done.store(true, Ordering::Relaxed);
        users.map(|user| user.join().unwrap()).concat()
    });
    times.sort_unstable();
    let p99 = times[times.len() * 99 / 100];
    assert!(times.len() > 500, "only {} predictions", times.len());
    assert!(p99 < BOUND, "p99 {p99:?} of {}", times.len());
    assert_eq!(
        server.metric("model_calls_failed_total{model=\"bikes\",reason=\"overload\"}"),
        Some(0.0)
    );
    assert_eq!(server.get("/models/unfit").status(), 404);
    assert!(!folder.path().join("unfit").exists());
}

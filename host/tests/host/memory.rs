//! The memory of a host stays within bounds whatever bodies it is sent.

use std::fs;
use std::thread;

use canopy_test_support::Service;

use crate::house;
use crate::server::Server;

/// Memory budget of the host in these tests.
const BUDGET: u64 = 256 << 20;
/// Memory beside the budget: code, threads, buffers of the system's allocator.
const BESIDE: u64 = 96 << 20;

/// The largest resident memory that a process has had, in bytes.
fn peak(server: &Service) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.process.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.unwrap().trim().trim_end_matches(" kB");
    kilobytes.parse::<u64>().unwrap() << 10
}

/// A request whose body takes the most memory that is known for its route.
struct Worst {
    method: &'static str,
    path: &'static str,
    media_type: &'static str,
    body: Vec<u8>,
}

fn post(path: &'static str, media_type: &'static str, body: impl Into<Vec<u8>>) -> Worst {
    Worst {
        method: "POST",
        path,
        media_type,
        body: body.into(),
    }
}

/// For each route that takes a body, the worst bodies that were found.
fn worst() -> Vec<Worst> {
    let record = house::record();
    let features = house::FEATURES.map(|name| format!("\"{name}\":0"));
    let row = features.join(",");
    let columns = house::FEATURES.join(",");
    let zeros = ["0"; house::FEATURES.len()].join(",");
    let rows = |count: usize| vec![format!("{{{row}}}"); count].join(",");
    let labelled = vec![format!("{{{row},\"cnt\":1}}"); 20_000].join(",");
    let tensor = |count: usize| vec!["0"; count * house::FEATURES.len()].join(",");
    let infer = |count: usize, outputs: &str| {
        let width = house::FEATURES.len();
        format!(
            r#"{{"inputs":[{{"name":"x","shape":[{count},{width}],"datatype":"FP64","data":[{}]}}]{outputs}}}"#,
            tensor(count)
        )
    };
    let repeated = vec![r#"{"name":"predicted_count"}"#; 22_000].join(",");
    let many_inputs = vec![r#"{"name":"","shape":[],"datatype":""}"#; 200_000].join(",");
    let large = 24 << 20;
    vec![
        post("/predict", "application/json", vec![b'['; 1 << 20]),
        post(
            "/predict",
            "application/json",
            format!("{{{}}}", vec![r#""a":0"#; 100_000].join(",")),
        ),
        post("/predict", "application/json", record.to_string()),
        post(
            "/predict/batch",
            "application/json",
            format!("[{}]", rows(60_000)),
        ),
        post(
            "/predict/batch",
            "application/json",
            format!("[{}]", vec!["{}"; 4 << 20].join(",")),
        ),
        post("/predict/batch", "application/json", vec![b'['; large]),
        post(
            "/predict/batch",
            "text/csv",
            format!("{columns}\n{}", vec![zeros; 400_000].join("\n")),
        ),
        post("/predict/batch", "text/csv", vec![b','; large]),
        post(
            "/predict/batch",
            "application/vnd.apache.arrow.stream",
            vec![255; large],
        ),
        post(
            "/v2/models/bike-sharing/infer",
            "application/json",
            infer(500_000, ""),
        ),
        post(
            "/v2/models/bike-sharing/infer",
            "application/json",
            infer(12_000, &format!(r#","outputs":[{repeated}]"#)),
        ),
        post(
            "/v2/models/bike-sharing/infer",
            "application/json",
            format!(r#"{{"inputs":[{many_inputs}]}}"#),
        ),
        post(
            "/evaluate",
            "application/json",
            format!(r#"{{"data":[{labelled}]}}"#),
        ),
        post(
            "/evaluate",
            "application/json",
            format!(r#"{{"data":[{}]}}"#, vec!["{}"; 4 << 20].join(",")),
        ),
        Worst {
            method: "PUT",
            path: "/models/large",
            media_type: "application/wasm",
            body: vec![0; large],
        },
    ]
}

/// Several at a time, so that what one of them is allowed is not what all of them may take.
#[test]
fn the_worst_bodies_of_every_route_take_no_more_than_the_budget() {
    let folder = tempfile::tempdir().unwrap();
    let versions = folder.path().to_str().unwrap();
    let arguments = [
        "--memory",
        "256MiB",
        "--models",
        versions,
        "--background-permits",
        "32",
    ];
    let server = Server::start(house::model(), &arguments);
    for worst in worst() {
        let (path, length) = (worst.path, worst.body.len() as u64);
        thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| {
                    let method = worst.method.parse().unwrap();
                    let request = server.client.request(method, server.url(path));
                    let request = request.header("content-type", worst.media_type);
                    // Refused or answered: what counts is what it takes.
                    let response = request.body(worst.body.clone()).send().unwrap();
                    response.bytes().unwrap();
                });
            }
        });
        let peak = peak(&server);
        assert!(
            peak <= BUDGET + BESIDE,
            "{path} with {length} bytes: {peak} bytes"
        );
        assert_eq!(
            server.post_json("/predict", &house::record()).0,
            200,
            "after {path}"
        );
    }
}

#[test]
fn an_output_is_requested_once() {
    let server = house::server();
    let values = vec!["0"; house::FEATURES.len()].join(",");
    let output = r#"{"name":"predicted_count"}"#;
    let body = format!(
        r#"{{"inputs":[{{"name":"x","shape":[1,{}],"datatype":"FP64","data":[{values}]}}],"outputs":[{output},{output}]}}"#,
        house::FEATURES.len()
    );
    let (status, answer) = server.post_text("/v2/models/bike-sharing/infer", body);
    assert_eq!(status, 400);
    let error = answer["error"].as_str().unwrap();
    assert!(error.contains("requested twice"), "{error}");
}

//! Spans, as a collector gets them.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use prost::Message as _;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::json;
use tempfile::TempDir;

use crate::guest;
use crate::house;
use crate::server::{CANOPY, PATIENCE, Server, run};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";
/// What the log says, once.
const LOST: &str = "spans are lost: the collector does not take them";

/// A collector that says of every message that it does not take so many of its spans.
struct Collector {
    url: String,
    messages: mpsc::Receiver<Received>,
}

/// A message with the head of its request, in lower case.
struct Received {
    head: Vec<String>,
    message: ExportTraceServiceRequest,
}

/// A stream, encrypted or not.
trait Stream: Read + Write {}

impl<T: Read + Write> Stream for T {}

impl Collector {
    fn start(rejected: i64) -> Self {
        Self::listen("http", rejected, |stream| Box::new(stream))
    }

    /// A collector with a certificate of its own; answers the certificate in PEM as well.
    fn start_encrypted() -> (Self, String) {
        let names = ["localhost", "127.0.0.1"].map(str::to_owned);
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        let pem = made.cert.pem();
        let key = made.signing_key.serialize_der().try_into().unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.into()], key)
            .unwrap();
        let config = Arc::new(config);
        let collector = Self::listen("https", 0, move |stream| {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            Box::new(StreamOwned::new(connection, stream))
        });
        (collector, pem)
    }

    fn listen(
        scheme: &str,
        rejected: i64,
        open: impl Fn(TcpStream) -> Box<dyn Stream> + Clone + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("{scheme}://{}", listener.local_addr().unwrap());
        let (sender, messages) = mpsc::channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (sender, open) = (sender.clone(), open.clone());
                std::thread::spawn(move || converse(open(stream.unwrap()), rejected, &sender));
            }
        });
        Self { url, messages }
    }

    fn receive(&self) -> Received {
        let received = self.messages.recv_timeout(PATIENCE);
        received.expect("a message of spans")
    }

    /// Spans as they come, until there is what is waited for.
    fn until(&self, is_enough: impl Fn(&[Span]) -> bool) -> Vec<Span> {
        let mut spans = Vec::new();
        while !is_enough(&spans) {
            let received = self.messages.recv_timeout(PATIENCE);
            let received = received.unwrap_or_else(|_| panic!("only {spans:#?}"));
            assert_eq!(received.head[0], "post /v1/traces http/1.1");
            assert_eq!(received.resource()["service.name"], "canopy");
            for scope in &received.message.resource_spans[0].scope_spans {
                spans.extend(scope.spans.clone());
            }
        }
        spans
    }
}

impl Received {
    /// The attributes of its only resource.
    fn resource(&self) -> BTreeMap<&str, String> {
        let [resource] = self.message.resource_spans.as_slice() else {
            panic!("{:?}", self.message);
        };
        attributes(&resource.resource.as_ref().unwrap().attributes)
    }

    fn has_header(&self, line: &str) -> bool {
        self.head.iter().any(|known| known == line)
    }
}

fn converse(stream: Box<dyn Stream>, rejected: i64, sender: &mpsc::Sender<Received>) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            match line.trim_end() {
                "" => break,
                line => head.push(line.to_lowercase()),
            }
        }
        assert!(head.contains(&"content-type: application/x-protobuf".to_owned()));
        let length = head
            .iter()
            .find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.unwrap().parse().unwrap()];
        reader.read_exact(&mut body).unwrap();
        let message = ExportTraceServiceRequest::decode(body.as_slice()).unwrap();
        let answer = ExportTraceServiceResponse {
            partial_success: (rejected > 0).then(|| ExportTracePartialSuccess {
                rejected_spans: rejected,
                error_message: "there are too many".into(),
            }),
        };
        let answer = answer.encode_to_vec();
        let head_of_answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n",
            answer.len()
        );
        let stream = reader.get_mut();
        stream
            .write_all(&[head_of_answer.as_bytes(), &answer].concat())
            .unwrap();
        stream.flush().unwrap();
        let _ = sender.send(Received { head, message });
    }
}

/// Serves with variables in the environment.
fn serve_with(variables: &[(&str, &str)], arguments: &[&str]) -> Server {
    let mut command = Command::new(CANOPY);
    command.envs(variables.iter().copied());
    let model = ["--model", house::model().to_str().unwrap()];
    Server::launch(command, &[&model, arguments].concat())
}

fn attributes(pairs: &[KeyValue]) -> BTreeMap<&str, String> {
    let text = |pair: &KeyValue| match pair.value.as_ref().unwrap().value.as_ref().unwrap() {
        Any::StringValue(text) => text.clone(),
        Any::IntValue(number) => number.to_string(),
        other => panic!("{other:?}"),
    };
    pairs
        .iter()
        .map(|pair| (pair.key.as_str(), text(pair)))
        .collect()
}

/// The code of a span's status.
fn code(span: &Span) -> i32 {
    span.status.as_ref().unwrap().code
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn traceparent(flags: &str) -> String {
    format!("00-{TRACE}-{SPAN}-{flags}")
}

#[test]
fn a_request_and_its_call_are_spans_of_the_callers_trace() {
    let collector = Collector::start(0);
    let arguments = ["--otlp-endpoint", &collector.url];
    let server = Server::start(house::model(), &arguments);
    let predict = |flags: &str| {
        let request = server.post("/predict?secret=1").json(&house::record());
        let request = request.header("traceparent", traceparent(flags));
        let request = request.header("tracestate", "vendor=1");
        request.header("user-agent", "test/1").send().unwrap()
    };
    assert_eq!(predict("00").status(), 200, "this one is not to be traced");
    assert_eq!(predict("01").status(), 200);

    let spans = collector.until(|spans| spans.len() >= 2);
    assert_eq!(spans.len(), 2);
    assert!(spans.iter().all(|span| hex(&span.trace_id) == TRACE));
    let kind = |kind: SpanKind| {
        spans
            .iter()
            .find(|span| span.kind == i32::from(kind))
            .unwrap()
    };
    let (request, call) = (kind(SpanKind::Server), kind(SpanKind::Internal));
    assert_eq!(request.name, "POST /predict");
    assert_eq!(hex(&request.parent_span_id), SPAN);
    assert_eq!(request.trace_state, "vendor=1");
    assert_eq!(request.flags, 0x301);
    assert_eq!(code(request), i32::from(StatusCode::Unset));
    let about = attributes(&request.attributes);
    let expected = [
        ("canopy.model.name", "bike-sharing"),
        ("canopy.model.version", "1.0.0"),
        ("client.address", "127.0.0.1"),
        ("http.request.method", "POST"),
        ("http.response.status_code", "200"),
        ("http.route", "/predict"),
        ("url.path", "/predict"),
        ("url.scheme", "http"),
        ("user_agent.original", "test/1"),
    ];
    assert_eq!(
        about,
        expected.map(|(key, value)| (key, value.to_owned())).into()
    );
    assert_eq!(call.name, "model call");
    assert_eq!(call.parent_span_id, request.span_id);
    assert_eq!(attributes(&call.attributes)["canopy.rows"], "1");
    assert_eq!(
        attributes(&call.attributes)["canopy.model.version"],
        "1.0.0"
    );
    assert!(request.start_time_unix_nano <= call.start_time_unix_nano);
    assert!(call.start_time_unix_nano < call.end_time_unix_nano);
    assert!(call.end_time_unix_nano <= request.end_time_unix_nano);
    assert!(server.metric("otlp_spans_total{outcome=\"exported\"}") >= Some(2.0));
}

#[test]
fn batches_and_evaluations_are_traced_and_the_log_names_the_trace() {
    let collector = Collector::start(0);
    let arguments = ["--otlp-endpoint", &collector.url, "--log", "canopy=debug"];
    let server = Server::start(house::model(), &arguments);
    let mut record = house::record();
    record["cnt"] = json!(16);
    let (status, _) = server.post_json("/predict/batch", &json!([record, record, record]));
    assert_eq!(status, 200);
    let batch = server.await_log("request answered");
    let (status, _) = server.post_json("/evaluate", &json!({"data": [record, record]}));
    assert_eq!(status, 200);
    let evaluation = server.await_log("request answered");

    let spans = collector.until(|spans| spans.len() >= 4);
    for (line, route, rows) in [
        (batch, "/predict/batch", "3"),
        (evaluation, "/evaluate", "2"),
    ] {
        let trace = line["span"]["trace"].as_str().unwrap();
        let mut own: Vec<&Span> = spans.iter().filter(|s| hex(&s.trace_id) == trace).collect();
        own.sort_by_key(|span| span.parent_span_id.len());
        let [request, call] = own.as_slice() else {
            panic!("{own:?}");
        };
        assert_eq!(request.name, format!("POST {route}"));
        assert!(request.parent_span_id.is_empty());
        assert_eq!(attributes(&call.attributes)["canopy.rows"], rows);
    }
}

#[test]
fn what_fails_is_an_error_of_the_host_and_not_of_the_client() {
    let collector = Collector::start(0);
    // Traps on command.
    let (_folder, model) = guest::file(&guest::unruly(b'-'));
    let server = Server::start(&model, &["--otlp-endpoint", &collector.url]);
    for path in ["/nothing/here", "/model"] {
        server.get(path);
    }
    let spans = collector.until(|spans| spans.len() >= 2);
    let named = |name: &str| spans.iter().find(|span| span.name == name).unwrap();
    let (unknown, known) = (named("GET"), named("GET /model"));
    assert_eq!(
        attributes(&unknown.attributes)["http.response.status_code"],
        "404"
    );
    assert!(!attributes(&unknown.attributes).contains_key("http.route"));
    let unset = i32::from(StatusCode::Unset);
    assert_eq!((code(unknown), code(known)), (unset, unset));

    let (status, _) = server.post_json("/predict", &json!({"command": 1}));
    assert_eq!(status, 500);
    let is_error = |span: &Span| code(span) == i32::from(StatusCode::Error);
    let failed = |spans: &[Span]| spans.iter().filter(|span| is_error(span)).count() >= 2;
    let mut reasons: Vec<String> = collector
        .until(failed)
        .iter()
        .filter(|span| is_error(span))
        .map(|span| attributes(&span.attributes)["error.type"].clone())
        .collect();
    reasons.sort();
    assert_eq!(reasons, ["500", "trap"]);
}

#[test]
fn a_share_of_the_requests_is_traced() {
    let collector = Collector::start(0);
    let arguments = [
        "--otlp-endpoint",
        &collector.url,
        "--otlp-sample-ratio",
        "0",
    ];
    let server = Server::start(house::model(), &arguments);
    for _ in 0..20 {
        assert_eq!(server.get("/health").status(), 200);
    }
    let request = server.client.get(server.url("/ready"));
    request
        .header("traceparent", traceparent("01"))
        .send()
        .unwrap();
    let spans = collector.until(|spans| !spans.is_empty());
    assert_eq!(spans.len(), 1, "the caller's word counts: {spans:?}");
    assert_eq!(spans[0].name, "GET /ready");
}

#[test]
fn without_a_collector_spans_are_counted_and_predictions_go_on() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", taken.local_addr().unwrap());
    drop(taken);
    let server = Server::start(house::model(), &["--otlp-endpoint", &url]);
    for _ in 0..50 {
        let (status, _) = server.post_json("/predict", &house::record());
        assert_eq!(status, 200);
    }
    let lost = server.await_log(LOST);
    assert!(
        lost["error"]
            .as_str()
            .unwrap()
            .contains("cannot be reached"),
        "{lost}"
    );
    let failed = "otlp_spans_total{outcome=\"failed\"}";
    let start = Instant::now();
    while server.metric(failed).unwrap() < 100.0 {
        assert!(start.elapsed() < PATIENCE, "{:?}", server.metric(failed));
    }
    assert_eq!(
        server.metric("otlp_spans_total{outcome=\"exported\"}"),
        Some(0.0)
    );
}

#[test]
fn a_collector_that_hangs_costs_spans_and_nothing_else() {
    // It accepts connections and never reads.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let mut server = Server::start(house::model(), &["--otlp-endpoint", &url]);
    let dropped = "otlp_spans_total{outcome=\"dropped\"}";
    let start = Instant::now();
    while server.metric(dropped).unwrap() == 0.0 {
        for _ in 0..500 {
            assert_eq!(server.get("/health").status(), 200);
        }
        assert!(start.elapsed() < PATIENCE, "the queue has no end");
    }
    let start = Instant::now();
    server.signal("-TERM");
    assert!(server.process.wait().unwrap().success());
    assert!(
        start.elapsed() < Duration::from_secs(8),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn the_last_spans_are_sent_before_the_host_ends() {
    let collector = Collector::start(0);
    let mut server = Server::start(house::model(), &["--otlp-endpoint", &collector.url]);
    let (status, _) = server.post_json("/predict", &house::record());
    assert_eq!(status, 200);
    server.signal("-TERM");
    assert!(server.process.wait().unwrap().success());
    assert_eq!(collector.until(|spans| spans.len() >= 2).len(), 2);
}

#[test]
fn spans_that_the_collector_rejects_are_counted() {
    let collector = Collector::start(1);
    let server = Server::start(house::model(), &["--otlp-endpoint", &collector.url]);
    let (status, _) = server.post_json("/predict", &house::record());
    assert_eq!(status, 200);
    collector.until(|spans| spans.len() >= 2);
    let failed = "otlp_spans_total{outcome=\"failed\"}";
    let start = Instant::now();
    while server.metric(failed).unwrap() < 1.0 {
        assert!(start.elapsed() < PATIENCE);
    }
}

#[test]
fn the_standard_variables_describe_the_service_and_authenticate_it() {
    let collector = Collector::start(0);
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url.as_str()),
        (
            "OTEL_EXPORTER_OTLP_HEADERS",
            "authorization=Bearer%20abc,x-tenant=7",
        ),
        (
            "OTEL_RESOURCE_ATTRIBUTES",
            "service.namespace=bikes,service.version=of-bikes",
        ),
    ];
    // A proxy, which does not lead to a collector nearby.
    let proxy = ("http_proxy", "http://127.0.0.1:1");
    let service = ("OTEL_SERVICE_NAME", "rentals");
    let server = serve_with(&[&variables[..], &[service, proxy]].concat(), &[]);
    server.get("/health");
    let received = collector.receive();
    assert_eq!(received.head[0], "post /v1/traces http/1.1");
    assert!(
        received.has_header("authorization: bearer abc"),
        "{:?}",
        received.head
    );
    assert!(received.has_header("x-tenant: 7"), "{:?}", received.head);
    let resource = received.resource();
    assert_eq!(resource["service.name"], "rentals");
    assert_eq!(resource["service.namespace"], "bikes");
    assert_eq!(resource["service.version"], "of-bikes");
    let instance = format!("{}-", server.process.id());
    assert!(
        resource["service.instance.id"].starts_with(&instance),
        "{resource:?}"
    );

    let server = serve_with(&variables, &[]);
    server.get("/health");
    let received = collector.receive();
    assert_eq!(received.resource()["service.name"], "canopy");
}

#[test]
fn what_is_said_of_traces_counts_before_what_is_said_of_every_signal() {
    let (collector, other) = (Collector::start(0), Collector::start(0));
    let traces = format!("{}/of/traces", collector.url);
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", other.url.as_str()),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=1"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &traces),
        ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "x-tenant=2"),
    ];
    let server = serve_with(&variables, &[]);
    server.get("/health");
    let received = collector.receive();
    assert_eq!(received.head[0], "post /of/traces http/1.1");
    assert!(received.has_header("x-tenant: 2"), "{:?}", received.head);

    let server = serve_with(&variables, &["--otlp-endpoint", &other.url]);
    server.get("/health");
    assert_eq!(other.receive().head[0], "post /v1/traces http/1.1");
}

#[test]
fn spans_are_encrypted_for_a_collector_whose_certificate_is_trusted() {
    let (collector, pem) = Collector::start_encrypted();
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("ca.pem");
    fs::write(&file, pem).unwrap();
    let trusted = ("OTEL_EXPORTER_OTLP_CERTIFICATE", file.to_str().unwrap());
    let endpoint = ["--otlp-endpoint", &collector.url];
    let server = serve_with(&[trusted], &endpoint);
    server.get("/health");
    let spans = collector.until(|spans| !spans.is_empty());
    assert_eq!(spans[0].name, "GET /health");

    let (_, pem) = Collector::start_encrypted();
    fs::write(&file, pem).unwrap();
    let server = serve_with(&[trusted], &endpoint);
    server.get("/health");
    let lost = server.await_log(LOST);
    let error = lost["error"].as_str().unwrap();
    assert!(error.contains("certificate"), "{error}");
}

#[test]
fn a_collector_has_as_long_as_the_variable_says() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str()),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "100"),
    ];
    let server = serve_with(&variables, &[]);
    server.get("/health");
    let lost = server.await_log(LOST);
    let error = lost["error"].as_str().unwrap();
    assert!(error.contains("takes too long"), "{error}");
}

#[test]
fn no_span_is_sent_where_the_variable_disables_that() {
    let collector = Collector::start(0);
    let endpoint = ["--otlp-endpoint", &collector.url];
    let mut server = serve_with(&[("OTEL_SDK_DISABLED", "true")], &endpoint);
    server.get("/health");
    server.signal("-TERM");
    assert!(server.process.wait().unwrap().success());
    // It would have sent its last spans before it ended: only those of another one come.
    let server = serve_with(&[("OTEL_SDK_DISABLED", "false")], &endpoint);
    server.get("/ready");
    let spans = collector.until(|spans| !spans.is_empty());
    assert!(
        spans.iter().all(|span| span.name == "GET /ready"),
        "{spans:?}"
    );
}

#[test]
fn an_endpoint_that_cannot_be_used_is_refused_at_the_start() {
    let model = house::model().to_str().unwrap();
    let arguments = ["serve", "--model", model, "--listen", "127.0.0.1:0"];
    for url in ["grpc://127.0.0.1:4317", "collector"] {
        let (success, _, error) = run(&[&arguments[..], &["--otlp-endpoint", url]].concat());
        assert!(!success && error.contains("http://HOST"), "{error}");
    }
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("ca.pem");
    fs::write(&file, "no certificate").unwrap();
    let file = file.to_str().unwrap();
    let encrypted = ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://127.0.0.1:1");
    for (variables, words) in [
        (
            [("OTEL_EXPORTER_OTLP_ENDPOINT", "collector"); 2],
            "http://HOST",
        ),
        (
            [encrypted, ("OTEL_EXPORTER_OTLP_CERTIFICATE", file)],
            "not in PEM format",
        ),
        (
            [encrypted, ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")],
            "http/protobuf",
        ),
    ] {
        let mut command = Command::new(CANOPY);
        let output = command.args(arguments).envs(variables).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success());
        let last = error.lines().last().unwrap_or_default();
        assert!(last.starts_with("canopy: cannot export spans: "), "{error}");
        assert!(last.contains("OTEL_") || last.contains(file), "{error}");
        assert!(last.contains(words), "{error}");
    }
}

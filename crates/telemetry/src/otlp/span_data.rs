//! Spans as OTLP has them, with the attributes of the OpenTelemetry semantic conventions for HTTP
//! servers (1.23 and later) and `canopy.…` of our own.

use std::time::{SystemTime, UNIX_EPOCH};

use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{self as proto, ResourceSpans, ScopeSpans, Status};
use prost::Message as _;

use super::span::{Exchange, Span, What};

/// Flags of a span: it is sampled, it is known whether its parent is of another process, it is.
const SAMPLED: u32 = 1;
const IS_KNOWN: u32 = 1 << 8;
const IS_REMOTE: u32 = 1 << 9;
/// Name of the service and of what made the spans.
const SERVICE: &str = "canopy";

/// The message that exports spans; `started` tells this process from others.
pub(super) fn encode(spans: Vec<Span>, started: SystemTime) -> Vec<u8> {
    let version = env!("CARGO_PKG_VERSION");
    let instance = format!("{}-{}", std::process::id(), nanoseconds(started));
    let resource = Resource {
        attributes: vec![
            text("service.name", SERVICE),
            text("service.version", version),
            text("service.instance.id", instance),
        ],
        ..Resource::default()
    };
    let scope = InstrumentationScope {
        name: SERVICE.to_owned(),
        version: version.to_owned(),
        ..InstrumentationScope::default()
    };
    let request = ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(resource),
            scope_spans: vec![ScopeSpans {
                scope: Some(scope),
                spans: spans.into_iter().map(message).collect(),
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        }],
    };
    request.encode_to_vec()
}

/// How many of the spans a collector says that it did not take.
pub(super) fn rejected(answer: &[u8]) -> usize {
    let answer = ExportTraceServiceResponse::decode(answer).unwrap_or_default();
    let rejected = answer.partial_success.map_or(0, |part| part.rejected_spans);
    usize::try_from(rejected).unwrap_or_default()
}

fn message(span: Span) -> proto::Span {
    let name = span.name().into_owned();
    let mut attributes = Vec::new();
    if let Some(model) = span.model {
        attributes.push(text("canopy.model.name", model.name));
        attributes.push(text("canopy.model.version", model.version));
    }
    let (kind, error) = match span.what {
        What::Call(rows, failure) => {
            attributes.push(number("canopy.rows", rows as i64));
            (SpanKind::Internal, failure.map(str::to_owned))
        }
        What::Exchange(exchange) => {
            // What a client did wrong is no error of the server's.
            let error = (exchange.status >= 500).then(|| exchange.status.to_string());
            describe(exchange, &mut attributes);
            (SpanKind::Server, error)
        }
    };
    let status = error.is_some().then(|| Status {
        code: StatusCode::Error.into(),
        ..Status::default()
    });
    attributes.extend(error.map(|error| text("error.type", error)));
    let is_remote = span.is_entry && span.parent.is_some();
    proto::Span {
        trace_id: span.trace.to_be_bytes().to_vec(),
        span_id: span.id.to_be_bytes().to_vec(),
        trace_state: span.state,
        parent_span_id: span
            .parent
            .map_or_else(Vec::new, |id| id.to_be_bytes().to_vec()),
        flags: SAMPLED | IS_KNOWN | if is_remote { IS_REMOTE } else { 0 },
        name,
        kind: kind.into(),
        start_time_unix_nano: nanoseconds(span.start),
        end_time_unix_nano: nanoseconds(span.end),
        attributes,
        status,
        ..proto::Span::default()
    }
}

fn describe(exchange: Exchange, attributes: &mut Vec<KeyValue>) {
    attributes.extend([
        text("http.request.method", exchange.method),
        text("url.path", exchange.path),
        text("url.scheme", exchange.scheme),
        number("http.response.status_code", exchange.status.into()),
    ]);
    let client = exchange.client.map(|client| client.to_string());
    for (key, value) in [
        ("http.route", exchange.route.map(str::to_owned)),
        ("client.address", client),
        ("user_agent.original", exchange.user_agent),
    ] {
        attributes.extend(value.map(|value| text(key, value)));
    }
}

fn nanoseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_nanos().try_into().unwrap_or(u64::MAX)
}

fn text(key: &str, value: impl Into<String>) -> KeyValue {
    attribute(key, Value::StringValue(value.into()))
}

fn number(key: &str, value: i64) -> KeyValue {
    attribute(key, Value::IntValue(value))
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

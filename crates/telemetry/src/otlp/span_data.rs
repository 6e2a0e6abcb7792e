//! Converts spans for the exporter. Attributes follow the OpenTelemetry semantic conventions for
//! HTTP servers (1.23 and later); `canopy.…` are our own.

use opentelemetry::trace::{
    SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};

use super::record::{Exchange, Operation, Span};

/// Converts a span.
pub(super) fn convert(span: Span, scope: InstrumentationScope) -> SpanData {
    let name = span.name();
    let mut attributes = Vec::new();
    if let Some(model) = span.model {
        attributes.push(KeyValue::new("canopy.model.name", model.name));
        attributes.push(KeyValue::new("canopy.model.version", model.version));
    }
    let (span_kind, error) = match span.operation {
        Operation::Call(rows, failure) => {
            attributes.push(KeyValue::new("canopy.rows", rows as i64));
            (SpanKind::Internal, failure.map(str::to_owned))
        }
        Operation::Exchange(exchange) => {
            // Client errors are not errors of a server span.
            let error = (exchange.status >= 500).then(|| exchange.status.to_string());
            describe(exchange, &mut attributes);
            (SpanKind::Server, error)
        }
    };
    let status = match &error {
        Some(_) => Status::error(""),
        None => Status::Unset,
    };
    attributes.extend(error.map(|error| KeyValue::new("error.type", error)));
    SpanData {
        span_context: SpanContext::new(
            TraceId::from(span.trace),
            SpanId::from(span.id),
            TraceFlags::SAMPLED,
            false,
            trace_state(&span.state),
        ),
        parent_span_id: span.parent.map_or(SpanId::INVALID, SpanId::from),
        parent_span_is_remote: span.is_entry && span.parent.is_some(),
        span_kind,
        name,
        start_time: span.start,
        end_time: span.end,
        attributes,
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status,
        instrumentation_scope: scope,
    }
}

fn describe(exchange: Exchange, attributes: &mut Vec<KeyValue>) {
    attributes.extend([
        KeyValue::new("http.request.method", exchange.method),
        KeyValue::new("url.path", exchange.path),
        KeyValue::new("url.scheme", exchange.scheme),
        KeyValue::new("http.response.status_code", i64::from(exchange.status)),
    ]);
    let client = exchange.client.map(|client| client.to_string());
    for (key, value) in [
        ("http.route", exchange.route.map(str::to_owned)),
        ("client.address", client),
        ("user_agent.original", exchange.user_agent),
    ] {
        attributes.extend(value.map(|value| KeyValue::new(key, value)));
    }
}

/// Parses `tracestate`; empty if any part is invalid, as W3C Trace Context requires.
fn trace_state(state: &str) -> TraceState {
    let members = state.split(',').map(str::trim);
    let pairs = members.filter_map(|member| member.split_once('='));
    TraceState::from_key_value(pairs).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::trace_state;

    #[test]
    fn the_state_of_a_trace_is_passed_on_if_it_is_valid() {
        for (state, expected) in [
            ("", ""),
            ("a=1", "a=1"),
            ("a=1, b@c=2,", "a=1,b@c=2"),
            ("A=1,b=2", ""),
        ] {
            assert_eq!(trace_state(state).header(), expected, "{state}");
        }
    }
}

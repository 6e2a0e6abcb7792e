//! Log lines with the request context.

use std::collections::BTreeMap;
use std::fmt;

use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{self, Format, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::context::{self, RequestContext};

/// Wraps a log format and appends the request context to its lines.
pub(super) struct Line<F> {
    format: F,
    /// Writes a formatted line with the request context appended.
    append: fn(Writer<'_>, &str, &RequestContext) -> fmt::Result,
}

/// Text lines, with the fields of the request appended as `name=value`.
pub(super) fn text(format: Format) -> Line<Format> {
    Line {
        format,
        append: |mut writer, line, request| {
            writer.write_str(line)?;
            for (name, value) in request.fields() {
                let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
                if value.bytes().all(plain) {
                    write!(writer, " {name}={value}")?;
                } else {
                    write!(writer, " {name}={value:?}")?;
                }
            }
            writer.write_char('\n')
        },
    }
}

/// JSON lines, with the fields of the request as an object in the field `span`.
pub(super) fn json(format: Format<format::Json>) -> Line<Format<format::Json>> {
    Line {
        format,
        append: |mut writer, line, request| {
            let object = line.strip_suffix('}').ok_or(fmt::Error)?;
            let request: BTreeMap<_, _> = request.fields().collect();
            let request = serde_json::to_string(&request).map_err(|_| fmt::Error)?;
            writeln!(writer, "{object},\"span\":{request}}}")
        },
    }
}

impl<S, N, F> FormatEvent<S, N> for Line<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        fields: &FmtContext<'_, S, N>,
        writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let Some(request) = context::current() else {
            return self.format.format_event(fields, writer, event);
        };
        let mut line = String::new();
        let formatted = Writer::new(&mut line);
        self.format.format_event(fields, formatted, event)?;
        (self.append)(writer, line.trim_end(), &request)
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{Read as _, Seek as _};
    use std::sync::Arc;

    use tracing::dispatcher::{self, Dispatch};
    use tracing::subscriber::with_default;
    use tracing_subscriber::layer::SubscriberExt as _;
    use tracing_subscriber::{fmt, registry};

    use super::*;
    use crate::context::within;

    /// The line that is logged for an event in a request of the user ada.
    fn line(lines: impl FnOnce(File) -> Box<dyn FnOnce(&dyn Fn())>) -> String {
        let mut file = tempfile::tempfile().unwrap();
        let request = RequestContext::new("its id=1".into(), None, None, None);
        request.identify("ada".into());
        let request = Some(Arc::new(request));
        let log = lines(file.try_clone().unwrap());
        log(&|| {
            within(request.clone(), || {
                tracing::warn!(status = 500, "request failed")
            })
        });
        let mut text = String::new();
        file.rewind().unwrap();
        file.read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn a_text_line_ends_with_the_request_context() {
        let text = line(|file| {
            let lines = fmt::layer().with_ansi(false).with_writer(file);
            let log = registry().with(lines.map_event_format(text));
            Box::new(|event| with_default(log, event))
        });
        let end = "request failed status=500 id=\"its id=1\" user=ada\n";
        assert!(text.ends_with(end), "{text}");
    }

    #[test]
    fn a_json_line_has_the_request_context_as_an_object() {
        let text = line(|file| {
            let lines = fmt::layer().json().flatten_event(true).with_writer(file);
            let log = registry().with(lines.map_event_format(json));
            Box::new(|event| with_default(log, event))
        });
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["status"], 500);
        assert_eq!(
            line["span"],
            serde_json::json!({"id": "its id=1", "user": "ada"})
        );
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn a_line_from_another_thread_names_the_request() {
        let mut file = tempfile::tempfile().unwrap();
        let lines = fmt::layer().with_ansi(false);
        let lines = lines.with_writer(file.try_clone().unwrap());
        let log = Dispatch::new(registry().with(lines.map_event_format(text)));
        let request = RequestContext::new("its-id".into(), None, None, None);
        context::scope(Arc::new(request), async {
            let task = log.clone();
            let task = context::spawn(async move {
                dispatcher::with_default(&task, || tracing::warn!("from a task"));
            });
            task.await.unwrap();
            let blocking = context::spawn_blocking(move || {
                dispatcher::with_default(&log, || tracing::warn!("from a thread that may block"));
            });
            blocking.await.unwrap();
        })
        .await;
        let mut text = String::new();
        file.rewind().unwrap();
        file.read_to_string(&mut text).unwrap();
        let [task, blocking] = text.lines().collect::<Vec<_>>()[..] else {
            panic!("{text}");
        };
        assert!(task.ends_with("from a task id=its-id"), "{task}");
        let end = "from a thread that may block id=its-id";
        assert!(blocking.ends_with(end), "{blocking}");
    }
}

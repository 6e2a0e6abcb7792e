//! Lines of the log, with what they are about.

use std::collections::BTreeMap;
use std::fmt;

use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{self, Format, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::about;

/// A line for people: at its end `name=value` for what the request is known by.
pub(super) struct Text(pub(super) Format);

/// A line for programs: the same as an object in the field `span`.
pub(super) struct Json(pub(super) Format<format::Json>);

impl<S, N> FormatEvent<S, N> for Text
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let Some(about) = about::current() else {
            return self.0.format_event(context, writer, event);
        };
        let mut line = String::new();
        self.0
            .format_event(context, Writer::new(&mut line), event)?;
        writer.write_str(line.trim_end())?;
        for (name, value) in about.fields() {
            write!(writer, " {name}={value}")?;
        }
        writer.write_char('\n')
    }
}

impl<S, N> FormatEvent<S, N> for Json
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let Some(about) = about::current() else {
            return self.0.format_event(context, writer, event);
        };
        let mut line = String::new();
        self.0
            .format_event(context, Writer::new(&mut line), event)?;
        let object = line.trim_end().strip_suffix('}').ok_or(fmt::Error)?;
        let about: BTreeMap<_, _> = about.fields().collect();
        let about = serde_json::to_string(&about).map_err(|_| fmt::Error)?;
        writeln!(writer, "{object},\"span\":{about}}}")
    }
}

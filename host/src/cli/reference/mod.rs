//! The host's part of the reference documentation.

mod limits;

use canopy_auth::AuthMetrics;
use canopy_cli::Page;
use canopy_cli::reference::table;
use canopy_telemetry::otlp::SpanMetrics;
use canopy_web::HttpMetrics;

use crate::http;
use crate::metrics::{Metrics, ModelMetrics};

/// The host's part of a page.
#[must_use]
pub fn part(page: Page) -> String {
    match page {
        // Generated from the command line, for every program.
        Page::Configuration => String::new(),
        Page::Http => routes(),
        Page::Metrics => families(),
        Page::Limits => limits::limits(),
    }
}

fn routes() -> String {
    let head = ["Method", "Path", "Who", "Class", "Operation", "Summary"];
    let table_of_routes = http::table(true);
    let rows = table_of_routes.routes().map(|route| {
        [
            route.method.to_string(),
            format!("`{}`", route.path),
            route.need.to_string(),
            route.class.to_string(),
            format!("`{}`", route.operation),
            http::summary(route.operation),
        ]
    });
    format!("## canopy serve\n\n{}\n", table(head, rows))
}

fn families() -> String {
    let mut text = "## canopy serve\n\n".to_owned();
    for (part, declarations) in [
        ("Requests", HttpMetrics::DECLARATIONS),
        ("Authentication", AuthMetrics::DECLARATIONS),
        ("Models", ModelMetrics::DECLARATIONS),
        ("Components", Metrics::DECLARATIONS),
        ("Spans", SpanMetrics::DECLARATIONS),
    ] {
        let rows = declarations.iter().map(|it| it.row());
        let families = table(["Metric", "Type", "Labels", "Meaning"], rows);
        text += &format!("### {part}\n\n{families}\n");
    }
    text
}

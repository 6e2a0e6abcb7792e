//! The retrainer's part of the reference documentation.

use canopy_auth::AuthMetrics;
use canopy_cli::Page;
use canopy_cli::reference::table;
use canopy_web::HttpMetrics;

use crate::{http, retraining};

/// The retrainer's part of a page.
#[must_use]
pub fn reference(page: Page) -> String {
    match page {
        // Configuration comes from the command line; the retrainer has no limits of its own.
        Page::Configuration | Page::Limits => String::new(),
        Page::Http => routes(),
        Page::Metrics => families(),
    }
}

fn routes() -> String {
    let table_of_routes = http::table();
    let rows = table_of_routes.routes().map(|route| {
        [
            route.method.to_string(),
            format!("`{}`", route.path),
            route.need.to_string(),
            format!("`{}`", route.operation),
        ]
    });
    let routes = table(["Method", "Path", "Who", "Operation"], rows);
    format!("## canopy-trainer serve\n\n{routes}")
}

/// The retrainer's own families, and those for requests and authentication, shared with the host.
fn families() -> String {
    let parts = [
        ("Retraining", retraining::DECLARATIONS),
        ("Requests", HttpMetrics::DECLARATIONS),
        ("Authentication", AuthMetrics::DECLARATIONS),
    ];
    let sections = parts.map(|(part, declarations)| {
        let rows = declarations.iter().map(|it| it.row());
        let families = table(["Metric", "Type", "Labels", "Meaning"], rows);
        format!("### {part}\n\n{families}")
    });
    format!("## canopy-trainer serve\n\n{}", sections.join("\n"))
}

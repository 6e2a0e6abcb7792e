//! The host's part of the reference documentation.

mod limits;

use canopy_cli::Page;
use canopy_cli::reference::table;

use crate::{http, metrics};

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
    for (part, declarations) in metrics::DECLARATIONS {
        let rows = declarations.iter().map(|it| it.row());
        let families = table(["Metric", "Type", "Labels", "Meaning"], rows);
        text += &format!("### {part}\n\n{families}\n");
    }
    text
}

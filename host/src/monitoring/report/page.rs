//! A report as a self-contained HTML file.

use super::whole::Report;
use crate::console;

/// The content security policy: only inline scripts and styles, and no network access.
const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; \
                      img-src data:; base-uri 'none'; form-action 'none'";

/// The console's modules that render a report, in the order of their dependencies.
const MODULES: [&str; 5] = ["format.js", "dom.js", "chart.js", "report.js", "saved.js"];

/// Renders a report as one HTML file with its data and the console's code to display it.
///
/// # Errors
///
/// If the report cannot be serialised to JSON.
pub fn page(report: &Report) -> serde_json::Result<String> {
    // Only a `<` could end a script element prematurely.
    let data = serde_json::to_string(report)?.replace('<', "\\u003c");
    let style = [text("uplot.css"), text("console.css")].concat();
    let modules: String = MODULES.iter().map(|name| joined(text(name))).collect();
    let chart = text("uplot.js");
    let (model, id) = (&report.head.model, report.head.id);
    Ok(format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="content-security-policy" content="{POLICY}">
<meta name="color-scheme" content="light dark">
<title>Evaluation {id} of {model}</title>
<style>{style}</style>
</head>
<body>
<main id="main"></main>
<script type="application/json" id="report">{data}</script>
<script>{chart}</script>
<script type="module">{modules}</script>
</body>
</html>
"#
    ))
}

fn text(name: &str) -> &'static str {
    console::file(name).map_or("", |file| file.text)
}

/// Prepares a module for being concatenated with the others: removes imports and turns exports into
/// plain declarations.
fn joined(module: &str) -> String {
    let lines = module.lines().filter(|line| !line.starts_with("import "));
    lines
        .flat_map(|line| [line.strip_prefix("export ").unwrap_or(line), "\n"])
        .collect()
}

//! A report as a file that is complete in itself.

use super::whole::Report;
use crate::console;

/// What the file may do: run what is in it, and ask nobody.
const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; \
                      img-src data:; base-uri 'none'; form-action 'none'";

/// The modules that draw a report, in the order in which they need each other.
const MODULES: [&str; 5] = ["format.js", "dom.js", "chart.js", "report.js", "saved.js"];

/// One HTML file with the report's data, and what the console draws it with.
///
/// # Errors
///
/// If the report has no JSON form.
pub fn page(report: &Report) -> serde_json::Result<String> {
    // In a script element only a `<` could end the data.
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

/// A module as a part of one that has all modules: nothing is imported, and exports are names
/// like others.
fn joined(module: &str) -> String {
    let lines = module.lines().filter(|line| !line.starts_with("import "));
    lines
        .flat_map(|line| [line.strip_prefix("export ").unwrap_or(line), "\n"])
        .collect()
}

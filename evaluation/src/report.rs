//! Saves the report of an evaluation that the host keeps.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use tokio::runtime::Runtime;

use crate::connection::Connection;

/// What `report` needs to know.
#[derive(Debug, Args)]
pub(crate) struct ReportArguments {
    #[command(flatten)]
    connection: Connection,

    /// The model [default: the host's default model].
    #[arg(long, env = "CANOPY_MODEL_NAME", value_name = "NAME")]
    model: Option<String>,

    /// Which of its evaluations.
    #[arg(long, default_value = "last")]
    id: String,

    /// Where the report goes: a page if the name ends in .html, the figures if in .json.
    #[arg(long, value_name = "FILE", value_parser = output)]
    output: PathBuf,
}

/// Fetches and writes.
pub(crate) fn run(arguments: &ReportArguments) -> anyhow::Result<bool> {
    let ReportArguments {
        connection,
        model,
        id,
        output,
    } = arguments;
    let of_model = model.as_ref().map(|name| format!("/models/{name}"));
    let file = if is_page(output) { "/report.html" } else { "" };
    let path = format!("{}/evaluations/{id}{file}", of_model.unwrap_or_default());
    let report = Runtime::new()?.block_on(async {
        let host = connection.host().await?;
        anyhow::Ok(host.get(&path).await?)
    })?;
    canopy_disk::write(output, report.as_bytes())
        .with_context(|| format!("cannot write {}", output.display()))?;
    Ok(true)
}

fn is_page(output: &Path) -> bool {
    output.extension() == Some(OsStr::new("html"))
}

fn output(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    let is_known = is_page(&path) || path.extension() == Some(OsStr::new("json"));
    is_known
        .then_some(path)
        .ok_or_else(|| "expected a file that ends in .html or .json".into())
}

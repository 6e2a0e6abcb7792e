//! Saves the report of an evaluation that the host has kept.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use tokio::runtime::Runtime;

use crate::connection::Connection;

/// Options of `report`.
#[derive(Debug, Args)]
pub(crate) struct ReportArguments {
    #[command(flatten)]
    connection: Connection,

    /// Name of the model [default: the host's default model].
    #[arg(long, env = "CANOPY_MODEL_NAME", value_name = "NAME")]
    model: Option<String>,

    /// ID of the evaluation, or "last".
    #[arg(long, default_value = "last")]
    id: String,

    /// Output file; its extension, .html or .json, selects the format.
    #[arg(long, value_name = "FILE", value_parser = output)]
    output: PathBuf,
}

/// Fetches the report and writes the file.
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
        .ok_or_else(|| "expected a file name that ends in .html or .json".into())
}

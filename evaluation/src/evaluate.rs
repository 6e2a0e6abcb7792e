//! Posts periods of labelled data to `POST /evaluate`, one after the other.

use anyhow::Error;
use canopy_dataset::ProgressBar;
use clap::Args;
use indicatif::ProgressStyle;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::connection::Connection;
use crate::data::{self, Record};
use crate::host::Host;
use crate::outcome::Outcome;
use crate::period::NamedPeriod;
use crate::table::table;

/// What `evaluate` needs to know.
#[derive(Debug, Args)]
pub(crate) struct EvaluateArguments {
    #[command(flatten)]
    connection: Connection,

    /// A name and whole days, both included; may be given several times.
    #[arg(
        long = "period",
        env = "CANOPY_EVALUATION_PERIODS",
        value_delimiter = ',',
        value_name = "NAME=FROM..UNTIL",
        default_values = [
            "week1_february=2011-01-29..2011-02-07",
            "week2_february=2011-02-08..2011-02-14",
            "week3_february=2011-02-15..2011-02-21",
        ]
    )]
    periods: Vec<NamedPeriod>,

    /// Print the host's answers as a JSON array, not as a table.
    #[arg(long)]
    json: bool,
}

/// Evaluates and prints; says whether all periods went well.
pub(crate) fn run(arguments: &EvaluateArguments) -> anyhow::Result<bool> {
    let connection = &arguments.connection;
    let periods = &arguments.periods;
    let frame = data::load(&connection.data, periods.iter().map(|named| named.period))?;
    let slices = periods
        .iter()
        .map(|named| Ok((named.name.as_str(), data::records(&frame, named.period)?)))
        .collect::<anyhow::Result<Vec<_>>>()?;

    let outcomes = Runtime::new()?.block_on(async {
        let host = connection.host().await?;
        anyhow::Ok(post(&host, slices).await)
    })?;
    if arguments.json {
        println!("{:#}", outcomes.iter().map(answer).collect::<Value>());
    } else {
        print!("{}", table(&outcomes));
    }
    Ok(outcomes.iter().all(|outcome| outcome.result.is_ok()))
}

async fn post(host: &Host, slices: Vec<(&str, Vec<Record>)>) -> Vec<Outcome> {
    let progress = ProgressBar::new(slices.len() as u64);
    if let Ok(style) = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len}") {
        progress.set_style(style);
    }
    let mut outcomes = Vec::new();
    for (name, records) in slices {
        progress.set_message(name.to_owned());
        let body = json!({ "data": records, "evaluation_period_name": name });
        let result = host.evaluate(body.to_string().into_bytes()).await;
        outcomes.push(Outcome {
            period: name.into(),
            result: result.map_err(|error| format!("{:#}", Error::from(error))),
        });
        progress.inc(1);
    }
    progress.finish_and_clear();
    outcomes
}

/// The host's answer as it came; a failure is named in its place.
fn answer(outcome: &Outcome) -> Value {
    match &outcome.result {
        Ok(evaluation) => evaluation.fields.clone().into(),
        Err(error) => json!({ "evaluation_period_name": outcome.period, "error": error }),
    }
}

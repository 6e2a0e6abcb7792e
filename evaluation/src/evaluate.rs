//! Evaluates the model on periods of labelled data, one after the other, by `POST /evaluate`.

use anyhow::Error;
use clap::Args;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::connection::Connection;
use crate::data::{self, Record};
use crate::host::Host;
use crate::outcome::Outcome;
use crate::period::NamedPeriod;
use crate::progress;
use crate::table::table;

/// Options of `evaluate`.
#[derive(Debug, Args)]
pub(crate) struct EvaluateArguments {
    #[command(flatten)]
    connection: Connection,

    /// Period to evaluate: a name, the first and the last day; may be repeated.
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

    /// Print the host's responses as a JSON array instead of a table.
    #[arg(long)]
    json: bool,
}

/// Evaluates every period and prints the outcomes; returns whether all succeeded.
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
        println!("{:#}", outcomes.iter().map(json_of).collect::<Value>());
    } else {
        print!("{}", table(&outcomes));
    }
    Ok(outcomes.iter().all(|outcome| outcome.result.is_ok()))
}

async fn post(host: &Host, slices: Vec<(&str, Vec<Record>)>) -> Vec<Outcome> {
    let progress = progress::bar(slices.len(), "{msg} {bar:30} {pos}/{len}");
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

/// The host's response as received, or an object with the error.
fn json_of(outcome: &Outcome) -> Value {
    match &outcome.result {
        Ok(evaluation) => evaluation.fields.clone().into(),
        Err(error) => json!({ "evaluation_period_name": outcome.period, "error": error }),
    }
}

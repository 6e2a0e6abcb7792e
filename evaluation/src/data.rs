use anyhow::Context;
use canopy_dataset::{Period, ProgressBar, Source, bike, bike_sharing, slice};
use polars::prelude::{AnyValue, DataFrame};
use serde_json::{Map, Value};

/// One hour under UCI's column names; the date is text.
pub(crate) type Record = Map<String, Value>;

/// Loads the bike table with the rows of all periods; prints a warning to standard error if there
/// is one.
///
/// Blocks; call it outside the async runtime.
///
/// # Errors
///
/// If the source does not have the rows, or cannot be read or downloaded.
pub(crate) fn load(
    source: &Source,
    periods: impl Iterator<Item = Period> + Clone,
) -> anyhow::Result<DataFrame> {
    let from = periods.clone().map(|period| period.from).min();
    let until = periods.map(|period| period.until).max();
    let needed = from.zip(until).map(|(from, until)| Period { from, until });
    let loaded = bike_sharing(source, needed, &ProgressBar::no_length())?;
    if let Some(warning) = loaded.warning {
        eprintln!("warning: {warning}");
    }
    Ok(loaded.frame)
}

/// The records within the period, in the order of the table.
///
/// # Errors
///
/// If there are none.
pub(crate) fn records(frame: &DataFrame, period: Period) -> anyhow::Result<Vec<Record>> {
    let rows = slice(frame, bike::DATE, period)?;
    (0..rows.height())
        .map(|row| {
            rows.columns()
                .iter()
                .map(|column| Ok((column.name().to_string(), value(column.get(row)?))))
                .collect::<anyhow::Result<Record>>()
        })
        .collect::<anyhow::Result<_>>()
        .context("cannot convert the bike table to JSON")
}

fn value(value: AnyValue<'_>) -> Value {
    match value {
        AnyValue::Float64(number) => number.into(),
        AnyValue::Int64(number) => number.into(),
        date => date.to_string().into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn record_has_uci_names_and_values() {
        let period: Period = "2011-02-01..2011-02-01".parse().unwrap();
        let frame = load(&Source::Embedded, [period].into_iter()).unwrap();
        let records = records(&frame, period).unwrap();
        assert_eq!(records.len(), 23);
        assert_eq!(
            Value::from(records[7].clone()),
            json!({
                "instant": 696, "dteday": "2011-02-01", "season": 1, "yr": 0, "mnth": 2,
                "hr": 8, "holiday": 0, "weekday": 2, "workingday": 1, "weathersit": 3,
                "temp": 0.16, "atemp": 0.2273, "hum": 0.93, "windspeed": 0.0,
                "casual": 3, "registered": 132, "cnt": 135
            })
        );
    }
}

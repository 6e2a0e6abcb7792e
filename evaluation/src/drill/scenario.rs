use canopy_dataset::{Period, Source, bike};
use clap::ValueEnum;
use jiff::civil::{Date, date};
use serde_json::{Value, json};

use crate::data::{self, Record};

/// How a drill triggers its alert.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Scenario {
    /// BikeApiDown: the host is stopped by the caller of the drill.
    Down,
    /// ModelRmseHigh: a week of February is evaluated with its counts multiplied by ten.
    Rmse,
    /// DataDriftDetected: a week of July is evaluated.
    Drift,
}

const FEBRUARY: (Date, Date) = (date(2011, 2, 8), date(2011, 2, 14));
const JULY: (Date, Date) = (date(2011, 7, 4), date(2011, 7, 10));

impl Scenario {
    /// The alert that must fire.
    pub(crate) fn alert(self) -> &'static str {
        match self {
            Self::Down => "BikeApiDown",
            Self::Rmse => "ModelRmseHigh",
            Self::Drift => "DataDriftDetected",
        }
    }

    /// The body of the evaluation that triggers the alert, if there is one. It asks the host not to
    /// store the rows for retraining.
    ///
    /// Blocks; call it outside the async runtime.
    ///
    /// # Errors
    ///
    /// If the source does not have the rows.
    pub(crate) fn body(self, source: &Source) -> anyhow::Result<Option<Vec<u8>>> {
        let (name, (from, until)) = match self {
            Self::Down => return Ok(None),
            Self::Rmse => ("drill_wrong_counts", FEBRUARY),
            Self::Drift => ("drill_july", JULY),
        };
        let period = Period { from, until };
        let frame = data::load(source, [period].into_iter())?;
        let mut records = data::records(&frame, period)?;
        if self == Self::Rmse {
            records.iter_mut().for_each(corrupt);
        }
        let body = json!({ "data": records, "evaluation_period_name": name, "observe": false });
        Ok(Some(body.to_string().into_bytes()))
    }

    /// How the alert is resolved afterwards, for display.
    pub(crate) fn recovery(self) -> &'static str {
        match self {
            Self::Down => {
                "`make all` starts the host again; the alert resolves when it has been scraped."
            }
            Self::Rmse => {
                "the host kept serving; `make evaluation` evaluates the true counts, which resolves \
                 the alert."
            }
            Self::Drift => {
                "the host kept serving; an evaluation without drift resolves the alert:\n  \
                 make evaluation ARGS=\"--period january=2011-01-01..2011-01-31\""
            }
        }
    }
}

fn corrupt(record: &mut Record) {
    if let Some(count) = record.get_mut(bike::TARGET) {
        *count = count
            .as_f64()
            .map_or(Value::Null, |count| (10.0 * count).into());
    }
}

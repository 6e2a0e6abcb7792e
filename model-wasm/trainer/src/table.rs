//! The training rows in numerical form.

use anyhow::{Context as _, Result, anyhow, bail};
use canopy_dataset::{
    ColumnKind, Loaded, Period, Schema, Source, bike_sharing, digest, read_csv, slice,
};
use canopy_forest::Task;
use canopy_runtime::Rows;
use indicatif::ProgressBar;
use jiff::ToSpan as _;
use jiff::civil::Date;
use polars::prelude::{ChunkAgg as _, Column, DataType};

use crate::classes;
use crate::spec::{Origin, Spec};

/// The training rows: the features and the target of a [`Spec`] within its period, as numbers.
#[derive(Debug, Clone)]
pub struct Table {
    /// The values of each feature, in the order of the specification.
    pub features: Vec<Vec<f64>>,
    /// The target; for a classification, the index of the row's class in `classes`.
    pub target: Vec<f64>,
    /// Labels of the classes; empty for a regression.
    pub classes: Vec<String>,
    /// First and last day of the rows (ISO 8601), if the data has dates.
    pub days: Option<(String, String)>,
    /// SHA-256 of the date, features and target of every row, in lower-case hexadecimal.
    pub digest: String,
    /// Number of observed rows, which are the last ones.
    pub observed_rows: usize,
    /// Origin of the rows, for display.
    pub origin: String,
    /// A warning about the data for the user.
    pub warning: Option<String>,
}

impl Table {
    /// Loads the rows for a specification. The progress bar shows downloads.
    ///
    /// # Errors
    ///
    /// If the data cannot be obtained, lacks a column or a value, has a column of the wrong type or
    /// no rows in the period; for a classification also if there is only one class.
    pub fn load(spec: &Spec, source: &Source, progress: &ProgressBar) -> Result<Self> {
        let period = period(spec);
        let loaded = load(spec, source, period, progress)?;
        let names = spec.data.date.iter();
        let names = names.chain(spec.features.iter().map(|feature| &feature.name));
        let names: Vec<&str> = names.chain([&spec.target]).map(String::as_str).collect();
        check_columns(&loaded, &names)?;

        let mut frame = loaded.frame.select(names)?;
        if let (Some(date), Some(period)) = (&spec.data.date, period) {
            frame = slice(&frame, date, period)?;
        }
        let features = spec.features.iter();
        let features = features
            .map(|feature| numbers(frame.column(&feature.name)?))
            .collect::<Result<_>>()?;
        let target = frame.column(&spec.target)?;
        let (target, classes) = match spec.task {
            Task::Regression => (numbers(target)?, Vec::new()),
            Task::Classification => classes::encode(&labels(target)?)
                .with_context(|| format!("the target {} cannot be classified", spec.target))?,
        };
        let days = spec.data.date.as_ref();
        let days = days.map(|date| days_of(frame.column(date)?)).transpose()?;
        Ok(Self {
            features,
            target,
            classes,
            days,
            digest: digest(&frame)?,
            observed_rows: 0,
            origin: loaded.origin,
            warning: loaded.warning,
        })
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.target.len()
    }

    /// The features of each row.
    #[must_use]
    pub fn feature_rows(&self) -> Rows {
        Rows::from_columns(&self.features)
    }
}

fn load(
    spec: &Spec,
    source: &Source,
    period: Option<Period>,
    progress: &ProgressBar,
) -> Result<Loaded> {
    let file = match (spec.data.origin(), source) {
        (Origin::BikeSharing, source) => return Ok(bike_sharing(source, period, progress)?),
        (Origin::File(file), Source::Default) => file,
        (Origin::File(_), Source::File(file)) => file,
        (Origin::File(file), Source::Embedded) => bail!(
            "no rows of {} are built into the trainer: omit --data or pass a file",
            file.display()
        ),
    };
    Ok(Loaded {
        frame: read_csv(file, &schema(spec))?,
        origin: file.display().to_string(),
        warning: None,
    })
}

/// The columns that a CSV file must have for a specification; it may have others.
fn schema(spec: &Spec) -> Schema {
    let date = spec.data.date.iter();
    let features = spec.features.iter();
    let target = match spec.task {
        Task::Regression => ColumnKind::number(),
        Task::Classification => ColumnKind::Text,
    };
    Schema {
        columns: date
            .map(|date| (date.clone(), ColumnKind::Date))
            .chain(features.map(|feature| (feature.name.clone(), ColumnKind::number())))
            .chain([(spec.target.clone(), target)])
            .collect(),
        exact: false,
    }
}

/// The period to train on; `None` for all rows.
fn period(spec: &Spec) -> Option<Period> {
    let (from, until) = (spec.data.from, spec.data.until);
    (from.is_some() || until.is_some()).then(|| Period {
        from: from.unwrap_or(Date::MIN),
        until: until.unwrap_or(Date::MAX),
    })
}

fn check_columns(loaded: &Loaded, names: &[&str]) -> Result<()> {
    let available = loaded.frame.columns().iter();
    let available: Vec<&str> = available.map(|column| column.name().as_str()).collect();
    match names.iter().find(|name| !available.contains(name)) {
        Some(name) => bail!(
            "{} has no column {name}, which the specification names; it has {}",
            loaded.origin,
            available.join(", ")
        ),
        None => Ok(()),
    }
}

/// The values of a column as numbers; none may be missing.
fn numbers(column: &Column) -> Result<Vec<f64>> {
    let values: Vec<Option<f64>> = match column.dtype() {
        DataType::Float64 => column.f64()?.iter().collect(),
        DataType::Int64 => {
            let values = column.i64()?.iter();
            values
                .map(|value| value.map(|value| value as f64))
                .collect()
        }
        kind => bail!(
            "column {} has the type {kind}, expected numbers",
            column.name()
        ),
    };
    let finite = |value: &f64| value.is_finite();
    let values = values.into_iter().enumerate();
    values
        .map(|(row, value)| value.filter(finite).ok_or_else(|| missing(column, row)))
        .collect()
}

/// The values of a column as labels; none may be missing.
fn labels(column: &Column) -> Result<Vec<String>> {
    let values: Vec<Option<String>> = match column.dtype() {
        DataType::String => {
            let values = column.str()?.iter();
            values.map(|value| value.map(str::to_owned)).collect()
        }
        _ => {
            let values = numbers(column)?.into_iter();
            values.map(|value| Some(value.to_string())).collect()
        }
    };
    let is_present = |value: &String| !value.is_empty();
    let values = values.into_iter().enumerate();
    values
        .map(|(row, value)| value.filter(is_present).ok_or_else(|| missing(column, row)))
        .collect()
}

fn missing(column: &Column, row: usize) -> anyhow::Error {
    anyhow!(
        "training row {} has no value in column {}: add it or remove the row",
        row + 1,
        column.name()
    )
}

/// The first and last day in a column.
fn days_of(column: &Column) -> Result<(String, String)> {
    let days = column.date()?.physical();
    let date = |day: i32| Date::constant(1970, 1, 1).checked_add(i64::from(day).days());
    let (first, last) = days.min().zip(days.max()).context("there are no rows")?;
    Ok((date(first)?.to_string(), date(last)?.to_string()))
}

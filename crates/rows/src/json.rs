//! Records in JSON.

mod reading;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use canopy_runtime::Rows;
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::error::Category;
use serde_json::value::RawValue;

use self::reading::Reading;
use super::number::MISSING;
use super::problem::{InvalidBody, Problems};
use super::schema::{Labels, Schema};

/// Records with their true values, as `/evaluate` takes them.
#[derive(Debug, Clone, PartialEq)]
pub struct Labelled {
    /// The features of each record.
    pub rows: Rows,
    /// One value a record: a number, or the position of a class.
    pub targets: Vec<f64>,
    /// `evaluation_period_name`, if given.
    pub period: Option<String>,
    /// `observe`, true if not given: whether the rows may be kept for a retraining.
    pub observe: bool,
    /// `drift_methods`, if given: names of columns with names of methods.
    pub methods: BTreeMap<String, String>,
}

/// Reads one record, as one row.
///
/// # Errors
///
/// If the body is not a JSON object with a finite number for every feature.
pub fn record(body: &[u8], schema: &Schema) -> Result<Rows, InvalidBody> {
    read(body, |body, reading| {
        let mut table = Table::new(schema, reading, None, 1);
        deserialize(
            body,
            Record {
                table: &mut table,
                row: None,
            },
        )?;
        table.into_rows()
    })
}

/// Reads a list of at most `most` records, a row each.
///
/// # Errors
///
/// If the body is not a JSON list of objects with a finite number for every feature.
pub fn records(body: &[u8], schema: &Schema, most: usize) -> Result<Rows, InvalidBody> {
    read(body, |body, reading| {
        let expected = most.min(body.len() / ESTIMATED_RECORD);
        let mut table = Table::new(schema, reading, None, expected);
        let mut records = Records::new(&mut table, most);
        deserialize(body, &mut records)?;
        records.in_bounds()?;
        table.into_rows()
    })
}

/// Reads what `/evaluate` takes: an object with at most `most` labelled records in `data`.
///
/// # Errors
///
/// If the body is not such an object, if `data` is missing or empty, or if a record lacks a
/// feature or its true value.
pub fn labelled(body: &[u8], schema: &Schema, most: usize) -> Result<Labelled, InvalidBody> {
    read(body, |body, reading| {
        let evaluation = Evaluation {
            schema,
            most,
            reading,
        };
        deserialize(body, evaluation)?
    })
}

/// Most bytes in the name of a period.
const LONGEST_NAME: usize = 256;

/// Most levels of lists and objects within each other, as serde has it.
pub const DEEPEST: usize = 127;

/// Bytes of a small record, to guess how many there are.
const ESTIMATED_RECORD: usize = 128;

/// Refuses JSON in which lists and objects are nested more than [`DEEPEST`] levels deep: what is
/// ignored in a record need not be readable, but nobody sends that in earnest.
///
/// # Errors
///
/// If it is nested too deeply.
pub fn check_depth(body: &[u8]) -> Result<(), InvalidBody> {
    let opens = |byte: u8| matches!(byte, b'[' | b'{');
    // Nearly always there are too few brackets to nest.
    if body.iter().filter(|&&byte| opens(byte)).count() <= DEEPEST {
        return Ok(());
    }
    let (mut depth, mut text, mut escaped) = (0_usize, false, false);
    for &byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if text => escaped = true,
            b'"' => text = !text,
            _ if text => {}
            _ if opens(byte) => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            let problem = format!("the body is nested deeper than {DEEPEST} levels");
            return Err(InvalidBody::Malformed(problem));
        }
    }
    Ok(())
}

/// Reads a body: nearly all are read fast, and what cannot be is read again closely; then once
/// more if it holds `NaN` or `Infinity`: Python writes them, JSON does not know them, and the
/// client is told which field it is rather than that the body is malformed.
fn read<T>(
    body: &[u8],
    parse: impl Fn(&[u8], Reading) -> Result<T, InvalidBody>,
) -> Result<T, InvalidBody> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    if let Ok(found) = parse(body, Reading::Fast) {
        return Ok(found);
    }
    check_depth(body)?;
    match parse(body, Reading::Close) {
        Err(InvalidBody::Malformed(message)) => match mark_not_finite(body) {
            Some(marked) => parse(&marked, Reading::Close),
            None => Err(InvalidBody::Malformed(message)),
        },
        result => result,
    }
}

/// Replaces `NaN` and `Infinity` outside of texts by a number too large for `f64`.
fn mark_not_finite(body: &[u8]) -> Option<Vec<u8>> {
    let has = |token: &[u8]| body.windows(token.len()).any(|part| part == token);
    if !has(b"NaN") && !has(b"Infinity") {
        return None;
    }
    let mut marked = Vec::with_capacity(body.len());
    let (mut text, mut found) = (false, false);
    let mut rest = body;
    while let Some(&byte) = rest.first() {
        let token = [&b"NaN"[..], b"Infinity"]
            .into_iter()
            .find(|token| !text && rest.starts_with(token));
        let length = match (byte, token) {
            (_, Some(token)) => {
                found = true;
                marked.extend_from_slice(b"1e999");
                token.len()
            }
            (b'\\', None) if text => {
                let escape = &rest[..rest.len().min(2)];
                marked.extend_from_slice(escape);
                escape.len()
            }
            (_, None) => {
                text ^= byte == b'"';
                marked.push(byte);
                1
            }
        };
        rest = &rest[length..];
    }
    found.then_some(marked)
}

fn deserialize<'de, S: DeserializeSeed<'de>>(
    body: &'de [u8],
    seed: S,
) -> Result<S::Value, InvalidBody> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = seed.deserialize(&mut deserializer);
    value
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| match error.classify() {
            Category::Data => InvalidBody::Shape(error.to_string()),
            _ => InvalidBody::Malformed(format!("the body is not valid JSON: {error}")),
        })
}

/// A table of records as it is read.
struct Table<'s> {
    schema: &'s Schema,
    reading: Reading,
    values: Vec<f64>,
    /// The true values, if records are labelled.
    targets: Option<Vec<f64>>,
    problems: Problems,
}

impl<'s> Table<'s> {
    fn new(
        schema: &'s Schema,
        reading: Reading,
        targets: Option<Vec<f64>>,
        expected: usize,
    ) -> Self {
        Self {
            schema,
            reading,
            values: Vec::with_capacity(expected * schema.width()),
            targets,
            problems: Problems::default(),
        }
    }

    /// The rows, if nothing is wrong with any field.
    fn into_rows(self) -> Result<Rows, InvalidBody> {
        self.problems.or(())?;
        Ok(Rows::new(self.values, self.schema.width()))
    }
}

/// A record, appended to the table.
struct Record<'a, 's> {
    table: &'a mut Table<'s>,
    /// Position of the record, where there can be several.
    row: Option<usize>,
}

impl<'de> DeserializeSeed<'de> for Record<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Record<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a record with the features by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Table {
            schema,
            reading,
            values,
            targets,
            problems,
        } = self.table;
        let width = schema.width();
        let start = values.len();
        // A usable value is finite: NaN marks what was not given, infinity what was refused.
        values.resize(start + width, f64::NAN);
        let mut target = f64::NAN;
        let mut guess = 0;
        while let Some(position) = reading.key(&mut map, schema, guess)? {
            let Some(position) = position.filter(|&p| p < width || targets.is_some()) else {
                reading.ignore(&mut map)?;
                continue;
            };
            guess = position + 1;
            let value = match schema.labels() {
                Labels::Classes(classes) if position == width => {
                    class_from_json(map.next_value::<&RawValue>()?.get(), classes)
                }
                _ => reading.number(&mut map)?,
            };
            let slot = values.get_mut(start + position).unwrap_or(&mut target);
            if !slot.is_nan() {
                problems.push(self.row, schema.name(position), "is given twice");
            }
            *slot = value.unwrap_or_else(|problem| {
                problems.push(self.row, schema.name(position), problem);
                f64::INFINITY
            });
        }
        for (position, value) in values[start..].iter().enumerate() {
            if value.is_nan() {
                problems.push(self.row, schema.name(position), MISSING);
            }
        }
        if let Some(targets) = targets {
            if target.is_nan() {
                problems.push(self.row, schema.target(), MISSING);
            }
            targets.push(target);
        }
        // Nobody will ask for the rows, and a record with nothing in it is far smaller than its row.
        if problems.count() > 0 {
            values.truncate(start);
        }
        Ok(())
    }
}

/// Reads the true class of a record: its position.
fn class_from_json(text: &str, classes: &[String]) -> Result<f64, &'static str> {
    let label: Cow<'_, str> = match text.as_bytes()[0] {
        b'n' => return Err("is null"),
        b'"' => serde_json::from_str(text).map_err(|_| "is not a class of the model")?,
        _ => Cow::Borrowed(text),
    };
    // pandas writes the class 1 as 1.0 as soon as a value of the column is missing.
    let number = label.parse::<f64>().ok();
    let same = |class: &String| *class == label || number.is_some() && class.parse().ok() == number;
    let position = classes.iter().position(same);
    position
        .map(|position| position as f64)
        .ok_or("is not a class of the model")
}

/// A list of records, appended to the table as far as they are not too many.
struct Records<'a, 's> {
    table: &'a mut Table<'s>,
    most: usize,
    count: usize,
}

impl<'a, 's> Records<'a, 's> {
    fn new(table: &'a mut Table<'s>, most: usize) -> Self {
        Self {
            table,
            most,
            count: 0,
        }
    }

    /// Whether all of them were appended.
    fn in_bounds(&self) -> Result<(), InvalidBody> {
        if self.count <= self.most {
            Ok(())
        } else {
            Err(InvalidBody::TooMany(self.most))
        }
    }
}

impl<'de> DeserializeSeed<'de> for &mut Records<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for &mut Records<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while self.count < self.most {
            let record = Record {
                table: self.table,
                row: Some(self.count),
            };
            if seq.next_element_seed(record)?.is_none() {
                return Ok(());
            }
            self.count += 1;
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {
            self.count += 1;
        }
        Ok(())
    }
}

/// The body of `/evaluate`.
struct Evaluation<'s> {
    schema: &'s Schema,
    most: usize,
    reading: Reading,
}

impl<'de> DeserializeSeed<'de> for Evaluation<'_> {
    type Value = Result<Labelled, InvalidBody>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Evaluation<'_> {
    type Value = Result<Labelled, InvalidBody>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object with labelled records in `data`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut table = Table::new(self.schema, self.reading, Some(Vec::new()), 0);
        let mut period = None;
        let mut observe = true;
        let mut methods = BTreeMap::new();
        let mut given = false;
        let mut in_bounds = Ok(());
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match &*key {
                "data" if given => return Err(A::Error::duplicate_field("data")),
                "data" => {
                    let mut records = Records::new(&mut table, self.most);
                    map.next_value_seed(&mut records)?;
                    in_bounds = records.in_bounds();
                    given = true;
                }
                "evaluation_period_name" => period = map.next_value::<Option<String>>()?,
                "observe" => observe = map.next_value::<Option<_>>()?.unwrap_or(true),
                "drift_methods" => {
                    methods = map.next_value::<Option<_>>()?.unwrap_or_default();
                }
                _ => self.reading.ignore(&mut map)?,
            }
        }
        let targets = table.targets.take().unwrap_or_default();
        let mut problems = table.problems;
        if !given {
            problems.push(None, "data", MISSING);
        } else if targets.is_empty() {
            problems.push(None, "data", "is empty; send at least one labelled record");
        }
        if period
            .as_ref()
            .is_some_and(|name| name.len() > LONGEST_NAME)
        {
            let problem = format!("is longer than {LONGEST_NAME} bytes");
            problems.push(None, "evaluation_period_name", problem);
        }
        let labelled = Labelled {
            rows: Rows::new(table.values, self.schema.width()),
            targets,
            period,
            observe,
            methods,
        };
        Ok(in_bounds.and_then(|()| problems.or(labelled)))
    }
}

#[cfg(test)]
mod tests;

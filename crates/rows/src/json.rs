//! Parses records in JSON.

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
use super::memory::of_separated;
use super::number::MISSING;
use super::problem::{InvalidBody, Problems};
use super::schema::{Labels, Schema};

/// Records with their true values: the body of `/evaluate`.
#[derive(Debug, Clone, PartialEq)]
pub struct Labelled {
    /// The features of each record.
    pub rows: Rows,
    /// One value per record: a number, or the index of a class.
    pub targets: Vec<f64>,
    /// `evaluation_period_name`, if given.
    pub period: Option<String>,
    /// `observe`, true by default: whether the rows may be stored for retraining.
    pub observe: bool,
    /// `drift_methods`, if given: the name of a drift method by the name of a column.
    pub methods: BTreeMap<String, String>,
}

/// Parses one record into one row.
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

/// Parses a list of at most `limit` records into one row per record.
///
/// # Errors
///
/// If the body is not a JSON list of objects with a finite number for every feature, or has too
/// many records.
pub fn records(body: &[u8], schema: &Schema, limit: usize) -> Result<Rows, InvalidBody> {
    read(body, |body, reading| {
        let expected = limit.min(body.len() / ESTIMATED_RECORD);
        let mut table = Table::new(schema, reading, None, expected);
        let mut records = Records::new(&mut table, limit);
        deserialize(body, &mut records)?;
        records.in_bounds()?;
        table.into_rows()
    })
}

/// Parses the body of `/evaluate`: an object with at most `limit` labelled records in `data`.
///
/// # Errors
///
/// If the body is not such an object, if `data` is missing, empty or too long, or if a record
/// lacks a feature or its true value.
pub fn labelled(body: &[u8], schema: &Schema, limit: usize) -> Result<Labelled, InvalidBody> {
    read(body, |body, reading| {
        let evaluation = Evaluation {
            schema,
            limit,
            reading,
        };
        deserialize(body, evaluation)?
    })
}

/// Maximum memory for parsing a body, in bytes, without the body.
#[must_use]
pub fn memory(body: &[u8]) -> u64 {
    // To say which values are not finite, the body is copied.
    of_separated(body) + body.len() as u64
}

/// Maximum length of a period's name in bytes.
const LONGEST_NAME: usize = 256;

/// Maximum nesting depth of lists and objects; serde_json has the same limit.
pub const MAX_DEPTH: usize = 127;

/// Size of a small record in bytes, to estimate the number of records in a body.
const ESTIMATED_RECORD: usize = 128;

/// Rejects JSON in which lists and objects are nested more than [`MAX_DEPTH`] levels deep. The
/// values of ignored fields are not otherwise checked, but no legitimate body is nested so deeply.
///
/// # Errors
///
/// If the body is nested too deeply.
pub fn check_depth(body: &[u8]) -> Result<(), InvalidBody> {
    let opens = |byte: u8| matches!(byte, b'[' | b'{');
    // Almost every body has too few brackets to be nested too deeply.
    if body.iter().filter(|&&byte| opens(byte)).count() <= MAX_DEPTH {
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
        if depth > MAX_DEPTH {
            let problem = format!("the body is nested deeper than {MAX_DEPTH} levels");
            return Err(InvalidBody::Malformed(problem));
        }
    }
    Ok(())
}

/// Parses a body in up to three passes. The fast pass handles almost every valid body. If it
/// fails, the detailed pass collects the problems of each field. If that finds malformed JSON and
/// the body has `NaN` or `Infinity`, which Python writes although JSON does not allow them, these
/// are replaced and the body is parsed again, so that the client learns which fields are affected.
fn read<T>(
    body: &[u8],
    parse: impl Fn(&[u8], Reading) -> Result<T, InvalidBody>,
) -> Result<T, InvalidBody> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    if let Ok(parsed) = parse(body, Reading::Fast) {
        return Ok(parsed);
    }
    check_depth(body)?;
    match parse(body, Reading::Detailed) {
        Err(InvalidBody::Malformed(message)) => match mark_not_finite(body) {
            Some(marked) => parse(&marked, Reading::Detailed),
            None => Err(InvalidBody::Malformed(message)),
        },
        result => result,
    }
}

/// Replaces `NaN` and `Infinity` outside of strings with a number too large for `f64`. Returns
/// `None` if there are none.
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

/// A table of records, filled while parsing.
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

    /// Returns the rows if no field has a problem.
    fn into_rows(self) -> Result<Rows, InvalidBody> {
        self.problems.or(())?;
        Ok(Rows::new(self.values, self.schema.width()))
    }
}

/// Deserialises one record by appending it to the table.
struct Record<'a, 's> {
    table: &'a mut Table<'s>,
    /// Index of the record; `None` if the body is a single record.
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
        formatter.write_str("an object with a value for every feature")
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
        // Valid values are finite: NaN marks missing ones, infinity invalid ones.
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
                problems.push(self.row, schema.name(position), "occurs more than once");
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
        // The rows will not be used, and an empty record is far smaller than its row: without this, a
        // small body could take a lot of memory.
        if problems.count() > 0 {
            values.truncate(start);
        }
        Ok(())
    }
}

/// Parses the true class of a record into its index.
fn class_from_json(text: &str, classes: &[String]) -> Result<f64, &'static str> {
    let label: Cow<'_, str> = match text.as_bytes()[0] {
        b'n' => return Err("is null"),
        b'"' => serde_json::from_str(text).map_err(|_| "is not a class of the model")?,
        _ => Cow::Borrowed(text),
    };
    // pandas writes class 1 as 1.0 if any value in the column is missing.
    let number = label.parse::<f64>().ok();
    let same = |class: &String| *class == label || number.is_some() && class.parse().ok() == number;
    let position = classes.iter().position(same);
    position
        .map(|position| position as f64)
        .ok_or("is not a class of the model")
}

/// Deserialises a list of records by appending them to the table, up to a limit.
struct Records<'a, 's> {
    table: &'a mut Table<'s>,
    limit: usize,
    count: usize,
}

impl<'a, 's> Records<'a, 's> {
    fn new(table: &'a mut Table<'s>, limit: usize) -> Self {
        Self {
            table,
            limit,
            count: 0,
        }
    }

    /// Checks that all records were appended.
    fn in_bounds(&self) -> Result<(), InvalidBody> {
        if self.count <= self.limit {
            Ok(())
        } else {
            Err(InvalidBody::TooMany(self.limit))
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
        while self.count < self.limit {
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
    limit: usize,
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
                    let mut records = Records::new(&mut table, self.limit);
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

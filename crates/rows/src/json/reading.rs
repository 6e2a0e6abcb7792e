//! The two modes of parsing the fields of a record.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Unexpected, Visitor};
use serde_json::value::RawValue;

use super::super::number::from_json;
use super::super::schema::Schema;

/// A mode of parsing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// Stops at the first irregularity, with an imprecise error.
    Fast,
    /// Collects the problems of each field.
    Detailed,
}

impl Reading {
    /// The next field as its position in the schema, `Some(None)` for a field that the model does not
    /// use; `None` at the end of the record.
    pub(super) fn key<'de, A: MapAccess<'de>>(
        self,
        map: &mut A,
        schema: &Schema,
        guess: usize,
    ) -> Result<Option<Option<usize>>, A::Error> {
        map.next_key_seed(Key {
            schema,
            guess,
            reading: self,
        })
    }

    /// Parses the value of a field that must be a number.
    pub(super) fn number<'de, A: MapAccess<'de>>(
        self,
        map: &mut A,
    ) -> Result<Result<f64, &'static str>, A::Error> {
        match self {
            Self::Fast => map.next_value().map(Ok),
            Self::Detailed => Ok(from_json(map.next_value::<&RawValue>()?.get())),
        }
    }

    /// Skips the value of a field that the model does not use.
    pub(super) fn ignore<'de, A: MapAccess<'de>>(self, map: &mut A) -> Result<(), A::Error> {
        match self {
            Self::Fast => map.next_value_seed(Flat),
            Self::Detailed => map.next_value::<IgnoredAny>().map(drop),
        }
    }
}

/// The name of a field.
struct Key<'s> {
    schema: &'s Schema,
    /// The position to try first.
    guess: usize,
    reading: Reading,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        match self.reading {
            // Skips the UTF-8 validation.
            Reading::Fast => deserializer.deserialize_bytes(self),
            Reading::Detailed => deserializer.deserialize_str(self),
        }
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Option<usize>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the name of a field")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.schema.position(name, self.guess))
    }

    fn visit_bytes<E: Error>(self, name: &[u8]) -> Result<Self::Value, E> {
        if self.schema.is_at(name, self.guess) {
            return Ok(Some(self.guess));
        }
        match str::from_utf8(name) {
            Ok(name) if !name.contains(char::is_control) => self.visit_str(name),
            _ => Err(E::invalid_value(Unexpected::Bytes(name), &self)),
        }
    }
}

/// Skips a value that is neither a list nor an object.
struct Flat;

impl<'de> DeserializeSeed<'de> for Flat {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for Flat {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("neither a list nor an object")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

//! How the fields of a record are read.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Unexpected, Visitor};
use serde_json::value::RawValue;

use super::super::number::from_json;
use super::super::schema::Schema;

/// How closely fields are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// Whatever is unusual ends the reading, without saying well what it is.
    Fast,
    /// What is wrong with a field is told as that field's problem.
    Close,
}

impl Reading {
    /// The next field, as its position in the schema.
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

    /// The value of a field that has to be a number.
    pub(super) fn number<'de, A: MapAccess<'de>>(
        self,
        map: &mut A,
    ) -> Result<Result<f64, &'static str>, A::Error> {
        match self {
            Self::Fast => map.next_value().map(Ok),
            Self::Close => Ok(from_json(map.next_value::<&RawValue>()?.get())),
        }
    }

    /// Passes over the value of a field that nobody reads.
    pub(super) fn ignore<'de, A: MapAccess<'de>>(self, map: &mut A) -> Result<(), A::Error> {
        match self {
            Self::Fast => map.next_value_seed(Flat),
            Self::Close => map.next_value::<IgnoredAny>().map(drop),
        }
    }
}

/// The name of a field.
struct Key<'s> {
    schema: &'s Schema,
    /// Its likely position.
    guess: usize,
    reading: Reading,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        match self.reading {
            // Not proven to be a text first.
            Reading::Fast => deserializer.deserialize_bytes(self),
            Reading::Close => deserializer.deserialize_str(self),
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

/// Anything that is neither a list nor an object.
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

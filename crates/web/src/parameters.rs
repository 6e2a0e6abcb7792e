//! Path parameters.

/// Path parameters, percent-decoded.
#[derive(Debug, Default)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Decodes parameters; `None` if one is not UTF-8.
    pub(super) fn decode<'a>(raw: impl Iterator<Item = (&'a str, &'a str)>) -> Option<Self> {
        let decode = |(name, value): (&str, &str)| {
            let value = percent_encoding::percent_decode_str(value);
            Some((name.to_owned(), value.decode_utf8().ok()?.into_owned()))
        };
        raw.map(decode).collect::<Option<_>>().map(Self)
    }

    /// The value of a parameter.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut parameters = self.0.iter();
        let (_, value) = parameters.find(|(key, _)| key == name)?;
        Some(value)
    }
}

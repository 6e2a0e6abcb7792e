//! Parses numbers.

/// Problems of values.
pub(super) const NOT_FINITE: &str = "is not a finite number";
pub(super) const MISSING: &str = "is missing";

/// Parses the text of a JSON value as a finite number.
pub(super) fn from_json(text: &str) -> Result<f64, &'static str> {
    match text.as_bytes()[0] {
        b'"' => Err("is a string, not a number"),
        b't' | b'f' => Err("is a boolean, not a number"),
        b'n' => Err("is null"),
        b'[' => Err("is a list, not a number"),
        b'{' => Err("is an object, not a number"),
        _ => finite(text),
    }
}

/// Parses a CSV field as a finite number.
pub(super) fn from_csv(text: &[u8]) -> Result<f64, &'static str> {
    let text = text.trim_ascii();
    if text.is_empty() {
        return Err("is empty");
    }
    finite(std::str::from_utf8(text).map_err(|_| "is not a number")?)
}

fn finite(text: &str) -> Result<f64, &'static str> {
    let value: f64 = text.parse().map_err(|_| "is not a number")?;
    if value.is_finite() {
        Ok(value)
    } else {
        Err(NOT_FINITE)
    }
}

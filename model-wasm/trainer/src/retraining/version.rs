//! The order of versions.

use std::cmp::Ordering;

/// Whether version `a` comes after version `b`: numbers are compared as numbers, all else as text.
pub(crate) fn is_after(a: &str, b: &str) -> bool {
    parts(a).cmp(parts(b)) == Ordering::Greater
}

/// A run of digits, or of other characters.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part<'a> {
    Text(&'a str),
    /// Without leading zeros: a longer one is larger.
    Number(usize, &'a str),
}

fn parts(version: &str) -> impl Iterator<Item = Part<'_>> {
    let runs = version
        .as_bytes()
        .chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit());
    let mut start = 0;
    runs.map(move |run| {
        let text = &version[start..start + run.len()];
        start += run.len();
        if run[0].is_ascii_digit() {
            let number = text.trim_start_matches('0');
            Part::Number(number.len(), number)
        } else {
            Part::Text(text)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_by_their_numbers() {
        let ascending = [
            "1.0.0",
            "1.0.0+20260101T000000",
            "1.0.0+20260101T000001",
            "1.2.0+20250101T000000",
            "1.10.0",
            "2",
        ];
        for (position, version) in ascending.iter().enumerate() {
            for (other, than) in ascending.iter().enumerate() {
                assert_eq!(
                    is_after(version, than),
                    position > other,
                    "{version} {than}"
                );
            }
        }
        assert!(is_after("2026", "0999"));
        assert!(is_after("sommer-ü2", "sommer-ü1"));
    }
}

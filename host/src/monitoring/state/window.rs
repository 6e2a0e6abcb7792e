//! The saved live window of a model's serving version.
//!
//! A file has one line of JSON, which says whose window it is, and then the rows, oldest first: the
//! values as little-endian numbers of 8 bytes, and a byte that says whether the row is out of range.

use std::fs;
use std::io::{self, ErrorKind};

use canopy_disk as disk;
use canopy_runtime::Digest;
use serde::{Deserialize, Serialize};
use tracing::warn;

use super::State;
use crate::monitoring::window::{Rows, Window};

/// The first line of a file.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Head {
    /// The version that predicted the rows.
    digest: Digest,
    /// Number of values of a row.
    width: usize,
}

impl State {
    /// Saves the live window of a model's serving version, unless another host writes to the folder.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn save_window(&self, model: &str, digest: Digest, window: &Window) -> io::Result<()> {
        if !self.is_ours() {
            return Ok(());
        }
        let path = self.window(model);
        fs::create_dir_all(disk::folder(&path))?;
        disk::write(&path, &encode(digest, &window.rows())?)
    }

    /// Adds the saved rows to the live window of a version, if they are that version's.
    pub fn restore_window(&self, model: &str, digest: Digest, window: &Window) {
        let path = self.window(model);
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return,
            read => read,
        };
        let rows = bytes.and_then(|bytes| decode(digest, window.width(), &bytes));
        match rows {
            Ok(Some(rows)) => window.restore(&rows),
            Ok(None) => {}
            Err(error) => warn!(?path, %error, "a saved live window cannot be used"),
        }
    }
}

fn encode(digest: Digest, rows: &Rows) -> io::Result<Vec<u8>> {
    let width = rows.width;
    let mut bytes = serde_json::to_vec(&Head { digest, width })?;
    bytes.push(b'\n');
    for (values, out_of_range) in rows.values.chunks(width).zip(&rows.out_of_range) {
        bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        bytes.push((*out_of_range).into());
    }
    Ok(bytes)
}

/// The rows in a file; `None` if they are those of another version.
fn decode(digest: Digest, width: usize, bytes: &[u8]) -> io::Result<Option<Rows>> {
    let damaged = || io::Error::from(ErrorKind::InvalidData);
    let end = bytes.iter().position(|byte| *byte == b'\n');
    let (head, body) = bytes.split_at(end.ok_or_else(damaged)? + 1);
    if serde_json::from_slice::<Head>(head)? != (Head { digest, width }) {
        return Ok(None);
    }
    let (rows, rest) = (
        body.chunks_exact(8 * width + 1),
        body.len() % (8 * width + 1),
    );
    if rest != 0 {
        return Err(damaged());
    }
    let mut decoded = Rows {
        width,
        values: Vec::with_capacity(width * rows.len()),
        out_of_range: Vec::with_capacity(rows.len()),
    };
    for row in rows {
        let (values, _) = row.as_chunks();
        let values = values.iter().map(|value| f64::from_le_bytes(*value));
        decoded.values.extend(values);
        decoded.out_of_range.push(row[8 * width] != 0);
    }
    Ok(Some(decoded))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_restored_into_the_version_that_it_is_of() {
        let digest = Digest::of(b"it");
        let window = Window::new(3, 2);
        for number in 0..5_u8 {
            let value = f64::from(number);
            window.push(&[value, f64::NAN], 10.0 * value, number == 3);
        }
        let bytes = encode(digest, &window.rows()).unwrap();
        let rows = decode(digest, 3, &bytes).unwrap().unwrap();

        // Into a window of another size, as after a change of --live-window.
        let smaller = Window::new(2, 2);
        smaller.restore(&rows);
        assert_eq!(smaller.fill().rows, 2);
        assert_eq!(smaller.fill().out_of_range_share, 0.5);
        let columns = smaller.snapshot().columns;
        assert_eq!(columns[2], [40.0, 30.0]);
        assert!(columns[1].iter().all(|value| value.is_nan()));

        assert_eq!(decode(Digest::of(b"other"), 3, &bytes).unwrap(), None);
        assert_eq!(decode(digest, 4, &bytes).unwrap(), None);
        assert!(decode(digest, 3, &bytes[..bytes.len() - 1]).is_err());
        assert!(decode(digest, 3, b"").is_err());
    }
}

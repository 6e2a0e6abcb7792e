//! The live window of predicted rows, from which live drift is computed.

use parking_lot::{Mutex, MutexGuard};
use serde::Serialize;
use utoipa::ToSchema;

/// The last rows that a version predicted. Its memory is fixed, and adding a row takes nanoseconds.
#[derive(Debug)]
pub struct Window {
    ring: Mutex<Ring>,
}

#[derive(Debug)]
struct Ring {
    /// Row-major array of `capacity` rows of `stride` values: the features, then the prediction.
    values: Vec<f64>,
    /// Whether each row has a value out of range.
    out_of_range: Vec<bool>,
    stride: usize,
    /// Total number of rows added; the next one is written to row `added % capacity`.
    added: u64,
    out_of_range_count: usize,
}

/// The content of a window at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// The values of each feature, then the predictions; the order of rows is unspecified.
    pub columns: Vec<Vec<f64>>,
    /// Total number of rows added to the window.
    pub added: u64,
}

/// The rows of a window, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rows {
    /// Number of values of a row: the features and the prediction.
    pub(super) width: usize,
    /// The values of all rows.
    pub(super) values: Vec<f64>,
    /// Whether each row has a value out of range.
    pub(super) out_of_range: Vec<bool>,
}

/// How full a live window is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[schema(as = WindowFill)]
pub struct Fill {
    /// Current number of rows.
    pub rows: u64,
    /// Maximum number of rows.
    pub capacity: usize,
    /// Share of the rows with a value out of range; 0 if the window is empty.
    #[serde(rename = "unusual_share")]
    pub out_of_range_share: f64,
}

impl Window {
    /// A window over the last `capacity` rows (at least 1) of `features` values each.
    #[must_use]
    pub fn new(capacity: usize, features: usize) -> Self {
        let (capacity, stride) = (capacity.max(1), features + 1);
        Self {
            ring: Mutex::new(Ring {
                values: vec![0.0; capacity * stride],
                out_of_range: vec![false; capacity],
                stride,
                added: 0,
                out_of_range_count: 0,
            }),
        }
    }

    /// Adds a row with its prediction; returns the share of rows in the window with a value out of
    /// range.
    pub fn push(&self, row: &[f64], prediction: f64, out_of_range: bool) -> f64 {
        let mut ring = self.lock();
        let capacity = ring.out_of_range.len();
        let slot = (ring.added % capacity as u64) as usize;
        let start = slot * ring.stride;
        ring.values[start..start + row.len()].copy_from_slice(row);
        ring.values[start + row.len()] = prediction;
        let before = std::mem::replace(&mut ring.out_of_range[slot], out_of_range);
        ring.out_of_range_count =
            ring.out_of_range_count + usize::from(out_of_range) - usize::from(before);
        ring.added += 1;
        ring.out_of_range_count as f64 / ring.added.min(capacity as u64) as f64
    }

    /// How full the window is.
    #[must_use]
    pub fn fill(&self) -> Fill {
        let ring = self.lock();
        let capacity = ring.out_of_range.len();
        let rows = ring.added.min(capacity as u64);
        Fill {
            rows,
            capacity,
            out_of_range_share: ring.out_of_range_count as f64 / rows.max(1) as f64,
        }
    }

    /// Copies the content of the window.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let ring = self.lock();
        let rows = ring.added.min(ring.out_of_range.len() as u64) as usize;
        let filled = &ring.values[..rows * ring.stride];
        Snapshot {
            columns: (0..ring.stride)
                .map(|column| {
                    filled
                        .iter()
                        .skip(column)
                        .step_by(ring.stride)
                        .copied()
                        .collect()
                })
                .collect(),
            added: ring.added,
        }
    }

    /// Number of values of a row: the features and the prediction.
    pub(super) fn width(&self) -> usize {
        self.lock().stride
    }

    /// Total number of rows added.
    #[must_use]
    pub fn added(&self) -> u64 {
        self.lock().added
    }

    /// Copies the rows of the window.
    pub(super) fn rows(&self) -> Rows {
        let ring = self.lock();
        let capacity = ring.out_of_range.len() as u64;
        let (rows, oldest) = match ring.added.checked_sub(capacity) {
            None => (ring.added as usize, 0),
            Some(_) => (capacity as usize, (ring.added % capacity) as usize),
        };
        let split = oldest * ring.stride;
        let values = &ring.values[..rows * ring.stride];
        let out_of_range = &ring.out_of_range[..rows];
        Rows {
            width: ring.stride,
            values: [&values[split..], &values[..split]].concat(),
            out_of_range: [&out_of_range[oldest..], &out_of_range[..oldest]].concat(),
        }
    }

    /// Adds rows that a window had.
    pub(super) fn restore(&self, rows: &Rows) {
        for (row, out_of_range) in rows.values.chunks(rows.width).zip(&rows.out_of_range) {
            if let [features @ .., prediction] = row {
                self.push(features, *prediction, *out_of_range);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_last_rows_and_their_out_of_range_share() {
        let window = Window::new(2, 1);
        assert_eq!(window.snapshot().columns, vec![Vec::<f64>::new(); 2]);
        assert_eq!(window.push(&[1.0], 10.0, true), 1.0);
        assert_eq!(window.push(&[2.0], 20.0, false), 0.5);
        assert_eq!(window.push(&[3.0], 30.0, false), 0.0);
        let snapshot = window.snapshot();
        assert_eq!(snapshot.columns, [vec![3.0, 2.0], vec![30.0, 20.0]]);
        assert_eq!(snapshot.added, 3);
        let fill = Fill {
            rows: 2,
            capacity: 2,
            out_of_range_share: 0.0,
        };
        assert_eq!(window.fill(), fill);
    }
}

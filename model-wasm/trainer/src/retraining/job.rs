//! What the training process is told, and what it answers.
//!
//! It reads a [`Job`] as JSON from standard input, and writes an [`Answer`] as one line of JSON to
//! standard output, followed by the component of a challenger that won.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::run::Findings;

/// One run of the training process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Job {
    /// File of the specification.
    pub(crate) spec: PathBuf,
    /// File of the champion; it need not exist.
    pub(crate) champion: PathBuf,
    /// Folder of observed batches.
    pub(crate) observations: PathBuf,
    /// Training data, as on the command line.
    pub(crate) data: String,
    /// Number of threads.
    pub(crate) threads: Option<NonZeroUsize>,
    /// Minimum improvement of the score.
    pub(crate) margin: f64,
    /// When the run started.
    pub(crate) started: Timestamp,
}

/// The end of the training process.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) findings: Findings,
    pub(crate) outcome: Outcome,
}

/// The outcome of a challenge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Outcome {
    /// The challenger won.
    Won(Won),
    /// The champion is kept, for this reason.
    Kept(String),
    /// Nothing was trained, for this reason.
    Skipped(String),
    /// The challenge failed, for this reason.
    Failed(String),
}

/// A challenger that won.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Won {
    /// Name of the model.
    pub(crate) name: String,
    /// The champion that it beat; absent if there was none.
    pub(crate) champion: Option<Champion>,
    /// Ids of the observed batches that it was trained and scored on.
    pub(crate) batches: Vec<String>,
}

/// Identifies a champion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Champion {
    pub(crate) name: String,
    pub(crate) version: String,
    /// SHA-256 digest of the component.
    pub(crate) digest: String,
}

impl Answer {
    /// The answer and the component as bytes.
    pub(super) fn to_bytes(&self, component: &[u8]) -> Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec(self)?;
        bytes.push(b'\n');
        bytes.extend_from_slice(component);
        Ok(bytes)
    }

    /// Reads an answer and the component after it.
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<(Self, Vec<u8>)> {
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let (line, rest) = bytes.split_at(end.context("the training process gave no answer")?);
        let answer = serde_json::from_slice(line);
        let answer = answer.context("the training process gave no valid answer")?;
        Ok((answer, rest[1..].to_vec()))
    }
}

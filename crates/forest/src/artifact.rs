//! The byte format of a whole model, which the trainer bakes into the guest.

use bytemuck::{Pod, Zeroable};

use crate::description::{Column, Description};
use crate::forest::Forest;
use crate::layout::LayoutError;
use crate::tree::Aggregation;

/// First bytes of every artifact; the last of them is the version of the layout.
const MAGIC: [u8; 8] = *b"canopy\0\x02";

/// A model: its description, its reference sample and its compiled forest.
#[derive(Debug)]
pub struct Artifact<'a> {
    /// The model's own description.
    pub description: Description,
    /// The sample that drift is measured against.
    pub reference: Vec<Column>,
    /// The forest, borrowed from the artifact's bytes.
    pub forest: Forest<'a>,
}

/// Why bytes are not a valid artifact.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ArtifactError {
    /// They do not begin with the magic bytes of this version, or are too short.
    #[error("the bytes are not an artifact of this version")]
    NotAnArtifact,
    /// The description or the reference sample cannot be decoded.
    #[error("the artifact's {part} cannot be decoded: {source}")]
    Text {
        /// The part that cannot be decoded.
        part: &'static str,
        /// The cause.
        source: postcard::Error,
    },
    /// The forest is not valid.
    #[error(transparent)]
    Forest(#[from] LayoutError),
    /// Description and forest belong to different models.
    #[error("the description has {described} {what}, the forest has {forest}")]
    Mismatch {
        /// The count that differs.
        what: &'static str,
        /// The count in the description.
        described: usize,
        /// The count in the forest.
        forest: usize,
    },
}

#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Header {
    magic: [u8; 8],
    description: u32,
    reference: u32,
}

impl Artifact<'_> {
    /// Encodes a model; `forest` is the output of [`crate::compile()`].
    ///
    /// # Errors
    ///
    /// If the description or the reference sample cannot be encoded.
    pub fn write(
        description: &Description,
        reference: &[Column],
        forest: &[u8],
    ) -> Result<Vec<u8>, ArtifactError> {
        let description = encode("description", description)?;
        let reference = encode("reference", reference)?;
        let header = Header {
            magic: MAGIC,
            description: description.len() as u32,
            reference: reference.len() as u32,
        };
        let mut bytes = bytemuck::bytes_of(&header).to_vec();
        bytes.extend(description);
        bytes.extend(reference);
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        bytes.extend_from_slice(forest);
        Ok(bytes)
    }

    /// Reads a model in place; `bytes` must begin at an address that is a multiple of 8.
    ///
    /// # Errors
    ///
    /// If the bytes are not the output of [`Artifact::write`].
    pub fn read(bytes: &[u8]) -> Result<Artifact<'_>, ArtifactError> {
        let (header, rest) = bytes
            .split_at_checked(size_of::<Header>())
            .ok_or(ArtifactError::NotAnArtifact)?;
        let header: Header = bytemuck::pod_read_unaligned(header);
        if header.magic != MAGIC {
            return Err(ArtifactError::NotAnArtifact);
        }
        let (description, rest) = rest
            .split_at_checked(header.description as usize)
            .ok_or(ArtifactError::NotAnArtifact)?;
        let (reference, _) = rest
            .split_at_checked(header.reference as usize)
            .ok_or(ArtifactError::NotAnArtifact)?;
        let start = size_of::<Header>() + description.len() + reference.len();
        let forest = bytes
            .get(start.next_multiple_of(8)..)
            .ok_or(ArtifactError::NotAnArtifact)?;

        let description: Description = decode("description", description)?;
        let reference = decode("reference", reference)?;
        let forest = Forest::read(forest)?;
        let classes = match forest.aggregation() {
            Aggregation::Mean => 0,
            Aggregation::Vote { classes } => classes as usize,
        };
        for (what, described, forest) in [
            ("features", description.features.len(), forest.features()),
            ("classes", description.classes.len(), classes),
        ] {
            if described != forest {
                return Err(ArtifactError::Mismatch {
                    what,
                    described,
                    forest,
                });
            }
        }
        Ok(Artifact {
            description,
            reference,
            forest,
        })
    }
}

fn encode<T: serde::Serialize + ?Sized>(
    part: &'static str,
    value: &T,
) -> Result<Vec<u8>, ArtifactError> {
    postcard::to_allocvec(value).map_err(|source| ArtifactError::Text { part, source })
}

fn decode<T: serde::de::DeserializeOwned>(
    part: &'static str,
    bytes: &[u8],
) -> Result<T, ArtifactError> {
    postcard::from_bytes(bytes).map_err(|source| ArtifactError::Text { part, source })
}

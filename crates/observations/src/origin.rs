//! Where a batch comes from, as kept in the metadata of its file.

use parquet::file::metadata::KeyValue;
use serde::Serialize;
use utoipa::ToSchema;

/// Prefix of the keys in a file's metadata.
const PREFIX: &str = "canopy.";

/// Where a batch comes from: who sent it, and what it was evaluated with. A field is null if it was
/// not known, and all are in files of hosts before 0.2.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ObservationOrigin)]
pub struct Origin {
    /// The user who sent the rows; null on a host without users.
    #[schema(required)]
    pub user: Option<String>,
    /// The name of the evaluated period.
    #[schema(required)]
    pub period: Option<String>,
    /// The model that was evaluated.
    #[schema(required)]
    pub model: Option<String>,
    /// The version of the model.
    #[schema(required)]
    pub version: Option<String>,
    /// SHA-256 digest of the component.
    #[schema(required)]
    pub digest: Option<String>,
    /// The id of the request.
    #[schema(required)]
    pub request: Option<String>,
}

impl Origin {
    /// The known fields as metadata of a file.
    pub(super) fn to_metadata(&self) -> Vec<KeyValue> {
        let fields = [
            ("user", &self.user),
            ("period", &self.period),
            ("model", &self.model),
            ("version", &self.version),
            ("digest", &self.digest),
            ("request", &self.request),
        ];
        let known = fields.into_iter().filter(|(_, value)| value.is_some());
        known
            .map(|(name, value)| KeyValue::new(format!("{PREFIX}{name}"), value.clone()))
            .collect()
    }

    /// Reads the fields back from the metadata of a file.
    pub(super) fn from_metadata(metadata: Option<&Vec<KeyValue>>) -> Self {
        let mut origin = Self::default();
        for KeyValue { key, value } in metadata.into_iter().flatten() {
            let field = match key.strip_prefix(PREFIX) {
                Some("user") => &mut origin.user,
                Some("period") => &mut origin.period,
                Some("model") => &mut origin.model,
                Some("version") => &mut origin.version,
                Some("digest") => &mut origin.digest,
                Some("request") => &mut origin.request,
                _ => continue,
            };
            field.clone_from(value);
        }
        origin
    }
}

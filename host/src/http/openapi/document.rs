//! The parts of the document.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// An OpenAPI document.
#[derive(Serialize, ToSchema)]
#[schema(as = OpenApi)]
pub(in crate::http) struct Document {
    /// Version of OpenAPI.
    pub(super) openapi: &'static str,
    /// Title, version and license of the API.
    #[schema(value_type = Object)]
    pub(super) info: Value,
    /// Where the API is served.
    #[schema(value_type = Vec<Object>)]
    pub(super) servers: Value,
    /// Groups of operations.
    #[schema(value_type = Vec<Object>)]
    pub(super) tags: Value,
    /// The operations, by path and method.
    #[schema(value_type = Object)]
    pub(super) paths: Map<String, Value>,
    /// Schemas that operations refer to, and security schemes.
    #[schema(value_type = Object)]
    pub(super) components: Value,
}

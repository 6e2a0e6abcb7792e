//! The OpenAPI 3.1 document, made from the loaded models' own features and examples.

mod door;
mod host;
mod model;
mod schema;
mod v2;

use serde_json::{Map, Value, json};

use crate::models::Registry;

/// The document of everything that is served: the default model without a name, the others by
/// theirs; with the door, if there is one.
pub(super) fn document(models: &Registry, is_guarded: bool) -> Value {
    let default = models.default_owned();
    let info = default.as_ref().map_or_else(
        || json!({"title": "Canopy", "version": env!("CARGO_PKG_VERSION")}),
        |slot| {
            let serving = slot.serving();
            let info = serving.served.model().info();
            json!({
                "title": format!("{} on Canopy", info.name),
                "version": info.version,
                "description": model::description(info),
                "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            })
        },
    );
    let mut paths = Map::new();
    let mut schemas = schema::shared();
    for slot in models.all() {
        let serving = slot.serving();
        let is_default = default.as_ref().is_some_and(|it| it.name == slot.name);
        let by_name = (!is_default).then_some(slot.name.as_str());
        let described = model::Described::new(&serving.served, by_name);
        paths.extend(described.paths());
        schemas.extend(described.schemas());
    }
    paths.extend(v2::paths());
    paths.extend(host::paths());
    let mut document = json!({
        "openapi": "3.1.0",
        "info": info,
        "tags": [
            {"name": "model", "description": "Predictions and their quality"},
            {"name": "versions", "description": "What a model serves, and what is on trial"},
            {"name": "open inference protocol", "description": "Version 2, over REST"},
            {"name": "host", "description": "The host itself"},
        ],
        "paths": paths,
        "components": {"schemas": schemas},
    });
    if is_guarded {
        door::add(&mut document);
    }
    document
}

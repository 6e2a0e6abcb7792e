//! The bindings that wit-bindgen generates from `wit/model.wit`.

wit_bindgen::generate!({
    path: "../../wit",
    world: "inference-model",
    pub_export_macro: false,
});

//! Bindings that wasmtime generates from `wit/model.wit`.

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "inference-model",
    additional_derives: [PartialEq],
});

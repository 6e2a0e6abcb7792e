//! The interface that a component must export to be loaded.

use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime::component::Type;
use wasmtime::component::types::{ComponentFunc, ComponentItem};

use super::error::{LoadError, line};
use super::world;

/// Name of the interface that a model exports, without its version.
const INTERFACE: &str = "canopy:model/inference";
/// The supported versions of the interface: as a prefix, and as shown in messages.
const SUPPORTED: (&str, &str) = ("0.1.", "0.1.x");

/// Checks the component's type: no imports other than WASI's where they are allowed, and the right
/// interface in a supported version.
pub(super) fn check_interface(
    engine: &Engine,
    component: &Component,
    wasi: bool,
) -> Result<String, LoadError> {
    let ty = component.component_type();
    let mut imports = ty.imports(engine);
    if let Some((import, _)) = imports.find(|(name, _)| !(wasi && world::has(name))) {
        return Err(LoadError::Import {
            import: line(import),
            allowed: if wasi {
                "nothing but WASI 0.2"
            } else {
                "nothing"
            },
        });
    }
    let exports: Vec<String> = ty
        .exports(engine)
        .map(|(name, _)| name.to_owned())
        .collect();
    let versioned =
        |name: &String| Some(name.strip_prefix(INTERFACE)?.strip_prefix('@')?.to_owned());
    let Some(version) = exports.iter().find_map(versioned) else {
        return Err(LoadError::Interface {
            expected: INTERFACE,
            found: match exports.as_slice() {
                [] => "nothing".to_owned(),
                names => line(&names.join(", ")),
            },
        });
    };
    if !version.starts_with(SUPPORTED.0) {
        return Err(LoadError::Version {
            interface: INTERFACE,
            found: version,
            supported: SUPPORTED.1,
        });
    }
    Ok(format!("{INTERFACE}@{version}"))
}

/// Whether the component imports anything.
pub(super) fn has_imports(engine: &Engine, component: &Component) -> bool {
    component.component_type().imports(engine).next().is_some()
}

/// The signatures of the functions in the component's interface, one line each, for display.
pub(super) fn functions(engine: &Engine, component: &Component, interface: &str) -> Vec<String> {
    let ty = component.component_type();
    let Some(item) = ty.get_export(engine, interface) else {
        return Vec::new();
    };
    let ComponentItem::ComponentInstance(instance) = item.ty else {
        return Vec::new();
    };
    let functions = instance
        .exports(engine)
        .filter(|(_, item)| matches!(item.ty, ComponentItem::ComponentFunc(_)));
    functions
        .map(|(name, item)| match item.ty {
            ComponentItem::ComponentFunc(function) => signature(name, &function),
            _ => name.to_owned(),
        })
        .collect()
}

fn signature(name: &str, function: &ComponentFunc) -> String {
    let parameters = function.params();
    let parameters: Vec<String> = parameters
        .map(|(name, ty)| format!("{name}: {}", type_name(&ty)))
        .collect();
    let results: String = function
        .results()
        .map(|ty| format!(" -> {}", type_name(&ty)))
        .collect();
    format!("{name}: func({}){results}", parameters.join(", "))
}

/// A type in WIT notation; components do not preserve the names of records and variants.
fn type_name(ty: &Type) -> String {
    match ty {
        Type::List(list) => format!("list<{}>", type_name(&list.ty())),
        Type::Option(option) => format!("option<{}>", type_name(&option.ty())),
        Type::Result(result) => {
            let name = |ty: Option<Type>| ty.map_or_else(|| "_".to_owned(), |ty| type_name(&ty));
            format!("result<{}, {}>", name(result.ok()), name(result.err()))
        }
        Type::Bool => "bool".to_owned(),
        Type::U32 => "u32".to_owned(),
        Type::U64 => "u64".to_owned(),
        Type::Float64 => "f64".to_owned(),
        Type::String => "string".to_owned(),
        Type::Record(_) => "record".to_owned(),
        Type::Variant(_) => "variant".to_owned(),
        Type::Enum(_) => "enum".to_owned(),
        _ => "other".to_owned(),
    }
}

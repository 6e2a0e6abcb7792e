//! Components made of the guests that `scripts/build-guest.sh` compiles for tests.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;
use wit_component::ComponentEncoder;

/// What the unruly guest's temper is written behind.
const MARK: &[u8] = b"the temper of the unruly guest:";

/// The unruly guest as a component, with a temper (see its source), or `-` if it has none.
pub(crate) fn unruly(temper: u8) -> Vec<u8> {
    let mut module = module("unruly");
    let positions = positions(&module, MARK);
    assert_eq!(positions.len(), 1);
    module[positions[0] + MARK.len()] = temper;
    component(&module)
}

/// The guest that imports WASI, as a component.
pub(crate) fn wasi() -> Vec<u8> {
    component(&module("wasi"))
}

/// A component in a file.
pub(crate) fn file(component: &[u8]) -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("model.wasm");
    fs::write(&path, component).unwrap();
    (folder, path)
}

/// A component in which a text is another one of the same length wherever it stands.
pub(crate) fn renamed(mut component: Vec<u8>, from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let positions = positions(&component, from.as_bytes());
    assert!(!positions.is_empty());
    for position in positions {
        component[position..][..to.len()].copy_from_slice(to.as_bytes());
    }
    component
}

/// A component followed by a custom section of so many bytes.
pub(crate) fn padded(mut component: Vec<u8>, bytes: u32) -> Vec<u8> {
    component.push(0);
    // LEB128 in five bytes.
    let length = bytes + 1;
    component
        .extend((0..5).map(|i| (length >> (7 * i)) as u8 & 0x7f | if i < 4 { 0x80 } else { 0 }));
    component.resize(component.len() + length as usize, 0);
    component
}

fn module(name: &str) -> Vec<u8> {
    let path = format!(
        "{}/../target/guest/wasm32-unknown-unknown/guest/canopy_{name}_guest.wasm",
        env!("CARGO_MANIFEST_DIR")
    );
    fs::read(path).expect("run scripts/build-guest.sh first (make does)")
}

fn component(module: &[u8]) -> Vec<u8> {
    let encoder = ComponentEncoder::default().module(module).unwrap();
    encoder.validate(true).encode().unwrap()
}

fn positions(bytes: &[u8], part: &[u8]) -> Vec<usize> {
    let windows = bytes.windows(part.len()).enumerate();
    windows
        .filter(|(_, window)| *window == part)
        .map(|(position, _)| position)
        .collect()
}

//! Baking: turns the blank guest and an artifact into a component. The only module that uses
//! `wasmtime`.
//!
//! The guest is run once: the artifact is copied into its memory, and `bake` makes it the guest's
//! model. Then a snapshot of the memory becomes the initial memory of a module that no longer exports
//! `bake`, and that module is wrapped as a component.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use anyhow::{Context as _, Result, anyhow, bail};
use wasmtime::{Engine, Instance, Module, Store, Val};
use wasmtime_wizer::{InstanceState, SnapshotVal, ValType, Wizer};
use wit_component::ComponentEncoder;

/// The blank guest, which has no model; see `build.rs`.
static GUEST: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/guest.wasm"));

/// The guest function that takes the artifact.
const BAKE: &str = "bake";
/// The guest function that allocates memory, part of the component model's ABI.
const ALLOCATE: &str = "cabi_realloc";
/// Alignment of the artifact in the guest's memory, in bytes.
const ALIGNMENT: u32 = 8;

/// Creates the component for an artifact.
///
/// # Errors
///
/// If the blank guest rejects the artifact, for example because of its size.
pub fn bake(artifact: &[u8]) -> Result<Vec<u8>> {
    let mut wizer = Wizer::new();
    wizer.init_func(BAKE);
    let (context, instrumented) = wizer
        .instrument(GUEST)
        .map_err(|error| anyhow!("cannot instrument the blank guest: {error:#}"))?;
    let mut frozen = Baked::new(&instrumented, artifact)
        .map_err(|error| anyhow!("the blank guest rejects the model: {error:#}"))?;
    let module = ready(wizer.snapshot(&context, &mut frozen))?
        .map_err(|error| anyhow!("cannot take a snapshot of the guest's memory: {error:#}"))?;
    ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .and_then(|mut encoder| encoder.encode())
        .context("cannot wrap the guest as a component")
}

/// A guest with a model in its memory.
struct Baked {
    store: Store<()>,
    instance: Instance,
}

impl Baked {
    fn new(guest: &[u8], artifact: &[u8]) -> wasmtime::Result<Self> {
        let engine = Engine::default();
        let mut store = Store::new(&engine, ());
        let module = Module::new(&engine, guest)?;
        let instance = Instance::new(&mut store, &module, &[])?;
        let length = u32::try_from(artifact.len())?;
        let address = instance
            .get_typed_func::<(u32, u32, u32, u32), u32>(&mut store, ALLOCATE)?
            .call(&mut store, (0, 0, ALIGNMENT, length))?;
        instance
            .get_memory(&mut store, "memory")
            .ok_or_else(|| wasmtime::Error::msg("the guest does not export its memory"))?
            .write(&mut store, address as usize, artifact)?;
        instance
            .get_typed_func::<(u32, u32), ()>(&mut store, BAKE)?
            .call(&mut store, (address, length))?;
        Ok(Self { store, instance })
    }
}

impl InstanceState for Baked {
    async fn global_get(&mut self, name: &str, _: ValType) -> SnapshotVal {
        let global = self.instance.get_global(&mut self.store, name);
        match global.map(|global| global.get(&mut self.store)) {
            Some(Val::I32(value)) => SnapshotVal::I32(value),
            Some(Val::I64(value)) => SnapshotVal::I64(value),
            Some(Val::F32(bits)) => SnapshotVal::F32(bits),
            Some(Val::F64(bits)) => SnapshotVal::F64(bits),
            Some(Val::V128(value)) => SnapshotVal::V128(value.as_u128()),
            _ => {
                unreachable!("the instrumented guest exports every global, and none is a reference")
            }
        }
    }

    async fn memory_contents(&mut self, name: &str, contents: impl FnOnce(&[u8]) + Send) {
        let memory = self.instance.get_memory(&mut self.store, name);
        contents(memory.map_or(&[], |memory| memory.data(&self.store)));
    }
}

/// The value of a future that never waits.
fn ready<T>(future: impl Future<Output = T>) -> Result<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Ok(value),
        Poll::Pending => bail!("the snapshot of the guest did not complete immediately"),
    }
}

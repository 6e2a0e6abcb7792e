//! Links WASI imports to the [`World`](super::world::World) of each instance.

use wasmtime::Result;
use wasmtime::component::{HasSelf, Linker};
use wasmtime_wasi::p2;
use wasmtime_wasi::p2::bindings::clocks::monotonic_clock;
use wasmtime_wasi::p2::bindings::random::{insecure, insecure_seed, random};
use wasmtime_wasi::{WasiCtxView, WasiView};

use super::meter::Meter;
use super::world::World;

/// Adds the WASI interfaces to the linker.
pub(super) fn link(linker: &mut Linker<Meter>) -> Result<()> {
    p2::add_to_linker_sync(linker)?;
    linker.allow_shadowing(true);
    monotonic_clock::add_to_linker::<_, HasSelf<World>>(linker, Meter::world)?;
    random::add_to_linker::<_, HasSelf<World>>(linker, Meter::world)?;
    insecure::add_to_linker::<_, HasSelf<World>>(linker, Meter::world)?;
    insecure_seed::add_to_linker::<_, HasSelf<World>>(linker, Meter::world)?;
    linker.allow_shadowing(false);
    Ok(())
}

impl WasiView for Meter {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.world().view()
    }
}

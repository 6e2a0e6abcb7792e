//! Takes the blank guest into the trainer, so that training needs no Rust toolchain.

use std::path::PathBuf;
use std::{env, fs, process};

/// Where `scripts/build-guest.sh` leaves the guest, from this crate's folder.
const GUEST: &str = "../../target/guest/wasm32-unknown-unknown/guest/canopy_guest.wasm";

fn main() {
    println!("cargo::rerun-if-env-changed=CANOPY_GUEST");
    let guest = env::var_os("CANOPY_GUEST").unwrap_or_else(|| GUEST.into());
    println!("cargo::rerun-if-changed={}", guest.display());
    let folder = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    if let Err(error) = fs::copy(&guest, folder.join("guest.wasm")) {
        println!(
            "cargo::error=no blank guest at {} ({error}): \
             run scripts/build-guest.sh first (make does)",
            guest.display()
        );
        process::exit(1);
    }
}

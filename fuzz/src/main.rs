//! A fuzzer of one target, which `CANOPY_FUZZ_TARGET` names; its arguments are libFuzzer's.
//!
//! The seed of an artifact is written into the folder `CANOPY_FUZZ_SEEDS` first: its layout may
//! change, and a seed of another one would be worth nothing.

#![no_main]

use std::sync::LazyLock;
use std::{env, fs, panic};

use canopy_fuzz::{TARGETS, Target, artifact_seed};
use libfuzzer_sys::fuzz_target;

static CHOSEN: LazyLock<Target> = LazyLock::new(|| {
    let name = env::var("CANOPY_FUZZ_TARGET").unwrap_or_default();
    let found = TARGETS.iter().find(|(target, _)| *target == name);
    let (_, target) = found.unwrap_or_else(|| panic!("CANOPY_FUZZ_TARGET is {name:?}"));
    if let (Ok(folder), "artifact") = (env::var("CANOPY_FUZZ_SEEDS"), name.as_str()) {
        fs::write(format!("{folder}/model"), artifact_seed()).expect("the seed can be written");
    }
    if name == "arrow" {
        // Its reader contains the panics of arrow, which libFuzzer's hook would take for a find;
        // one that is not contained ends the process all the same. There are too many to print,
        // unless a single input is tried.
        let is_single = !env::args().any(|argument| argument.starts_with("-max_total_time"));
        panic::set_hook(Box::new(move |info| {
            if is_single {
                eprintln!("{info}");
            }
        }));
    }
    *target
});

fuzz_target!(init: { LazyLock::force(&CHOSEN); }, |input: &[u8]| {
    CHOSEN(input);
});

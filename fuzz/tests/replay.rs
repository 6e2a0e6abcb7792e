//! Seeds, and what a fuzzer has found, against every promise.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::Path;

use canopy_fuzz::{TARGETS, artifact_seed};

/// The inputs of a target in a folder.
fn inputs(folder: &str, target: &str) -> Vec<(String, Vec<u8>)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(folder)
        .join(target);
    let Ok(files) = fs::read_dir(path) else {
        return Vec::new();
    };
    let paths = files.map(|file| file.unwrap().path());
    paths
        .map(|path| (path.display().to_string(), fs::read(&path).unwrap()))
        .collect()
}

#[test]
fn every_target_takes_a_seed_that_was_a_real_body() {
    for (name, target) in TARGETS {
        let mut seeds = inputs("seeds", name);
        if name == "artifact" {
            seeds.push(("the seed".into(), artifact_seed()));
        }
        let taken = seeds.iter().filter(|(_, bytes)| target(bytes)).count();
        assert!(taken > 0, "{name} takes none of {} seeds", seeds.len());
    }
}

#[test]
fn what_was_found_once_is_mended() {
    for (name, target) in TARGETS {
        for (path, bytes) in inputs("regressions", name) {
            eprintln!("{path}");
            target(&bytes);
        }
    }
}

#[test]
fn parts_of_seeds_break_no_promise() {
    for (name, target) in TARGETS {
        for (path, bytes) in inputs("seeds", name) {
            eprintln!("{path}");
            for length in 0..bytes.len().min(4096) {
                target(&bytes[..length]);
            }
        }
    }
}

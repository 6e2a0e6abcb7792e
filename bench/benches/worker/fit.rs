//! How long the trainer takes to grow a forest.

use std::hint::black_box;
use std::time::{Duration, Instant};

use canopy_dataset::ProgressBar;
use canopy_trainer::{Fit, Spec, Table};
use rayon::ThreadPoolBuilder;
use serde::Deserialize;

#[derive(Deserialize)]
struct Order {
    threads: usize,
}

/// Grows the forest once for every order, on so many threads.
pub(crate) fn work((spec, table): &(Spec, Table)) {
    crate::obey(|order: Order| grow(spec, table, order.threads));
}

fn grow(spec: &Spec, table: &Table, threads: usize) -> Duration {
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.unwrap();
    let start = Instant::now();
    let fit = pool.install(|| Fit::new(table, spec, &ProgressBar::hidden()));
    let duration = start.elapsed();
    black_box(fit.unwrap());
    duration
}

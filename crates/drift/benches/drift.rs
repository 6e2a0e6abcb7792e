//! A week of a column compared with a month; run by `make microbench`.

use canopy_drift::{Kind, Method, Reference, regression_scores};
use criterion::Criterion;

fn main() {
    let (month, week) = (values(1, 688), values(2, 168));
    let reference = Reference::new("column", Kind::Numerical, &month);
    let mut criterion = Criterion::default().configure_from_args();
    for method in [
        Method::Ks,
        Method::Wasserstein,
        Method::JensenShannon,
        Method::ChiSquare,
    ] {
        criterion.bench_function(&format!("drift/{}", method.name()), |bencher| {
            bencher.iter(|| reference.compare_by(&week, method));
        });
    }
    let predicted = values(3, week.len());
    criterion.bench_function("scores/regression", |bencher| {
        bencher.iter(|| regression_scores(&week, &predicted));
    });
    criterion.final_summary();
}

/// Numbers from 0 to 1 with two decimals, from Knuth's linear congruential generator.
fn values(mut state: u64, count: usize) -> Vec<f64> {
    let next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) % 101) as f64 / 100.0
    };
    std::iter::repeat_with(next).take(count).collect()
}

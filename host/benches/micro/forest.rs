//! The compiled forest, as machine code of this processor rather than in a component.

use canopy_forest::{Forest, Scratch};
use criterion::{Criterion, Throughput};

use super::house::WEEK;

pub(crate) fn measure(criterion: &mut Criterion, week: &[f64], forest: &Forest<'_>) {
    let mut scratch = Scratch::default();
    let mut rows = week.chunks(forest.features()).cycle();
    criterion.bench_function("forest/row", |bencher| {
        bencher.iter(|| {
            let row = rows.next().unwrap();
            forest.predict_with(row, &mut scratch).unwrap()
        });
    });
    let mut group = criterion.benchmark_group("forest");
    group.throughput(Throughput::Elements(WEEK as u64));
    group.bench_function("week", |bencher| {
        bencher.iter(|| forest.predict_with(week, &mut scratch).unwrap());
    });
}

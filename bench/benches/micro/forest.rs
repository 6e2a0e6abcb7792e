//! The compiled forest, as machine code of this processor rather than in a component.

use canopy_forest::{Aggregation, Forest, Form, Scratch, Tree, compile};
use criterion::{Criterion, Throughput};

use canopy_bench::WEEK;

pub(crate) fn measure(
    criterion: &mut Criterion,
    week: &[f64],
    forest: &Forest<'_>,
    trees: &[Tree],
) {
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
    let mut bins = vec![0; WEEK * (forest.features() + 1)];
    group.bench_function("week/bins", |bencher| {
        bencher.iter(|| forest.bins().rows(week, &mut bins));
    });
    // Without a sample there is nothing to make cells of.
    let walked = compile(trees, forest.features(), Aggregation::Mean, &[]).unwrap();
    assert_eq!(walked.plan.form(), Form::Walk);
    let walked = Forest::read(&walked.bytes).unwrap();
    group.bench_function("week/walk", |bencher| {
        bencher.iter(|| walked.predict_with(week, &mut scratch).unwrap());
    });
}

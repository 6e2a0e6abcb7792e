//! Calls of the component.

use canopy_runtime::{Model, RowsView};
use criterion::{Criterion, Throughput};

use canopy_bench::WEEK;

pub(crate) fn measure(criterion: &mut Criterion, week: &[f64], model: &Model) {
    let week = RowsView::new(week, model.width());
    let mut rows = week.chunks(1).collect::<Vec<_>>().into_iter().cycle();
    criterion.bench_function("component/row", |bencher| {
        bencher.iter(|| model.predict(rows.next().unwrap()).unwrap());
    });
    let mut group = criterion.benchmark_group("component");
    group.throughput(Throughput::Elements(WEEK as u64));
    group.bench_function("week", |bencher| {
        bencher.iter(|| model.predict(week).unwrap());
    });
}

//! Calls of the component.

use canopy_runtime::Model;
use criterion::{Criterion, Throughput};

use super::house::WEEK;

pub(crate) fn measure(criterion: &mut Criterion, week: &[f64], model: &Model) {
    let mut rows = week.chunks(model.width()).cycle();
    criterion.bench_function("component/row", |bencher| {
        bencher.iter(|| model.predict(rows.next().unwrap()).unwrap());
    });
    let mut group = criterion.benchmark_group("component");
    group.throughput(Throughput::Elements(WEEK as u64));
    group.bench_function("week", |bencher| {
        bencher.iter(|| model.predict(week).unwrap());
    });
}

//! The metrics of a prediction.

use std::time::Duration;

use canopy::metrics::ModelMetrics;
use criterion::Criterion;

pub(crate) fn measure(criterion: &mut Criterion) {
    let model = ModelMetrics::new("bike-sharing").unwrap();
    let predictions = model.predictions("1.0.0");
    let duration = Duration::from_micros(12);
    criterion.bench_function("metrics/predict", |bencher| {
        bencher.iter(|| {
            model.called(duration);
            predictions.inc();
            model.predicted(1, false);
            model.watched(0.25);
        });
    });
}

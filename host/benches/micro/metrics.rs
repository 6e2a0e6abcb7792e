//! The metrics of a request.

use std::time::Duration;

use canopy::metrics::{Metrics, ModelMetrics};
use criterion::Criterion;

pub(crate) fn measure(criterion: &mut Criterion) {
    let metrics = Metrics::new().unwrap();
    let model = ModelMetrics::new("bike-sharing").unwrap();
    let predictions = model.predictions("1.0.0");
    let duration = Duration::from_micros(12);
    criterion.bench_function("metrics/predict", |bencher| {
        bencher.iter(|| {
            let in_flight = metrics.request();
            model.called(duration);
            predictions.inc();
            model.predicted(1, false);
            model.watched(0.25);
            metrics.answered("/predict", "POST", 200, duration);
            drop(in_flight);
        });
    });
}

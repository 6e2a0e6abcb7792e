//! The parts of a prediction, each alone: `make microbench`.

#![expect(clippy::unwrap_used, reason = "a measurement may panic")]

mod component;
mod forest;
mod metrics;
mod row;

use canopy_forest::Artifact;
use canopy_runtime::{Component, Limits, Runtime};
use criterion::Criterion;

fn main() {
    let (artifact, trees) = canopy_bench::trained();
    let component = canopy_trainer::bake(&artifact).unwrap();
    let runtime = Runtime::new(&Limits::default(), None).unwrap();
    let model = runtime.load(&Component::new(component.clone())).unwrap();
    let artifact = Artifact::read(&artifact).unwrap();
    let week = canopy_bench::week(&artifact);

    let mut criterion = Criterion::default().configure_from_args();
    row::measure(&mut criterion, &week, &model);
    forest::measure(&mut criterion, &week, &artifact.forest, &trees);
    component::measure(&mut criterion, &week, &model);
    metrics::measure(&mut criterion);
    criterion.final_summary();
}

//! How long a forest takes to predict: as a component, and as smartcore's own.

use std::fs::{self, File};
use std::hint::black_box;
use std::io::BufWriter;
use std::path::Path;
use std::time::{Duration, Instant};

use canopy_dataset::ProgressBar;
use canopy_forest::{Node, Tree};
use canopy_runtime::{Component, Limits, Rows, RowsView, Runtime};
use canopy_trainer::{Fit, Model, Smartcore, Spec, Table, bake};
use rayon::ThreadPoolBuilder;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Order {
    contestant: Contestant,
    /// Rows of a call.
    rows: usize,
    /// Number of calls; each has the rows that follow the last one's, from the first again after
    /// the last.
    calls: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Contestant {
    /// The component, through the host's pool of instances, as `/predict` calls it.
    Canopy,
    /// The forest that it was made of.
    Smartcore,
}

/// Trains, writes component and forest into the folder, says so with a line, and predicts rows of
/// 2011 for every order.
pub(crate) fn work((spec, table): &(Spec, Table), folder: &Path) {
    let fit = Fit::new(table, spec, &ProgressBar::hidden()).unwrap();
    let model = Model::new(spec, table, &fit).unwrap();
    let component = bake(&model.artifact).unwrap();
    fs::write(folder.join("model.wasm"), &component).unwrap();
    let rows = rows(spec);
    let runtime = Runtime::new(&Limits::default(), None).unwrap();
    let model = runtime.load(&Component::new(component.clone())).unwrap();
    let answers = model.predict(&rows).unwrap();
    let smartcore = fit.reference.restore().unwrap();
    assert_eq!(
        answers,
        smartcore.predict(model.width(), rows.values()).unwrap()
    );
    let file = BufWriter::new(File::create(folder.join("forest.json")).unwrap());
    serde_json::to_writer(file, &forest(&fit.trees, rows.values(), &answers)).unwrap();
    println!(
        "{}",
        json!({"leaves": leaves(&fit.trees), "component": component.len()})
    );
    let one = ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    one.install(|| crate::obey(|order: Order| measure(&order, &model, &smartcore, rows.values())));
}

/// All embedded rows, whatever the period that the forest was trained on.
fn rows(spec: &Spec) -> Rows {
    let mut spec = spec.clone();
    (spec.data.from, spec.data.until) = (None, None);
    let source = canopy_dataset::Source::Embedded;
    let table = Table::load(&spec, &source, &ProgressBar::hidden()).unwrap();
    table.feature_rows()
}

fn measure(
    order: &Order,
    model: &canopy_runtime::Model,
    smartcore: &Smartcore,
    rows: &[f64],
) -> Duration {
    let width = model.width();
    let (total, size) = (rows.len(), order.rows * width);
    // So long that no call has to turn back in the middle of its rows.
    let rows: Vec<f64> = rows.iter().copied().cycle().take(total + size).collect();
    let calls = (0..order.calls).map(|call| {
        let first = call * size % total;
        &rows[first..first + size]
    });
    match order.contestant {
        Contestant::Canopy => {
            let start = Instant::now();
            for rows in calls {
                black_box(
                    model
                        .predict(RowsView::new(black_box(rows), width))
                        .unwrap(),
                );
            }
            start.elapsed()
        }
        Contestant::Smartcore => {
            let start = Instant::now();
            for rows in calls {
                black_box(smartcore.predict(width, black_box(rows)).unwrap());
            }
            start.elapsed()
        }
    }
}

fn leaves(trees: &[Tree]) -> usize {
    let nodes = trees.iter().flat_map(|tree| &tree.nodes);
    nodes.filter(|node| matches!(node, Node::Leaf(_))).count()
}

/// The forest for contestants of other languages, with rows and what it predicts for them.
fn forest(trees: &[Tree], rows: &[f64], predictions: &[f64]) -> Value {
    let trees: Vec<Value> = trees.iter().map(tree).collect();
    json!({"trees": trees, "rows": rows, "predictions": predictions})
}

/// A tree as columns; a leaf has feature -1 and its value as threshold.
fn tree(tree: &Tree) -> Value {
    let nodes = tree.nodes.iter().map(|node| match *node {
        Node::Split {
            feature,
            threshold,
            left,
            right,
        } => (feature as i64, threshold, left as i64, right as i64),
        Node::Leaf(value) => (-1, value, -1, -1),
    });
    let (mut feature, mut threshold, mut left, mut right) = (vec![], vec![], vec![], vec![]);
    for node in nodes {
        feature.push(node.0);
        threshold.push(node.1);
        left.push(node.2);
        right.push(node.3);
    }
    json!({"feature": feature, "threshold": threshold, "left": left, "right": right})
}

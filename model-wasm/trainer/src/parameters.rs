//! The parameters in a model's description, which document how it was trained.

use canopy_forest::{Node, Plan, Task, Tree};

use crate::fit::{Fit, LIBRARY};
use crate::scores::Scores;
use crate::spec::Spec;
use crate::table::Table;

/// The parameters as pairs of name and value, for display.
pub(crate) fn parameters(
    spec: &Spec,
    table: &Table,
    fit: &Fit,
    out_of_bag: Option<Scores>,
    plan: &Plan,
) -> Vec<(String, String)> {
    let forest = &spec.forest;
    let nodes: usize = fit.trees.iter().map(|tree| tree.nodes.len()).sum();
    let depth = fit.trees.iter().map(depth).max().unwrap_or(0);
    let bootstrap = match spec.task {
        Task::Regression => "rows drawn with replacement",
        Task::Classification => "rows drawn with replacement within each class",
    };
    let mut pairs = vec![
        ("algorithm", "random forest".to_owned()),
        ("library", LIBRARY.to_owned()),
        ("trees", forest.trees.to_string()),
        ("nodes", nodes.to_string()),
        ("depth", depth.to_string()),
        (
            "max_depth",
            forest
                .max_depth
                .map_or("none".into(), |depth| depth.to_string()),
        ),
        ("min_samples_leaf", forest.min_samples_leaf.to_string()),
        ("min_samples_split", forest.min_samples_split.to_string()),
        (
            "features_per_split",
            format!("{} of {}", spec.features_per_split(), spec.features.len()),
        ),
        ("bootstrap", bootstrap.to_owned()),
        ("seed", forest.seed.to_string()),
    ];
    if table.observed_rows > 0 {
        pairs.push(("observed_rows", table.observed_rows.to_string()));
    }
    if let Some(scores) = out_of_bag {
        pairs.push(("out_of_bag", scores.to_string()));
    }
    pairs.push(("compiled_to", compiled_to(spec, plan)));
    pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// Describes the form that the forest was compiled to.
fn compiled_to(spec: &Spec, plan: &Plan) -> String {
    let axes = plan
        .axes
        .iter()
        .map(|&axis| spec.features[axis].name.as_str());
    match (plan.cells, axes.collect::<Vec<_>>().join(", ")) {
        (0, _) => plan.form().to_string(),
        (cells, axes) if axes.is_empty() => format!("{} in {cells} cell", plan.form()),
        (cells, axes) => format!("{} in {cells} cells by {axes}", plan.form()),
    }
}

/// The depth of a tree: the number of splits on the longest path from the root to a leaf.
fn depth(tree: &Tree) -> usize {
    let mut depths = vec![0; tree.nodes.len()];
    for (index, node) in tree.nodes.iter().enumerate() {
        if let Node::Split { left, right, .. } = *node {
            depths[left] = depths[index] + 1;
            depths[right] = depths[index] + 1;
        }
    }
    depths.into_iter().max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_splits() {
        let split = |left, right| Node::Split {
            feature: 0,
            threshold: 0.0,
            left,
            right,
        };
        let leaf = Node::Leaf(0.0);
        let nodes = vec![split(1, 2), leaf, split(3, 4), leaf, leaf];
        assert_eq!(depth(&Tree { nodes }), 2);
        assert_eq!(depth(&Tree { nodes: vec![leaf] }), 0);
    }
}

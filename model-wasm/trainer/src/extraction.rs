//! Trees out of smartcore's JSON.

use anyhow::{Context as _, Result};
use canopy_forest::{Node, Tree};
use serde::Deserialize;
use serde_json::value::RawValue;

/// Reads trees, in order.
///
/// # Errors
///
/// If one is not what smartcore 0.7 writes.
pub(crate) fn trees(texts: &[&RawValue]) -> Result<Vec<Tree>> {
    texts.iter().map(|text| tree(text.get())).collect()
}

/// The fields of a smartcore tree that predicting needs; the classifier's and the regressor's.
#[derive(Deserialize)]
struct TreeDocument {
    nodes: Vec<NodeDocument>,
}

#[derive(Deserialize)]
struct NodeDocument {
    output: f64,
    split_feature: usize,
    split_value: Option<f64>,
    true_child: Option<usize>,
    false_child: Option<usize>,
}

fn tree(text: &str) -> Result<Tree> {
    let document: TreeDocument =
        serde_json::from_str(text).context("smartcore writes its trees in another form")?;
    let nodes = document.nodes.into_iter().enumerate();
    let nodes = nodes.map(|(index, node)| {
        // smartcore stops where there is no true child, whatever else the node holds.
        let Some(left) = node.true_child else {
            return Ok(Node::Leaf(node.output));
        };
        let split = node.split_value.zip(node.false_child);
        let (threshold, right) =
            split.with_context(|| format!("node {index} of smartcore's tree splits halfway"))?;
        Ok(Node::Split {
            feature: node.split_feature,
            threshold,
            left,
            right,
        })
    });
    Ok(Tree {
        nodes: nodes.collect::<Result<_>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leaf_may_hold_a_split_that_was_given_up() {
        let text = r#"{"nodes":[{"output":2,"split_feature":1,"split_value":0.5,
            "split_score":null,"true_child":null,"false_child":null}],"depth":0}"#;
        assert_eq!(tree(text).unwrap().nodes, [Node::Leaf(2.0)]);
    }

    #[test]
    fn half_a_split_is_refused() {
        let text = r#"{"nodes":[{"output":2,"split_feature":1,"split_value":0.5,
            "split_score":null,"true_child":1,"false_child":null}],"depth":0}"#;
        assert!(tree(text).is_err());
    }
}

//! What must hold in the bytes of a forest for predicting to stay within them.

use crate::bins::PADDING;
use crate::compile::is_class;
use crate::layout::{Cell, LayoutError, PackedNode, Parts, Scale};
use crate::masks::{MARGIN, STEP};

/// Checks every reference once, so that predicting need not.
pub(crate) fn check(parts: &Parts<'_>) -> Result<(), LayoutError> {
    let header = parts.header;
    let fault = |part, index: Option<usize>| match index {
        Some(index) => Err(LayoutError::Invalid { part, index }),
        None => Ok(()),
    };
    let wrong = parts
        .scales
        .iter()
        .position(|scale| !scale_holds(parts, scale));
    fault("scale", wrong)?;
    fault("root", (header.trees == 0).then_some(0))?;
    let wrong = parts.roots.iter().position(|&root| root >= header.nodes);
    fault("root", wrong)?;
    let wrong = (0..parts.nodes.len()).position(|index| !node_holds(parts, index));
    fault("node", wrong)?;

    let bins = |feature: u32| u64::from(bins(parts, feature));
    let wrong = parts
        .axes
        .iter()
        .position(|axis| axis.feature >= header.features);
    fault("axis", wrong)?;
    let farthest = parts
        .axes
        .iter()
        .map(|axis| (bins(axis.feature) - 1) * u64::from(axis.stride));
    let beyond = farthest.sum::<u64>() >= u64::from(header.table);
    fault("axis", beyond.then_some(parts.axes.len()))?;
    let cells = if header.cells > 0 {
        header.cells
    } else {
        header.walked
    };
    fault(
        "cell number",
        parts.table.iter().position(|&cell| cell > cells),
    )?;

    let wrong = parts.columns.iter().position(|column| {
        column.feature >= header.features
            || u64::from(column.places) + bins(column.feature) > u64::from(header.places)
    });
    fault("column", wrong)?;
    let wrong = parts.cells.iter().position(|cell| !cell_holds(parts, cell));
    fault("cell", wrong)?;
    let wrong = parts
        .starts
        .iter()
        .position(|&start| start as usize + MARGIN > parts.leaves.len());
    fault("start", wrong)?;
    // One class more: no vote.
    let wrong = parts
        .leaves
        .iter()
        .position(|&leaf| header.classes > 0 && !is_class(leaf, header.classes + 1));
    fault("leaf", wrong)
}

/// Number of a feature's bins.
fn bins(parts: &Parts<'_>, feature: u32) -> u32 {
    parts.scales[feature as usize].count + 1
}

/// Whether a feature's thresholds lie among the thresholds, its buckets among the buckets, and
/// what they name among its thresholds.
fn scale_holds(parts: &Parts<'_>, scale: &Scale) -> bool {
    let first = scale.first as usize;
    let starts = parts
        .buckets
        .get(first..first.saturating_add(scale.buckets as usize));
    let end = u64::from(scale.offset) + u64::from(scale.count) + PADDING.len() as u64;
    scale.count <= PackedNode::MAX_BIN
        && end <= parts.thresholds.len() as u64
        && starts.is_some_and(|starts| starts.iter().all(|&start| start <= scale.count))
}

fn node_holds(parts: &Parts<'_>, index: usize) -> bool {
    let node = parts.nodes[index];
    if node.slot() == 0 {
        let Some(&value) = parts.values.get(node.value() as usize) else {
            return false;
        };
        let classes = parts.header.classes;
        return node.left() as usize == index && (classes == 0 || is_class(value, classes));
    }
    // Both children come before, so that every walk ends.
    node.slot() <= parts.header.features as usize && (node.left() as usize) + 1 < index
}

/// Whether the mask rows of a cell lie in the masks, whatever the bins.
fn cell_holds(parts: &Parts<'_>, cell: &Cell) -> bool {
    let within = |start: u32, count: u32, length: usize| {
        u64::from(start) + u64::from(count) <= length as u64
    };
    if cell.words as usize % STEP != 0
        || !within(cell.starts, cell.words, parts.starts.len())
        || !within(cell.columns, cell.count, parts.columns.len())
        || cell.groups == 0
        || cell.groups > cell.count.max(1)
    {
        return false;
    }
    let mut farthest = vec![0_u64; cell.groups as usize];
    for column in &parts.columns[cell.columns as usize..][..cell.count as usize] {
        let places =
            &parts.places[column.places as usize..][..bins(parts, column.feature) as usize];
        let Some(farthest) = farthest.get_mut(column.group as usize) else {
            return false;
        };
        *farthest += u64::from(*places.iter().max().unwrap_or(&0));
    }
    farthest
        .iter()
        .all(|place| place + u64::from(cell.words) <= parts.masks.len() as u64)
}

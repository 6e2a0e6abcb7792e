//! Validates the bytes of a forest, so that predictions never read out of bounds.

use crate::bins::{MAX_THRESHOLDS, PADDING};
use crate::layout::{Cell, LayoutError, Parts, Scale};
use crate::masks::{MARGIN, STEP};
use crate::node::Word;
use crate::tree::is_class;

/// Checks every reference once, so that predictions need not.
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
    fault("tree", (header.trees == 0).then_some(0))?;
    let wrong = match header.node_bits {
        u32::BITS => trees_hold::<u32>(parts),
        u64::BITS => trees_hold::<u64>(parts),
        _ => Some(0),
    };
    fault("tree", wrong)?;

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
    fault(
        "cell number",
        parts.table.iter().position(|&cell| cell > header.cells),
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
        .position(|&start| u64::from(start) + MARGIN as u64 > parts.leaves.len() as u64);
    fault("start", wrong)?;
    // The number of classes stands for no vote.
    let wrong = parts
        .leaves
        .iter()
        .position(|&leaf| header.classes > 0 && !is_class(leaf, header.classes.saturating_add(1)));
    fault("leaf", wrong)
}

/// Number of bins of a feature.
fn bins(parts: &Parts<'_>, feature: u32) -> u32 {
    parts.scales[feature as usize].count + 1
}

/// Whether a feature's thresholds and buckets are in bounds, and its buckets refer to its own
/// thresholds.
fn scale_holds(parts: &Parts<'_>, scale: &Scale) -> bool {
    let first = scale.first as usize;
    let starts = parts
        .buckets
        .get(first..first.saturating_add(scale.buckets as usize));
    let end = u64::from(scale.offset) + u64::from(scale.count) + PADDING.len() as u64;
    scale.count as usize <= MAX_THRESHOLDS
        && end <= parts.thresholds.len() as u64
        && starts.is_some_and(|starts| starts.iter().all(|&start| start <= scale.count))
}

/// The first tree with an invalid node, if any.
fn trees_hold<W: Word>(parts: &Parts<'_>) -> Option<usize> {
    let packing = parts.packing();
    let shifts = u64::from(packing.child) + u64::from(packing.field);
    let Ok(nodes) = bytemuck::try_cast_slice::<u32, W>(parts.nodes) else {
        return Some(0);
    };
    if packing.field > 31 || packing.child > 31 || shifts >= u64::from(W::BITS) {
        return Some(0);
    }
    // Every bin must fit into the field.
    let max = parts.scales.iter().map(|scale| scale.count).max();
    if max.is_some_and(|max| max > packing.largest()) {
        return Some(0);
    }
    parts.trees.windows(2).position(|ends| {
        let nodes = nodes.get(ends[0].node as usize..ends[1].node as usize);
        let values = parts
            .values
            .get(ends[0].value as usize..ends[1].value as usize);
        let (Some(nodes), Some(values)) = (nodes, values) else {
            return true;
        };
        nodes.is_empty() || !(0..nodes.len()).all(|index| node_holds(parts, nodes, values, index))
    })
}

fn node_holds<W: Word>(parts: &Parts<'_>, nodes: &[W], values: &[f64], index: usize) -> bool {
    let (packing, node) = (parts.packing(), nodes[index]);
    let left = node.next(packing, 0) as usize;
    if node.slot(packing) == 0 {
        let classes = parts.header.classes;
        let value = values.get(node.value(packing) as usize);
        return left == index
            && value.is_some_and(|&value| classes == 0 || is_class(value, classes));
    }
    // Children come after their parent, so every walk ends.
    node.slot(packing) <= parts.header.features as usize && left > index && left + 1 < nodes.len()
}

/// Whether the mask rows of a cell are in bounds, for all bins.
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

//! Walking trees, several at a time.

use crate::layout::PackedNode;

/// Walks that go on side by side: enough to hide the latency of a load, few enough for registers.
pub(crate) const LANES: usize = 8;

/// Takes `LANES` walks from their nodes to their leaves and gives the positions of the leaves'
/// values. Walk `i` reads its bins at `bins[rows[i]..]`.
///
/// # Safety
///
/// `nodes` were checked by `Forest::read`, `at` are positions in it, and at each of `rows` begin
/// as many bins as there are slots, the first of them 0 and none above [`PackedNode::MAX_BIN`].
#[inline]
pub(crate) unsafe fn to_leaves(
    nodes: &[PackedNode],
    bins: &[u32],
    rows: [usize; LANES],
    mut at: [u32; LANES],
) -> [u32; LANES] {
    loop {
        let mut splits = 0;
        let mut words = [PackedNode::leaf(0, 0); LANES];
        for lane in 0..LANES {
            // SAFETY: `at` is a position in `nodes`: the caller gave one, and a checked node has
            // both its children there; a bin up to the largest carries at most 1 into the child.
            let node = unsafe { *nodes.get_unchecked(at[lane] as usize) };
            // SAFETY: a checked node's slot is one of the row's.
            let bin = unsafe { *bins.get_unchecked(rows[lane] + node.slot()) };
            at[lane] = node.next(bin);
            splits |= node.slot();
            words[lane] = node;
        }
        if splits == 0 {
            return words.map(PackedNode::value);
        }
    }
}

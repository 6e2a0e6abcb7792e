//! Walking trees, several at a time.

use crate::layout::PackedNode;

/// Walks that go on side by side: enough to hide the latency of a load, few enough for registers.
pub(crate) const LANES: usize = 8;

/// Takes `LANES` walks from their nodes to their leaves. Walk `i` reads its bins at
/// `bins[rows[i]..]`.
#[inline]
pub(crate) fn to_leaves(
    nodes: &[PackedNode],
    bins: &[u32],
    rows: [usize; LANES],
    mut at: [u32; LANES],
) -> [u32; LANES] {
    loop {
        let mut moved = 0;
        for lane in 0..LANES {
            let node = nodes[at[lane] as usize];
            let right = bins[rows[lane] + node.feature()] > node.bin();
            let next = node.left() + u32::from(right);
            moved |= next ^ at[lane];
            at[lane] = next;
        }
        if moved == 0 {
            return at;
        }
    }
}

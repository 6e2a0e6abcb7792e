//! A queue that serves its owners in turn.

use std::collections::VecDeque;

use super::share::Owner;

/// Work that waits. However much one owner has waiting, the next of every other owner comes before
/// the one after it.
pub(super) struct Queue<T> {
    /// Owners with work that waits, the one whose turn it is first.
    owners: VecDeque<(Owner, VecDeque<T>)>,
}

impl<T> Queue<T> {
    pub(super) fn new() -> Self {
        Self {
            owners: VecDeque::new(),
        }
    }

    pub(super) fn push(&mut self, owner: Owner, work: T) {
        match self.owners.iter_mut().find(|(known, _)| *known == owner) {
            Some((_, waiting)) => waiting.push_back(work),
            None => self.owners.push_back((owner, [work].into())),
        }
    }

    pub(super) fn pop(&mut self) -> Option<T> {
        let (owner, mut waiting) = self.owners.pop_front()?;
        let work = waiting.pop_front();
        if !waiting.is_empty() {
            self.owners.push_back((owner, waiting));
        }
        work
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_are_served_in_turn() {
        let [ada, eve] = ["ada", "eve"].map(Owner::of);
        let mut queue = Queue::new();
        for number in 1..=3 {
            queue.push(eve, number);
        }
        queue.push(ada, 10);
        let order = || queue.pop();
        assert_eq!(std::iter::from_fn(order).collect::<Vec<_>>(), [1, 10, 2, 3]);
        queue.push(ada, 11);
        assert_eq!(queue.pop(), Some(11));
        assert_eq!(queue.pop(), None);
    }
}

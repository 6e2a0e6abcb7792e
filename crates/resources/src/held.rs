//! Values with the memory that is reserved for them.

use std::ops::Deref;

use super::budget::Reservation;

/// A value that keeps memory reserved until it is dropped, on whatever thread.
#[derive(Debug)]
pub struct Held<T> {
    value: T,
    memory: Reservation,
}

impl<T> Held<T> {
    /// A value with its memory.
    #[must_use]
    pub fn new(value: T, memory: Reservation) -> Self {
        Self { value, memory }
    }

    /// What `change` makes of the value, with the same memory.
    #[must_use]
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Held<U> {
        Held::new(change(self.value), self.memory)
    }

    /// The value, and its memory apart from it.
    #[must_use]
    pub fn into_parts(self) -> (T, Reservation) {
        (self.value, self.memory)
    }
}

impl<T: AsRef<[u8]>> AsRef<[u8]> for Held<T> {
    fn as_ref(&self) -> &[u8] {
        self.value.as_ref()
    }
}

impl<T> Deref for Held<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

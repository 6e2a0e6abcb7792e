//! What a process may use: memory, by its [`Budget`], and processor [`cores`].
//!
//! Whatever a client can make grow (request bodies, parsed rows, responses that nobody reads, models
//! and their instances, compilers) is reserved in one [`Budget`] before it is allocated, and refused
//! where the budget has no room for it. So the process stays within its memory whatever clients send,
//! and whoever is refused is told so, rather than that the kernel kills it for everybody.
//!
//! Reservations are estimates: a budget leaves the allocator and what does not depend on clients a
//! quarter of the memory that there is ([`Budget::of_system`]).

mod budget;
mod cores;
mod held;
mod system;

pub use budget::{Budget, Exhausted, Reservation};
pub use cores::cores;
pub use held::Held;

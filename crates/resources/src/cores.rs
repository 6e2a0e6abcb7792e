/// Number of processor cores available to this process; 1 if it cannot be determined.
#[must_use]
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

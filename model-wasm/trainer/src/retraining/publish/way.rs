use clap::ValueEnum;

/// How to publish a challenger that won.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Way {
    /// Replace the model file, which the host watches.
    Direct,
    /// Put the challenger on trial at the host, where it promotes itself.
    Canary,
    /// Write the challenger beside the model file, for somebody to publish.
    Review,
}

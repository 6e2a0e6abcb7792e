//! Why a component is not served, and why a call gave no answer.

use std::time::Duration;

/// Why a component is not served.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The component is larger than allowed; it was not looked at.
    #[error("the component has {size} bytes, and {limit} are allowed")]
    TooLarge {
        /// Its bytes.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// The bytes are not a component that compiles.
    #[error("not a WebAssembly component: {0}")]
    NotAComponent(String),
    /// The component imports something that a model may not import.
    #[error("the component imports {import}, but a model imports {allowed}")]
    Import {
        /// What it imports.
        import: String,
        /// What it may import.
        allowed: &'static str,
    },
    /// The component exports another interface.
    #[error("the component does not export {expected}, it exports {found}")]
    Interface {
        /// The interface that a model exports.
        expected: &'static str,
        /// What the component exports.
        found: String,
    },
    /// The component exports a version of the interface that this host does not serve.
    #[error("the component exports version {found} of {interface}, this host serves {served}")]
    Version {
        /// The interface without its version.
        interface: &'static str,
        /// Version of the component.
        found: String,
        /// Versions that are served.
        served: &'static str,
    },
    /// The component could not be instantiated or asked for its description.
    #[error("the component fails in `{function}`")]
    Call {
        /// Which function of the interface.
        function: &'static str,
        /// Why.
        source: CallError,
    },
    /// The description contradicts the contract.
    #[error("the description of the model breaks the contract: {0}")]
    Description(String),
    /// The reference sample contradicts the contract or the description.
    #[error("the reference sample of the model breaks the contract: {0}")]
    Reference(String),
    /// The model does not reproduce the predictions of its own reference sample.
    #[error(
        "the model predicts {predicted} for row {row} of its reference sample, which records {recorded}"
    )]
    Golden {
        /// Position of the row.
        row: usize,
        /// The prediction in the sample.
        recorded: f64,
        /// The prediction just made.
        predicted: f64,
    },
    /// The component takes too long or too much memory to compile.
    #[error(
        "the component cannot be compiled with {} s of processor time and {memory} bytes of memory",
        .time.as_secs()
    )]
    Compilation {
        /// Processor time that is allowed.
        time: Duration,
        /// Memory that is allowed, in bytes.
        memory: u64,
    },
    /// No process that compiles can be started.
    #[error("the component cannot be compiled: {0}")]
    Compiler(String),
    /// The WebAssembly engine cannot be set up on this machine.
    #[error("the WebAssembly engine cannot be set up: {0}")]
    Engine(String),
}

impl LoadError {
    /// Every answer of [`Self::reason`].
    pub const REASONS: [&'static str; 11] = [
        "too-large",
        "compilation",
        "not-a-component",
        "import",
        "interface",
        "version",
        "call",
        "description",
        "reference",
        "golden",
        "engine",
    ];

    /// A word for the `reason` label of a metric.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too-large",
            Self::NotAComponent(_) => "not-a-component",
            Self::Import { .. } => "import",
            Self::Interface { .. } => "interface",
            Self::Version { .. } => "version",
            Self::Call { .. } => "call",
            Self::Description(_) => "description",
            Self::Reference(_) => "reference",
            Self::Golden { .. } => "golden",
            Self::Compilation { .. } => "compilation",
            Self::Compiler(_) | Self::Engine(_) => "engine",
        }
    }
}

/// Why a call gave no answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CallError {
    /// The model will not answer for a row: the sender's mistake.
    #[error("row {row} is refused by the model: {reason}")]
    Refused {
        /// Position of the row in the call.
        row: u32,
        /// The model's own words.
        reason: String,
    },
    /// Every instance is busy and no further one is allowed.
    #[error("all {0} instances of the model are busy")]
    Overload(u32),
    /// The model is slow, and too many wait for it.
    #[error("the model is slow, and too many requests wait for it")]
    Busy,
    /// The call took too long and was stopped.
    #[error("the model took longer than {0:?} and was stopped")]
    Deadline(Duration),
    /// The model wanted more memory than it may have.
    #[error("the model wanted more than {0} bytes of memory")]
    Memory(usize),
    /// The system refused what an instance needs.
    #[error("no instance of the model could be made: {0}")]
    Host(String),
    /// The model trapped.
    #[error("the model trapped: {0}")]
    Trap(String),
    /// The model reported a failure of its own.
    #[error("the model failed: {0}")]
    Failed(String),
    /// The model answered something that breaks the contract.
    #[error("the answer of the model breaks the contract: {0}")]
    Answer(String),
}

impl CallError {
    /// Every answer of [`Self::reason`].
    pub const REASONS: [&'static str; 8] = [
        "host", "refused", "overload", "deadline", "memory", "trap", "failed", "answer",
    ];

    /// A word for the `reason` label of `model_calls_failed_total`.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Refused { .. } => "refused",
            Self::Overload(_) | Self::Busy => "overload",
            Self::Deadline(_) => "deadline",
            Self::Memory(_) => "memory",
            Self::Host(_) => "host",
            Self::Trap(_) => "trap",
            Self::Failed(_) => "failed",
            Self::Answer(_) => "answer",
        }
    }
}

/// Words of a component, fit for one line of a log however long and strange they are.
pub(super) fn line(words: &str) -> String {
    let tame = |character: char| match character.is_control() {
        true => ' ',
        false => character,
    };
    words.chars().take(1000).map(tame).collect()
}

/// The whole chain of an error of wasmtime in one line.
pub(super) fn text(error: &wasmtime::Error) -> String {
    line(&format!("{error:#}"))
}

//! Errors of loading a component and of calling a model.

use std::time::Duration;

use canopy_resources::Exhausted;

/// Why a component could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The component exceeds the size limit; its content was not examined.
    #[error("the component has {size} bytes; the limit is {limit}")]
    TooLarge {
        /// Size of the component in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The bytes are not a valid component.
    #[error("not a WebAssembly component: {0}")]
    NotAComponent(String),
    /// The component imports an interface that a model may not import.
    #[error("the component imports {import}, but a model may import {allowed}")]
    Import {
        /// The import.
        import: String,
        /// What a model may import.
        allowed: &'static str,
    },
    /// The component does not export the interface of a model.
    #[error("the component does not export {expected}, it exports {found}")]
    Interface {
        /// The interface that a model exports.
        expected: &'static str,
        /// What the component exports.
        found: String,
    },
    /// The component exports an unsupported version of the interface.
    #[error("the component exports version {found} of {interface}; this host supports {supported}")]
    Version {
        /// The interface without its version.
        interface: &'static str,
        /// Version that the component exports.
        found: String,
        /// Supported versions.
        supported: &'static str,
    },
    /// The component could not be instantiated, or one of its functions failed during loading.
    #[error("the component failed in `{function}`")]
    Call {
        /// The function of the interface.
        function: &'static str,
        /// The failure.
        source: CallError,
    },
    /// The description violates the contract.
    #[error("the model's description violates the contract: {0}")]
    Description(String),
    /// The reference sample violates the contract or contradicts the description.
    #[error("the model's reference sample violates the contract: {0}")]
    Reference(String),
    /// The model does not reproduce the predictions of its own reference sample.
    #[error(
        "the model predicts {predicted} for row {row} of its reference sample, but {recorded} is recorded there"
    )]
    Golden {
        /// Index of the row in the sample.
        row: usize,
        /// The prediction recorded in the sample.
        recorded: f64,
        /// The prediction that the model makes.
        predicted: f64,
    },
    /// Compiling the component exceeded the limit on time or memory.
    #[error(
        "the component cannot be compiled within {} s of processor time and {memory} bytes of memory",
        .time.as_secs()
    )]
    Compilation {
        /// Limit on processor time.
        time: Duration,
        /// Limit on memory, in bytes.
        memory: u64,
    },
    /// Compiling was stopped, because the program stops.
    #[error("the component was not compiled, because the program stops")]
    Stopped,
    /// There is no memory for the component.
    #[error("the component cannot be loaded")]
    Memory(#[from] Exhausted),
    /// The process that compiles could not be started or returned unusable code.
    #[error("the component cannot be compiled: {0}")]
    Compiler(String),
    /// The WebAssembly engine cannot be set up on this machine.
    #[error("the WebAssembly engine cannot be set up: {0}")]
    Engine(String),
}

impl LoadError {
    /// Every value that [`Self::reason`] returns.
    pub const REASONS: [&'static str; 12] = [
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
        "memory",
    ];

    /// The value of a metric's `reason` label.
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
            Self::Compiler(_) | Self::Engine(_) | Self::Stopped => "engine",
            Self::Memory(_) => "memory",
        }
    }
}

/// Why a call of a model failed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CallError {
    /// The model refused a row: the client's fault.
    #[error("the model refused row {row}: {reason}")]
    Refused {
        /// Index of the row in the call.
        row: u32,
        /// The reason given by the model.
        reason: String,
    },
    /// Every instance is busy and the limit on instances is reached; holds the limit.
    #[error("all {0} instances of the model are busy")]
    Overload(u32),
    /// The model is slow and too many requests are waiting for it.
    #[error("the model is slow and too many requests are waiting for it")]
    Busy,
    /// The call exceeded its deadline and was interrupted.
    #[error("the model took longer than {0:?} and was interrupted")]
    Deadline(Duration),
    /// The model exceeded its memory limit; holds the limit in bytes.
    #[error("the model exceeded its memory limit of {0} bytes")]
    Memory(usize),
    /// There is no memory for the call.
    #[error(transparent)]
    Exhausted(Exhausted),
    /// The operating system denied a resource that an instance needs.
    #[error("cannot create an instance of the model: {0}")]
    Host(String),
    /// The model trapped.
    #[error("the model trapped: {0}")]
    Trap(String),
    /// The model reported a failure of its own.
    #[error("the model failed: {0}")]
    Failed(String),
    /// The model returned something that violates the contract.
    #[error("the model's answer violates the contract: {0}")]
    Answer(String),
}

impl CallError {
    /// Every value that [`Self::reason`] returns.
    pub const REASONS: [&'static str; 8] = [
        "host", "refused", "overload", "deadline", "memory", "trap", "failed", "answer",
    ];

    /// The value of the `reason` label of `model_calls_failed_total`.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Refused { .. } => "refused",
            Self::Overload(_) | Self::Busy => "overload",
            Self::Deadline(_) => "deadline",
            Self::Memory(_) | Self::Exhausted(_) => "memory",
            Self::Host(_) => "host",
            Self::Trap(_) => "trap",
            Self::Failed(_) => "failed",
            Self::Answer(_) => "answer",
        }
    }
}

/// Makes text from a component safe for one line of a log: truncates it and replaces control
/// characters.
pub(super) fn line(text: &str) -> String {
    let tame = |character: char| match character.is_control() {
        true => ' ',
        false => character,
    };
    text.chars().take(1000).map(tame).collect()
}

/// A wasmtime error with its causes, in one line.
pub(super) fn text(error: &wasmtime::Error) -> String {
    line(&format!("{error:#}"))
}

use crate::response::Evaluation;

/// How the evaluation of one period ended.
pub(crate) struct Outcome {
    /// Name of the period.
    pub(crate) period: String,
    /// The scores, or the reason for the failure.
    pub(crate) result: Result<Evaluation, String>,
}

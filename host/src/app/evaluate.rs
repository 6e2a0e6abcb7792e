//! Evaluates models on labelled rows.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use canopy_resources::Held;
use canopy_resources::cores;
use canopy_rows::Problems;
use canopy_rows::json::{self, Labelled};
use canopy_runtime::Rows;
use canopy_telemetry::context;
use tracing::{error, info};

use super::{App, AppError, observations};
use crate::loaded_model::LoadedModel;
use crate::models::RegisteredModel;
use crate::monitoring::{self, EvaluationError, Report};

/// A successful evaluation.
pub(crate) struct Evaluated {
    pub(crate) report: Arc<Report>,
    /// Whether the gauges of quality and drift are those of this evaluation.
    pub(crate) counted: bool,
    /// Whether the rows are kept for retraining.
    pub(crate) observed: bool,
}

/// Evaluates the serving version of a model on the labelled rows of a JSON body. Blocks until it is
/// done. The report is on disk before the gauges are updated. Of a client who may `observe`, the rows are kept unless the body says otherwise, and the
/// gauges are updated together if there are enough rows: a few that are predicted well say nothing
/// of the model, and must not hide that it is bad.
///
/// # Errors
///
/// If the body is not valid or the model fails.
pub(crate) fn evaluate(
    app: &App,
    model: &Arc<RegisteredModel>,
    body: Held<Bytes>,
    may_observe: bool,
) -> Result<Evaluated, AppError> {
    let serving = model.serving();
    let loaded = &serving.loaded;
    let limit = app.limits.batch_deadline();
    let deadline = Instant::now() + limit;
    let (body, mut memory) = body.into_parts();
    memory.grow(json::memory(&body))?;
    let labelled = json::labelled(&body, loaded.schema(), app.limits.max_rows)?;
    drop(body);
    memory.resize(analysis_memory(&labelled.rows, loaded.model().outputs()))?;
    let predict = |rows: &Rows| {
        let start = Instant::now();
        let answer = loaded.model().predict(rows);
        let timing = match &answer {
            Ok(_) => Ok(start.elapsed()),
            Err(error) => Err((start.elapsed(), error.reason())),
        };
        let (name, version) = (model.name.as_str(), &loaded.model().info().version);
        context::record_call(name, version, labelled.targets.len(), timing);
        answer
    };
    let evaluation = monitoring::evaluate(loaded, &labelled, predict, deadline).map_err(
        |error| match error {
            EvaluationError::Late => AppError::Late(limit),
            EvaluationError::Methods(problems) => problems.into(),
            EvaluationError::Infinite => {
                let mut problems = Problems::default();
                let target = loaded.schema().target();
                problems.push(None, target, "has values so large that the errors overflow");
                problems.into()
            }
            EvaluationError::Model(error) => {
                model.metrics.call_failed(&error);
                AppError::from(error)
            }
        },
    )?;
    let counted = may_observe && evaluation.items >= app.counted_rows;
    let (report, saved) = model.history.add(|id| {
        let name = model.name.as_str();
        Report::new(id, name, loaded, &labelled, &evaluation, counted)
    });
    if let Err(error) = saved {
        model.metrics.evaluation_unsaved();
        error!(model = %model.name, %error, "the evaluation could not be saved; a restart forgets it");
    }
    let is_current = || serving.digest() == model.serving().digest();
    let rows = labelled.targets.len();
    model.metrics.evaluated(&report, rows, is_current);
    let observed = may_observe && labelled.observe && observe(app, model, loaded, &labelled);
    info!(model = %model.name, evaluation = report.head.id, "{}", report.summary.message);
    Ok(Evaluated {
        report,
        counted,
        observed,
    })
}

/// Memory for labelled rows, their predictions, and the columns that are analysed at a time, in bytes.
fn analysis_memory(rows: &Rows, outputs: usize) -> u64 {
    /// Copies of a column, some of them sorted, that the statistics of one column take.
    const COPIES: usize = 8;
    let columns = 1 + outputs + COPIES * cores();
    rows.bytes() + 8 * (rows.len() * columns) as u64
}

/// Stores the labelled rows; returns whether they are kept. If that fails, the evaluation still succeeds: the client asked about
/// the model, and the operator learns of the failure from the metric and the log.
fn observe(
    app: &App,
    model: &Arc<RegisteredModel>,
    loaded: &LoadedModel,
    labelled: &Labelled,
) -> bool {
    let Some(store) = app.observations(model) else {
        return false;
    };
    let origin = observations::origin(model, loaded, labelled.period.clone());
    match store.append(&loaded.batch(labelled), &origin) {
        Ok(_) => {
            model.metrics.observed(labelled.targets.len());
            true
        }
        Err(error) => {
            model.metrics.observation_failed();
            let error = format!("{:#}", anyhow::Error::from(error));
            error!(model = %model.name, error, "the labelled rows could not be stored");
            false
        }
    }
}

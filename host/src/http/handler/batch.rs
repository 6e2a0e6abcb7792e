//! `POST /predict/batch`: predicts many records; the response has the request's format.

use std::sync::Arc;

use canopy_resources::Held;
use canopy_rows::{arrow, csv, json};
use canopy_web::{Call, Problem, Response};

use super::format::Format;
use super::named;
use super::{answer, predict};
use crate::app::AppError;
use crate::app::call::CallInput;
use crate::app::predict::predict;
use crate::http::Server;

/// Predicts a batch in the background pool. One invalid record rejects the whole batch.
pub(crate) async fn predict_batch(mut call: Call<'_, Server>) -> Result<Response, Problem> {
    let model = named::model(&call)?;
    let formats = [Format::Json, Format::Csv, Format::Arrow];
    let format = Format::of(call.headers(), &formats)?;
    let app = &call.service.app;
    let max_rows = app.limits.max_rows;
    let body = call.read(app.limits.body_limit.as_u64()).await?;
    let permit = call
        .permit
        .of_pool()
        .cloned()
        .ok_or_else(Problem::internal)?;

    let rollout = model.rollout_owned();
    let serving = Arc::clone(&rollout.serving);
    let parse = move || {
        let model = serving.loaded.model();
        let schema = serving.loaded.schema();
        let (body, mut memory) = body.into_parts();
        let parsing = match format {
            Format::Json => json::memory(&body),
            Format::Csv => csv::memory(&body),
            Format::Arrow => arrow::memory(&body, schema),
        };
        memory.grow(parsing)?;
        let rows = match format {
            Format::Json => json::records(&body, schema, max_rows),
            Format::Csv => csv::records(&body, schema, max_rows),
            Format::Arrow => arrow::records(&body, schema, max_rows),
        }?;
        drop(body);
        memory.resize(rows.bytes() + answer::memory(model.info(), rows.len()))?;
        let out_of_range = serving.loaded.is_out_of_range(&rows);
        Ok::<_, AppError>((Held::new(rows, memory), out_of_range))
    };
    let (rows, out_of_range) = app.pools.background.run(&permit, parse).await??;
    let input = CallInput::Many(Arc::new(rows), permit.clone());
    let predicted = predict(app, &model, &rollout, &input, out_of_range).await;
    let prediction = predicted.map_err(AppError::from)?;

    let (values, version) = (prediction.values, Arc::clone(prediction.version));
    let write = move || {
        let info = version.loaded.model().info();
        let body = match format {
            Format::Json => answer::json(info, &values),
            Format::Csv => answer::csv(info, &values).map_err(|_| AppError::Internal)?,
            Format::Arrow => answer::arrow(info, &values).map_err(|_| AppError::Internal)?,
        };
        Ok::<_, AppError>((version, body))
    };
    let (version, body) = app.pools.background.run(&permit, write).await??;
    Ok(predict::respond(&version, format, body))
}

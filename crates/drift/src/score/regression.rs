use serde::Serialize;

/// Scores of numerical predictions, in the unit of the target unless stated
/// otherwise.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RegressionScores {
    /// Root mean squared error.
    pub rmse: f64,
    /// Mean absolute error.
    pub mae: f64,
    /// Coefficient of determination R²; `None` if all targets are equal.
    pub r2: Option<f64>,
    /// Mean absolute percentage error, in per cent, over rows whose target is not
    /// 0; `None` if there are none.
    pub mape: Option<f64>,
    /// Mean error: prediction minus target.
    pub mean_error: f64,
    /// Largest absolute error.
    pub max_error: f64,
    /// Sample standard deviation of the error; `None` for a single row.
    pub error_std: Option<f64>,
    /// Sample standard deviation of the absolute error; `None` for a single row.
    pub abs_error_std: Option<f64>,
    /// Sample standard deviation of the absolute error relative to the target: a
    /// fraction, as Evidently reports it, while [`mape`](Self::mape) is in per
    /// cent. `None` for fewer than two rows whose target is not 0.
    pub mape_std: Option<f64>,
}

/// Scores of `predicted` against `target`, which have one value per row; equal to
/// those of Evidently.
///
/// Rows with a value that is not finite are left out; `None` if no row is left.
/// (Evidently's MAPE includes rows whose target is 0, which makes it
/// meaningless.)
///
/// # Panics
///
/// If the slices differ in length.
pub fn regression_scores(target: &[f64], predicted: &[f64]) -> Option<RegressionScores> {
    assert_eq!(
        target.len(),
        predicted.len(),
        "one prediction for each target"
    );
    let rows: Vec<(f64, f64)> = target
        .iter()
        .copied()
        .zip(predicted.iter().copied())
        .filter(|(target, predicted)| target.is_finite() && predicted.is_finite())
        .collect();
    let targets: Vec<f64> = rows.iter().map(|(target, _)| *target).collect();
    let errors: Vec<f64> = rows
        .iter()
        .map(|(target, predicted)| predicted - target)
        .collect();
    let distances: Vec<f64> = errors.iter().map(|error| error.abs()).collect();
    let relative: Vec<f64> = targets
        .iter()
        .zip(&distances)
        .filter(|(target, _)| **target != 0.0)
        .map(|(target, distance)| distance / target.abs())
        .collect();

    let squares: f64 = errors.iter().map(|error| error * error).sum();
    let centre = mean(&targets)?;
    let total: f64 = targets.iter().map(|target| (target - centre).powi(2)).sum();
    Some(RegressionScores {
        rmse: (squares / rows.len() as f64).sqrt(),
        mae: mean(&distances)?,
        r2: (total > 0.0).then(|| 1.0 - squares / total),
        mape: mean(&relative).map(|fraction| 100.0 * fraction),
        mean_error: mean(&errors)?,
        max_error: distances.iter().copied().fold(0.0, f64::max),
        error_std: deviation(&errors),
        abs_error_std: deviation(&distances),
        mape_std: deviation(&relative),
    })
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn deviation(values: &[f64]) -> Option<f64> {
    let centre = mean(values)?;
    let squares: f64 = values.iter().map(|value| (value - centre).powi(2)).sum();
    (values.len() > 1).then(|| (squares / (values.len() - 1) as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_known_rows() {
        let scores = regression_scores(&[2.0, 4.0, 0.0, f64::NAN], &[3.0, 2.0, 0.0, 1.0]).unwrap();
        let close = |ours: f64, expected: f64| assert!((ours - expected).abs() < 1e-12, "{ours}");
        close(scores.rmse, (5.0_f64 / 3.0).sqrt());
        close(scores.mae, 1.0);
        close(scores.r2.unwrap(), 1.0 - 5.0 / 8.0);
        close(scores.mape.unwrap(), 50.0);
        close(scores.mape_std.unwrap(), 0.0);
        close(scores.mean_error, -1.0 / 3.0);
        close(scores.max_error, 2.0);
        close(scores.error_std.unwrap(), (7.0_f64 / 3.0).sqrt());
        close(scores.abs_error_std.unwrap(), 1.0);
    }

    #[test]
    fn undefined_scores_are_none() {
        let single = regression_scores(&[0.0], &[1.0]).unwrap();
        assert_eq!(
            (single.r2, single.mape, single.error_std),
            (None, None, None)
        );
        assert_eq!(regression_scores(&[f64::NAN], &[1.0]), None);
        assert_eq!(regression_scores(&[], &[]), None);
    }
}

use crate::outcome::Outcome;

/// Scores by their name in the response, with their heading; regression scores first.
const SCORES: [(&str, &str); 9] = [
    ("rmse", "RMSE"),
    ("mae", "MAE"),
    ("r2score", "R²"),
    ("mape", "MAPE %"),
    ("accuracy", "accuracy"),
    ("precision", "precision"),
    ("recall", "recall"),
    ("f1", "F1"),
    ("roc_auc", "ROC AUC"),
];

/// Formats the outcomes as a table for a terminal, followed by a line per failure.
pub(crate) fn table(outcomes: &[Outcome]) -> String {
    let evaluations = || {
        outcomes
            .iter()
            .filter_map(|outcome| outcome.result.as_ref().ok())
    };
    let scores: Vec<_> = SCORES
        .into_iter()
        .filter(|(name, _)| evaluations().any(|evaluation| evaluation.score(name).is_some()))
        .collect();

    let mut heading = vec!["period", "rows"];
    heading.extend(scores.iter().map(|(_, title)| title));
    heading.extend(["drift", "share", "drifted columns"]);
    let mut lines = vec![heading.into_iter().map(str::to_owned).collect()];
    let mut failures = String::new();
    for outcome in outcomes {
        match &outcome.result {
            Ok(evaluation) => {
                let drift = &evaluation.drift;
                let mut line = vec![outcome.period.clone(), drift.evaluated_items.to_string()];
                line.extend(scores.iter().map(|(name, _)| {
                    let score = evaluation.score(name);
                    score.map_or("-".into(), |score| format!("{score:.3}"))
                }));
                line.push(
                    if drift.drift_detected == 0 {
                        "no"
                    } else {
                        "yes"
                    }
                    .into(),
                );
                line.push(format!("{:.1} %", 100.0 * drift.drift_share));
                let drifted = drift.columns.iter().filter(|column| column.drifted);
                line.push(
                    drifted
                        .map(|column| column.column.as_str())
                        .collect::<Vec<_>>()
                        .join(", "),
                );
                lines.push(line);
            }
            Err(reason) => failures += &format!("{} failed: {reason}\n", outcome.period),
        }
    }
    let table = if lines.len() > 1 {
        aligned(&lines)
    } else {
        String::new()
    };
    table + &failures
}

/// Left-aligns the first and the last column, right-aligns the others.
fn aligned(lines: &[Vec<String>]) -> String {
    let last = lines[0].len() - 1;
    let width = |column: usize| {
        let cells = lines.iter().map(|line| line[column].chars().count());
        cells.max().unwrap_or_default()
    };
    let mut text = String::new();
    for line in lines {
        for (column, cell) in line.iter().enumerate() {
            let width = width(column);
            text += &match column {
                0 => format!("{cell:<width$}"),
                _ if column == last => format!("  {cell}"),
                _ => format!("  {cell:>width$}"),
            };
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::Evaluation;

    fn outcome(period: &str, response: &str) -> Outcome {
        Outcome {
            period: period.into(),
            result: Ok(Evaluation::read(response).unwrap()),
        }
    }

    #[test]
    fn table_of_a_regression_model_has_its_scores_and_drifted_columns() {
        let outcomes = [
            outcome(
                "week1_february",
                r#"{"evaluated_items": 233, "rmse": 17.25, "mae": 11.0, "r2score": 0.9, "mape": 43.21,
                    "drift_detected": 1, "drift_share": 0.53846, "columns": [
                    {"column": "temp", "drifted": true}, {"column": "hr", "drifted": false},
                    {"column": "hum", "drifted": true}]}"#,
            ),
            outcome(
                "quiet",
                r#"{"evaluated_items": 7, "rmse": 1.0, "mae": 1.0, "r2score": null, "mape": 100.0,
                    "drift_detected": 0, "drift_share": 0.0, "columns": []}"#,
            ),
            Outcome {
                period: "march".into(),
                result: Err("503 Service Unavailable: too busy".into()),
            },
        ];
        assert_eq!(
            table(&outcomes),
            "\
period          rows    RMSE     MAE     R²   MAPE %  drift   share  drifted columns
week1_february   233  17.250  11.000  0.900   43.210    yes  53.8 %  temp, hum
quiet              7   1.000   1.000      -  100.000     no   0.0 %
march failed: 503 Service Unavailable: too busy
"
        );
    }

    #[test]
    fn table_of_a_classification_model_has_its_scores() {
        let outcomes = [outcome(
            "all",
            r#"{"evaluated_items": 150, "accuracy": 0.96, "precision": 0.95, "recall": 0.94, "f1": 0.945,
                "roc_auc": null, "drift_detected": 0, "drift_share": 0.25, "columns": []}"#,
        )];
        assert_eq!(
            table(&outcomes),
            "\
period  rows  accuracy  precision  recall     F1  drift   share  drifted columns
all      150     0.960      0.950   0.940  0.945     no  25.0 %
"
        );
    }
}

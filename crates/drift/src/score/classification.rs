use serde::Serialize;

/// Scores of predicted classes, each from 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassificationScores {
    /// Share of rows whose predicted class is the target.
    pub accuracy: f64,
    /// Share of the rows predicted to be in a class that are in it; 0 if no row is
    /// predicted to be.
    pub precision: f64,
    /// Share of the rows in a class that are predicted to be in it; 0 if the class
    /// has no rows.
    pub recall: f64,
    /// Harmonic mean of precision and recall; 0 if both are 0.
    pub f1: f64,
    /// Area under the ROC curve: the probability that a row in the class has a
    /// higher predicted probability than a row outside it, ties counting half.
    /// `None` if no class has rows both in it and outside it, or if a probability
    /// is NaN.
    pub roc_auc: Option<f64>,
}

/// Scores of predicted classes, numbered from 0; equal to those of scikit-learn,
/// which Evidently calls. `None` if there are no rows.
///
/// With two classes, precision, recall, F1 and ROC AUC are those of class 1. With
/// more they are macro averages: the first three over the classes that occur in
/// `target` or `predicted`, ROC AUC (one class against the rest) over the classes
/// that have rows both in them and outside them. A row whose target is not below
/// `classes` counts as wrongly predicted.
///
/// `target` and `predicted` have one class per row; `probabilities` is row-major,
/// rows × classes.
///
/// # Panics
///
/// If the lengths of the slices do not match.
pub fn classification_scores(
    target: &[usize],
    probabilities: &[f64],
    classes: usize,
    predicted: &[usize],
) -> Option<ClassificationScores> {
    assert_eq!(
        target.len(),
        predicted.len(),
        "one prediction for each target"
    );
    assert_eq!(
        target.len() * classes,
        probabilities.len(),
        "one probability for each class"
    );
    if target.is_empty() {
        return None;
    }
    let counts: Vec<Counts> = (0..classes)
        .map(|class| Counts::new(target, predicted, class))
        .filter(|counts| classes == 2 || counts.actual + counts.predicted > 0)
        .collect();
    // Of two classes the positive one, otherwise all.
    let first = usize::from(classes == 2);
    let average = |of: fn(&Counts) -> f64| mean(counts[first.min(counts.len())..].iter().map(of));
    let areas = (first..classes).filter_map(|class| {
        let column = probabilities.iter().skip(class).step_by(classes);
        area_under_curve(
            target
                .iter()
                .map(|&actual| actual == class)
                .zip(column.copied()),
        )
    });
    let hits = target
        .iter()
        .zip(predicted)
        .filter(|(actual, guess)| actual == guess)
        .count();
    Some(ClassificationScores {
        accuracy: hits as f64 / target.len() as f64,
        precision: average(Counts::precision).unwrap_or(0.0),
        recall: average(Counts::recall).unwrap_or(0.0),
        f1: average(Counts::f1).unwrap_or(0.0),
        roc_auc: mean(areas),
    })
}

/// Row counts of one class.
struct Counts {
    actual: usize,
    predicted: usize,
    hits: usize,
}

impl Counts {
    fn new(target: &[usize], predicted: &[usize], class: usize) -> Self {
        let mut counts = Self {
            actual: 0,
            predicted: 0,
            hits: 0,
        };
        for (&actual, &guess) in target.iter().zip(predicted) {
            counts.actual += usize::from(actual == class);
            counts.predicted += usize::from(guess == class);
            counts.hits += usize::from(actual == class && guess == class);
        }
        counts
    }

    fn precision(&self) -> f64 {
        self.hits as f64 / self.predicted.max(1) as f64
    }

    fn recall(&self) -> f64 {
        self.hits as f64 / self.actual.max(1) as f64
    }

    fn f1(&self) -> f64 {
        2.0 * self.hits as f64 / (self.actual + self.predicted).max(1) as f64
    }
}

/// Area under the ROC curve, from the rank sum of the rows in the class; ties have
/// their mean rank.
///
/// Source: J. A. Hanley and B. J. McNeil, "The Meaning and Use of the Area under
/// a Receiver Operating Characteristic (ROC) Curve", Radiology 143 (1982).
fn area_under_curve(rows: impl Iterator<Item = (bool, f64)>) -> Option<f64> {
    let mut rows: Vec<(bool, f64)> = rows.collect();
    if rows.iter().any(|(_, probability)| probability.is_nan()) {
        return None;
    }
    rows.sort_unstable_by(|left, right| left.1.total_cmp(&right.1));
    let (mut below, mut inside, mut ranks) = (0, 0, 0.0);
    for equal in rows.chunk_by(|left, right| left.1 == right.1) {
        let members = equal.iter().filter(|(member, _)| *member).count();
        ranks += members as f64 * (below as f64 + (equal.len() + 1) as f64 / 2.0);
        below += equal.len();
        inside += members;
    }
    let (inside, outside) = (inside as f64, (rows.len() - inside) as f64);
    (inside * outside > 0.0).then(|| (ranks - inside * (inside + 1.0) / 2.0) / (inside * outside))
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (count, sum) = values.fold((0, 0.0), |(count, sum), value| (count + 1, sum + value));
    (count > 0).then(|| sum / f64::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_scores(scores: Option<ClassificationScores>, expected: [f64; 5]) {
        let scores = scores.unwrap();
        let ours = [
            scores.accuracy,
            scores.precision,
            scores.recall,
            scores.f1,
            scores.roc_auc.unwrap(),
        ];
        for (score, expected) in ours.into_iter().zip(expected) {
            assert!((score - expected).abs() < 1e-12, "{score} for {expected}");
        }
    }

    /// The scores of scikit-learn 1.9, here and below.
    #[test]
    fn two_classes_agree_with_scikit_learn() {
        let target = [0, 0, 1, 1, 1, 0, 1, 0];
        let of_one = [0.1, 0.4, 0.35, 0.8, 0.4, 0.4, 0.9, 0.2];
        let probabilities: Vec<f64> = of_one.iter().flat_map(|one| [1.0 - one, *one]).collect();
        assert_scores(
            classification_scores(&target, &probabilities, 2, &[0, 0, 0, 1, 0, 0, 1, 1]),
            [0.625, 0.6666666666666666, 0.5, 0.5714285714285714, 0.8125],
        );
    }

    #[test]
    fn more_classes_agree_with_scikit_learn() {
        let probabilities = [
            [0.7, 0.2, 0.1],
            [0.3, 0.4, 0.3],
            [0.2, 0.2, 0.6],
            [0.5, 0.1, 0.4],
            [0.4, 0.4, 0.2],
            [0.3, 0.5, 0.2],
            [0.1, 0.3, 0.6],
        ];
        assert_scores(
            classification_scores(
                &[0, 1, 2, 2, 1, 0, 2],
                probabilities.as_flattened(),
                3,
                &[0, 1, 2, 0, 0, 1, 2],
            ),
            [
                0.5714285714285714,
                0.611111111111111,
                0.5555555555555555,
                0.5666666666666668,
                0.85,
            ],
        );
    }

    #[test]
    fn single_class_has_no_roc_curve() {
        let scores = classification_scores(&[1, 1], &[0.5, 0.5, 0.1, 0.9], 2, &[1, 0]).unwrap();
        assert_eq!((scores.recall, scores.roc_auc), (0.5, None));
        assert_eq!(classification_scores(&[], &[], 2, &[]), None);
    }
}

//! Properties that hold for samples of any kind.

use canopy_drift::{
    ColumnDrift, Kind, Method, Reference, classification_scores, regression_scores,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Rows with many ties or without ties, of small or large numbers.
fn rows() -> impl Strategy<Value = Vec<f64>> {
    prop_oneof![
        vec((0..6_i32).prop_map(f64::from), 1..60),
        vec(
            (-80..80_i32).prop_map(|quarters| f64::from(quarters) / 4.0),
            1..60
        ),
        vec(-1e6..1e6_f64, 1..60),
    ]
}

/// Any values that a slice can hold.
fn wild_rows() -> impl Strategy<Value = Vec<f64>> {
    let special = select(vec![
        0.0,
        -0.0,
        1.0,
        f64::MAX,
        f64::MIN,
        f64::MIN_POSITIVE,
        5e-324,
    ]);
    vec(prop_oneof![any::<f64>(), special], 0..40)
}

fn methods() -> impl Strategy<Value = (Kind, Method)> {
    let kinds = [Kind::Numerical, Kind::Categorical];
    let pairs = kinds
        .into_iter()
        .flat_map(|kind| Method::ALL.map(|method| (kind, method)));
    select(
        pairs
            .filter(|(kind, method)| method.applies_to(*kind))
            .collect::<Vec<_>>(),
    )
}

fn compare(
    (kind, method): (Kind, Method),
    reference: &[f64],
    current: &[f64],
) -> Result<ColumnDrift, TestCaseError> {
    Reference::new("x", kind, reference)
        .compare_by(current, method)
        .map_err(|error| TestCaseError::fail(error.to_string()))
}

fn assert_close(left: Option<f64>, right: Option<f64>) -> Result<(), TestCaseError> {
    match (left, right) {
        (Some(left), Some(right)) => {
            prop_assert!(
                (left - right).abs() <= 1e-9 * left.abs().max(1.0),
                "{left} {right}"
            );
        }
        (left, right) => prop_assert_eq!(left, right),
    }
    Ok(())
}

proptest! {
    #[test]
    fn identical_samples_never_drift(pair in methods(), rows in rows()) {
        let drift = compare(pair, &rows, &rows)?;
        prop_assert!(!drift.drifted, "{drift:?}");
        prop_assert!(!Reference::new("x", pair.0, &rows).compare(&rows).drifted);
    }

    #[test]
    fn scores_are_probabilities_or_distances(
        pair in methods(), reference in rows(), current in rows(),
    ) {
        if let Some(score) = compare(pair, &reference, &current)?.score {
            prop_assert!(score >= 0.0, "{score}");
            prop_assert!(!pair.1.is_p_value() || score <= 1.0, "{score}");
        }
    }

    #[test]
    fn symmetric_methods_are_symmetric(
        method in select(vec![
            Method::Ks, Method::Anderson, Method::CramerVonMises, Method::EnergyDistance,
            Method::EppsSingleton, Method::TTest, Method::Hellinger,
        ]),
        left in rows(), right in rows(),
    ) {
        let pair = (Kind::Numerical, method);
        assert_close(compare(pair, &left, &right)?.score, compare(pair, &right, &left)?.score)?;
    }

    #[test]
    fn symmetric_categorical_methods_are_symmetric(
        method in select(vec![
            Method::Z, Method::JensenShannon, Method::Psi, Method::Hellinger, Method::FisherExact,
        ]),
        left in rows(), right in rows(),
    ) {
        let pair = (Kind::Categorical, method);
        assert_close(compare(pair, &left, &right)?.score, compare(pair, &right, &left)?.score)?;
    }

    #[test]
    fn order_of_rows_does_not_matter(
        (kind, method) in methods(), reference in rows(), current in rows(),
    ) {
        // Its permutations are drawn by position.
        prop_assume!(method != Method::Tvd);
        let drift = compare((kind, method), &reference, &current)?;
        let mut reversed = current;
        reversed.reverse();
        prop_assert_eq!(compare((kind, method), &reference, &reversed)?, drift);
    }

    #[test]
    fn shift_and_scale_do_not_matter(
        method in select(vec![
            Method::Ks, Method::Anderson, Method::CramerVonMises, Method::MannWhitney,
            Method::Wasserstein,
        ]),
        reference in vec((-80..80_i32).prop_map(f64::from), 2..60),
        current in vec((-80..80_i32).prop_map(f64::from), 1..60),
        shift in (-1000..1000_i32).prop_map(f64::from),
    ) {
        prop_assume!(reference.iter().any(|row| *row != reference[0]));
        let moved = |rows: &[f64]| -> Vec<f64> {
            rows.iter().map(|row| 4.0 * (row + shift)).collect()
        };
        let pair = (Kind::Numerical, method);
        assert_close(
            compare(pair, &reference, &current)?.score,
            compare(pair, &moved(&reference), &moved(&current))?.score,
        )?;
    }

    #[test]
    fn values_that_are_not_finite_are_dropped(
        pair in methods(), reference in rows(), current in rows(), place in any::<prop::sample::Index>(),
    ) {
        let drift = compare(pair, &reference, &current)?;
        let with_gaps = |rows: &[f64]| {
            let mut rows = rows.to_vec();
            for gap in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                rows.insert(place.index(rows.len()), gap);
            }
            rows
        };
        prop_assert_eq!(compare(pair, &with_gaps(&reference), &with_gaps(&current))?, drift);
    }

    #[test]
    fn equal_constants_do_not_differ_and_others_do(
        pair in methods(), value in -1e6..1e6_f64, left in 1..40_usize, right in 1..40_usize,
    ) {
        let drift = compare(pair, &vec![value; left], &vec![value; right])?;
        prop_assert!(drift.score.is_some() && !drift.drifted);

        let default = Reference::new("x", pair.0, &[value; 30]).compare(&[value + 1.0; 30]);
        prop_assert!(default.drifted, "{default:?}");
    }

    #[test]
    fn empty_and_single_rows_are_defined(pair in methods(), rows in rows(), value in -9.0..9.0_f64) {
        for (reference, current) in [(&rows[..], &[][..]), (&[], &rows), (&[], &[f64::NAN])] {
            let drift = compare(pair, reference, current)?;
            prop_assert_eq!((drift.score, drift.drifted), (None, false));
            let drift = Reference::new("x", pair.0, reference).compare(current);
            prop_assert_eq!((drift.score, drift.drifted), (None, false));
        }
        compare(pair, &[value], &rows)?;
        compare(pair, &rows, &[value])?;
        let single = Reference::new("x", pair.0, &rows).compare(&[value]);
        prop_assert!(single.score.is_some());
    }

    #[test]
    fn no_input_panics(pair in methods(), reference in wild_rows(), current in wild_rows()) {
        let drift = compare(pair, &reference, &current)?;
        prop_assert!(drift.score.is_none_or(f64::is_finite));
        prop_assert!(drift.score.is_some() || !drift.drifted);
        Reference::new("x", pair.0, &reference).compare(&current);
    }

    #[test]
    fn perfect_predictions_score_best(target in rows()) {
        let scores = regression_scores(&target, &target)
            .ok_or_else(|| TestCaseError::fail("no scores"))?;
        prop_assert_eq!((scores.rmse, scores.mae, scores.max_error), (0.0, 0.0, 0.0));
        prop_assert!(scores.r2.is_none_or(|r2| r2 == 1.0));
    }

    #[test]
    fn no_scores_panic(
        rows in vec((0..5_usize, 0..5_usize, any::<[f64; 4]>()), 0..30), classes in 0..5_usize,
    ) {
        let target: Vec<usize> = rows.iter().map(|row| row.0).collect();
        let predicted: Vec<usize> = rows.iter().map(|row| row.1).collect();
        let probabilities: Vec<f64> =
            rows.iter().flat_map(|row| row.2.into_iter().take(classes)).collect();
        let classes = classes.min(4);
        let scores = classification_scores(&target, &probabilities, classes, &predicted);
        prop_assert_eq!(scores.is_some(), !target.is_empty());
        for score in scores.iter().flat_map(|scores| {
            [scores.accuracy, scores.precision, scores.recall, scores.f1]
        }) {
            prop_assert!((0.0..=1.0).contains(&score), "{score}");
        }
        let errors: Vec<f64> = rows.iter().map(|row| row.2[0]).collect();
        regression_scores(&errors, &errors);
    }
}

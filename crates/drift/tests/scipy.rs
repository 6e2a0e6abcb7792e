//! P-values against scipy 1.17 (which Evidently calls) for samples that reach
//! every branch: short and long, with and without ties, near and far apart.

#![expect(clippy::unwrap_used, reason = "a test without a score should fail")]

use canopy_drift::{Kind, Method, Reference};

/// Row i is `(i * step) % modulus / 4 + offset`.
fn sample((rows, step, modulus, offset): (u32, u32, u32, f64)) -> Vec<f64> {
    (0..rows)
        .map(|i| f64::from(i * step % modulus) / 4.0 + offset)
        .collect()
}

fn assert_scores(kind: Kind, reference: &[f64], current: &[f64], expected: &[(Method, f64)]) {
    let reference = Reference::new("x", kind, reference);
    for &(method, expected) in expected {
        let score = reference
            .compare_by(current, method)
            .unwrap()
            .score
            .unwrap();
        let error = (score - expected).abs();
        assert!(
            error <= 1e-12 || error <= 1e-9 * expected,
            "{method}: {score} for {expected}"
        );
    }
}

/// Kolmogorov–Smirnov, Anderson–Darling, Cramér–von Mises, Mann–Whitney,
/// Epps–Singleton and Student.
fn assert_numerical(
    reference: (u32, u32, u32, f64),
    current: (u32, u32, u32, f64),
    [
        ks,
        anderson,
        cramer_von_mises,
        mann_whitney,
        epps_singleton,
        t_test,
    ]: [f64; 6],
) {
    let expected = [
        (Method::Ks, ks),
        (Method::Anderson, anderson),
        (Method::CramerVonMises, cramer_von_mises),
        (Method::MannWhitney, mann_whitney),
        (Method::EppsSingleton, epps_singleton),
        (Method::TTest, t_test),
    ];
    assert_scores(
        Kind::Numerical,
        &sample(reference),
        &sample(current),
        &expected,
    );
}

#[test]
fn short_samples_agree() {
    assert_numerical(
        (12, 7, 11, 0.0),
        (9, 5, 13, 0.5),
        [
            0.5466233456945532,
            0.1264304421245411,
            0.21501718096145342,
            0.0628324493051814,
            0.39822267669740646,
            0.0925563585523232,
        ],
    );
}

#[test]
fn like_samples_agree() {
    assert_numerical(
        (60, 7, 53, 0.0),
        (41, 11, 47, 1.0),
        [
            0.964857772070661,
            0.25,
            0.9418106068316807,
            0.3252595564400975,
            0.36169448049447156,
            0.6382980380277862,
        ],
    );
}

#[test]
fn tied_samples_agree() {
    assert_numerical(
        (40, 3, 8, 0.0),
        (30, 5, 9, 0.25),
        [
            0.4508544239231963,
            0.02331436509715736,
            0.0877137734129646,
            0.024722199729366644,
            0.027194398596614117,
            0.03277578705439386,
        ],
    );
}

#[test]
fn samples_of_equal_length_agree() {
    assert_numerical(
        (300, 37, 401, 0.0),
        (300, 41, 401, 9.0),
        [
            0.12122695053622792,
            0.001,
            0.0009961745281407142,
            0.00011563844419236398,
            1.373363991437827e-07,
            0.0001262951171499896,
        ],
    );
}

#[test]
fn samples_too_long_for_exact_counts_agree() {
    assert_numerical(
        (700, 37, 311, 0.0),
        (10_001, 41, 307, 2.0),
        [
            0.7103590708855698,
            0.01084067502429999,
            0.07836959433708413,
            0.03984776786415247,
            0.055763605731535666,
            0.07503752800834658,
        ],
    );
    assert_numerical(
        (100, 37, 101, 0.0),
        (12_000, 41, 401, 0.0),
        [
            9.559960327555496e-58,
            0.001,
            6.992398327021476e-09,
            1.8554346572885508e-38,
            0.0,
            3.4939208977352096e-38,
        ],
    );
    assert_numerical(
        (3000, 37, 401, 0.0),
        (12_000, 41, 401, 0.5),
        [
            0.9999977733743136,
            0.25,
            0.6819795792417072,
            0.19040007806593184,
            0.6938873942603583,
            0.3796096781013693,
        ],
    );
}

#[test]
fn few_rows_without_ties_are_counted() {
    let expected = [
        (Method::MannWhitney, 0.008177669678333405),
        (Method::Ks, 0.09207550083015384),
    ];
    let (reference, current) = (sample((8, 37, 401, 0.0)), sample((200, 41, 397, 9.1)));
    assert_scores(Kind::Numerical, &reference, &current, &expected);
}

#[test]
fn categorical_samples_agree() {
    let rows = |counts: [usize; 3]| -> Vec<f64> {
        let values = [0.0, 1.0, 2.0].into_iter().zip(counts);
        values
            .flat_map(|(value, count)| vec![value; count])
            .collect()
    };
    let expected = [
        (Method::GTest, 0.02496336930863954),
        (Method::ChiSquare, 0.01845181401758243),
    ];
    assert_scores(
        Kind::Categorical,
        &rows([5, 9, 6]),
        &rows([4, 10, 16]),
        &expected,
    );
    let expected = [(Method::FisherExact, 0.09953271926619618)];
    assert_scores(
        Kind::Categorical,
        &rows([9, 4, 0]),
        &rows([3, 7, 0]),
        &expected,
    );
}

//! One version after the other, under load.

use std::time::Instant;

use crate::load::{mib, millis};
use crate::server::resident;
use crate::versions::{self, VERSIONS};
use crate::{alone, report, times};

#[test]
fn every_answer_is_wholly_of_one_version_while_versions_are_swapped() {
    let _alone = alone();
    let predictions = versions::predictions();
    let folder = versions::folder();
    let server = versions::serve(&folder, &[]);
    let check = |answer: &_| versions::is_of_its_version(answer, &predictions);
    let load = versions::load(&server, 2000.0, &check);
    let swaps = times(60, 500);

    let start = Instant::now();
    let (mut durations, tally) = load.during(|| {
        let swap = |number: usize| {
            let start = Instant::now();
            let status = versions::put(&server, "bikes", &VERSIONS[(number + 1) % 2]);
            assert_eq!(status, Some(200));
            start.elapsed()
        };
        (0..swaps).map(swap).collect::<Vec<_>>()
    });
    let took = start.elapsed().as_secs_f64();
    tally.assert_flawless();
    durations.sort_unstable();
    let swapped = server.metric("model_swaps_total{outcome=\"swapped\"}");
    assert_eq!(swapped, Some(swaps as f64));
    report(
        "swaps",
        &format!(
            "{swaps} swaps in {took:.1} s (median {}), {}, memory {}",
            millis(durations[swaps / 2]),
            tally.summary(),
            mib(resident(&server.process))
        ),
    );
}

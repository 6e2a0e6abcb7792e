//! An hour of swaps, one every five seconds, in less time.

use std::time::{Duration, Instant};

use crate::load::{mib, millis};
use crate::server::resident;
use crate::versions::{self, VERSIONS};
use crate::{alone, report, times};

/// Most that memory may grow from the first quarter to the last, beside a hundredth: the images of
/// two versions that are going.
const GROWTH: u64 = 16 << 20;

#[test]
fn memory_and_latency_stay_as_they_are() {
    let _alone = alone();
    let predictions = versions::predictions();
    let folder = versions::folder();
    let server = versions::serve(&folder, &[]);
    let check = |answer: &_| versions::is_of_its_version(answer, &predictions);
    let load = versions::load(&server, 2000.0, &check);
    let swaps = times(80, 720);

    let start = Instant::now();
    let (marks, tally) = load.during(|| {
        let swap = |number: usize| {
            let status = versions::put(&server, "bikes", &VERSIONS[(number + 1) % 2]);
            assert_eq!(status, Some(200));
            (start.elapsed(), resident(&server.process))
        };
        // The first fifth is warm-up.
        let marks: Vec<_> = (0..swaps + swaps / 4).map(swap).collect();
        marks[swaps / 4..].to_vec()
    });
    tally.assert_flawless();
    let quarter = |number: usize| &marks[number * swaps / 4..(number + 1) * swaps / 4];
    let memory = |marks: &[(Duration, u64)]| {
        let mut sizes: Vec<u64> = marks.iter().map(|mark| mark.1).collect();
        sizes.sort_unstable();
        sizes[sizes.len() / 2]
    };
    let latency = |marks: &[(Duration, u64)]| {
        let (from, until) = (marks[0].0, marks[marks.len() - 1].0);
        tally.quantile(0.5, |answer| (from..until).contains(&answer.0))
    };
    let [first, last] = [quarter(0), quarter(3)];
    report(
        "soak",
        &format!(
            "{swaps} swaps in {:.0} s, {}; first quarter and last: memory {} and {}, median {} and {}",
            start.elapsed().as_secs_f64(),
            tally.summary(),
            mib(memory(first)),
            mib(memory(last)),
            millis(latency(first)),
            millis(latency(last)),
        ),
    );
    let most = memory(first) + memory(first) / 100 + GROWTH;
    assert!(memory(last) <= most, "memory grew");
    let most = latency(first).mul_f64(1.5) + Duration::from_micros(200);
    assert!(latency(last) <= most, "answers became slower");
}

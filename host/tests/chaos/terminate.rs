//! Told to stop, again and again.

use std::thread;
use std::time::{Duration, Instant};

use crate::load::millis;
use crate::versions;
use crate::{alone, report, times};

#[test]
fn a_host_that_is_told_to_stop_answers_everything_it_was_asked() {
    let _alone = alone();
    let predictions = versions::predictions();
    let folder = versions::folder();
    let mut server = versions::serve(&folder, &[]);
    let check = |answer: &_| versions::is_of_its_version(answer, &predictions);
    let mut load = versions::load(&server, 4000.0, &check);
    load.clients = 16;
    let stops = times(5, 40);
    let mut longest = Duration::ZERO;

    let ((), tally) = load.during(|| {
        for _ in 0..stops {
            thread::sleep(Duration::from_millis(fastrand::u64(100..400)));
            let start = Instant::now();
            server.signal("-TERM");
            assert!(server.process.wait().unwrap().success());
            longest = longest.max(start.elapsed());
            server = versions::serve(&folder, &[]);
            load.address.write().unwrap().clone_from(&server.address);
        }
    });
    tally.assert_flawless();
    report(
        "terminate",
        &format!(
            "{stops} stops, each within {}, {}",
            millis(longest),
            tally.summary()
        ),
    );
}

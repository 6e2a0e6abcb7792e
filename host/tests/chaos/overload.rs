//! Ten times as many requests as the host can answer.

use std::sync::RwLock;
use std::thread;
use std::time::Duration;

use crate::load::{Load, Tally, mib, millis, post};
use crate::server::{Server, resident};
use crate::{alone, guest, report, times};

#[test]
fn excess_is_refused_quickly_and_the_rest_answered_in_time() {
    let _alone = alone();
    let (_folder, model) = guest::file(&guest::unruly(b'-'));
    let server = Server::start(&model, &[]);
    let time = Duration::from_secs(times(3, 15) as u64);
    let run = |clients: usize, rate: f64| -> Tally {
        let load = Load {
            address: RwLock::new(server.address.clone()),
            // Some milliseconds of work.
            request: post("/predict", "{\"command\": 9}"),
            clients,
            rate,
            check: &|answer| {
                let may_come_again = answer.header("retry-after").is_some();
                answer.status == 200 || answer.status == 503 && may_come_again
            },
        };
        let ((), tally) = load.during(|| thread::sleep(time));
        tally.assert_flawless();
        tally
    };
    let answered = |tally: &Tally| tally.answers.iter().filter(|a| a.1 == 200).count();
    let rate = |tally: &Tally| answered(tally) as f64 / time.as_secs_f64();
    let cores = thread::available_parallelism().unwrap().get();

    run(cores, 1e6);
    let capacity = rate(&run(cores, 1e6));
    let normal = run(16, capacity / 2.0);
    let before = resident(&server.process);
    let over = run(128, capacity * 10.0);
    let grown = resident(&server.process).saturating_sub(before);

    let offered = over.answers.len() as f64 / time.as_secs_f64();
    let accepted = |tally: &Tally| tally.quantile(0.99, |answer| answer.1 == 200);
    let refused = over.quantile(0.99, |answer| answer.1 == 503);
    report(
        "overload",
        &format!(
            "capacity {capacity:.0}/s, offered {offered:.0}/s, answered {:.0}/s; p99 {} at half \
             load, {} of the answered, {} of the refused; memory grew by {}",
            rate(&over),
            millis(accepted(&normal)),
            millis(accepted(&over)),
            millis(refused),
            mib(grown)
        ),
    );
    assert!(offered > 5.0 * capacity, "the load is too small");
    assert!(rate(&over) > 0.5 * capacity, "too few were answered");
    // A tenth of a second is soon enough, however quick the answers are at half load.
    let in_time = (3 * accepted(&normal)).max(Duration::from_millis(100));
    assert!(accepted(&over) <= in_time, "too slow");
    assert!(refused < Duration::from_millis(20), "refused too slowly");
    assert!(grown < 32 << 20, "memory grew");
}

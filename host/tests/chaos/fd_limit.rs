//! File descriptors run out.

use std::fs;
use std::net::TcpStream;
use std::process::Command;
use std::thread;
use std::time::Duration;

use canopy_test_support::{needs, tool};
use serde_json::json;
use tempfile::TempDir;

use crate::load::{Connection, millis, post};
use crate::server::{CANOPY, Server};
use crate::versions::{self, VERSIONS};
use crate::{alone, house, report, times};

/// Idle connections: more than the host can accept, fewer than the kernel keeps for it.
const IDLE: usize = 100;

#[test]
fn a_host_with_few_descriptors_keeps_some_for_files_and_answers_who_is_connected() {
    let _alone = alone();
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 64 && exec \"$0\" \"$@\"", CANOPY]);
    outlasts_idle_connections("few files", command, |_| ());
}

#[test]
#[ignore = "needs prlimit"]
fn a_host_that_runs_out_of_descriptors_goes_on_when_there_are_some() {
    let prlimit = needs!("prlimit", tool("prlimit", "util-linux"));
    let _alone = alone();
    outlasts_idle_connections("no files", Command::new(CANOPY), |server| {
        let open = descriptors(server);
        let status = Command::new(&prlimit)
            .arg(format!("--pid={}", server.process.id()))
            .arg(format!("--nofile={0}:{0}", open + 20))
            .status();
        assert!(status.unwrap().success());
    });
}

fn outlasts_idle_connections(name: &str, command: Command, limit: impl FnOnce(&Server)) {
    let predictions = versions::predictions();
    let folder = versions::folder();
    let observations = TempDir::new().unwrap();
    let server = Server::launch(
        command,
        &[
            "--models",
            folder.path().to_str().unwrap(),
            "--observations",
            observations.path().to_str().unwrap(),
        ],
    );
    let data = json!({"data": house::records("2011-02-01..2011-02-02")});
    let evaluation = post("/evaluate", &data.to_string());
    let mut kept = Connection::open(&server.address).unwrap();
    assert_eq!(status(&mut kept, &evaluation), 200);
    limit(&server);

    let check = |answer: &_| versions::is_of_its_version(answer, &predictions);
    let load = versions::load(&server, 2000.0, &check);
    let rounds = times(1, 10);
    let (most, tally) = load.during(|| {
        let mut most = 0;
        for _ in 0..rounds {
            let idle: Vec<_> = (0..IDLE)
                .map(|_| TcpStream::connect(&server.address).unwrap())
                .collect();
            // Until the host opens no more.
            let mut before = 0;
            while before != descriptors(&server) {
                before = descriptors(&server);
                assert_eq!(status(&mut kept, &versions::request()), 200);
                thread::sleep(Duration::from_millis(100));
            }
            most = most.max(before);
            if name == "few files" {
                assert_eq!(status(&mut kept, &evaluation), 200);
            }
            drop(idle);
            let mut new = Connection::open(&server.address).unwrap();
            assert_eq!(status(&mut new, &versions::request()), 200);
        }
        most
    });
    tally.assert_flawless();
    // Without a load the processor has nothing to do, however many wait to be accepted.
    let idle: Vec<_> = (0..IDLE)
        .map(|_| TcpStream::connect(&server.address).unwrap())
        .collect();
    let before = processor_time(&server);
    thread::sleep(Duration::from_secs(1));
    let spent = processor_time(&server) - before;
    drop(idle);
    assert!(spent < Duration::from_millis(100), "it spins: {spent:?}");
    assert_eq!(versions::put(&server, "bikes", &VERSIONS[1]), Some(200));
    if name == "few files" {
        let failed = server.metric("observations_failed_total");
        assert_eq!(failed, Some(0.0));
    }
    report(
        name,
        &format!(
            "{rounds} times {IDLE} idle connections at {most} descriptors, {}, processor while \
             full {} a second",
            tally.summary(),
            millis(spent)
        ),
    );
}

fn status(connection: &mut Connection, request: &[u8]) -> u16 {
    connection.ask(request).map_or(0, |answer| answer.status)
}

/// Descriptors that the host has open.
fn descriptors(server: &Server) -> usize {
    let folder = format!("/proc/{}/fd", server.process.id());
    fs::read_dir(folder).unwrap().count()
}

/// Processor time that the host has used.
fn processor_time(server: &Server) -> Duration {
    let path = format!("/proc/{}/stat", server.process.id());
    let text = fs::read_to_string(path).unwrap();
    let fields: Vec<&str> = text.rsplit_once(") ").unwrap().1.split(' ').collect();
    // In hundredths of a second on every Linux.
    let ticks = |field: usize| fields[field].parse::<u64>().unwrap();
    Duration::from_millis(10 * (ticks(11) + ticks(12)))
}

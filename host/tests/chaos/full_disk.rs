//! A disk that is full, and has room again.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use canopy_test_support::needs;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::kill::files;
use crate::server::{CANOPY, Server};
use crate::versions::{self, VERSIONS};
use crate::{alone, guest, house, report, times};

/// Mounts a small disk where the first argument says, and becomes the rest.
const MOUNT: &str = r#"mount -t tmpfs -o size=64m tmpfs "$0" && exec "$@""#;

#[test]
#[ignore = "needs a file system of its own"]
fn a_full_disk_refuses_uploads_loses_rows_and_nothing_else() {
    let _alone = alone();
    let mount = TempDir::new().unwrap();
    let mount = mount.path().to_str().unwrap();
    let unshare = needs!("a file system of its own", unshare(mount));
    let predictions = versions::predictions();
    let command = unshare(&["sh", "-c", MOUNT, mount, CANOPY]);
    let (models, observations) = (format!("{mount}/models"), format!("{mount}/observations"));
    let model = format!("bikes={}", house::model().to_str().unwrap());
    let server = Server::launch(
        command,
        &[
            "--model",
            &model,
            "--models",
            &models,
            "--observations",
            &observations,
        ],
    );
    let disk = PathBuf::from(format!("/proc/{}/root{mount}", server.process.id()));
    let check = |answer: &_| versions::is_of_its_version(answer, &predictions);
    let load = versions::load(&server, 2000.0, &check);
    let rounds = times(2, 20);

    let (refused, tally) = load.during(|| {
        let mut refused = 0;
        for round in 0..rounds {
            let filling = fill(&disk);
            // From no room at all to nearly enough.
            for room in [0, 4 << 10, 64 << 10, 256 << 10] {
                let length = filling.metadata().unwrap().len();
                filling.set_len(length.saturating_sub(room)).unwrap();
                refused += refuses(&server, &disk, round, room);
                fill(&disk);
            }
            drop(filling);
            fs::remove_file(disk.join("filling")).unwrap();
            works(&server, &disk, round);
        }
        refused
    });
    tally.assert_flawless();
    let failed = server.metric("observations_failed_total").unwrap();
    report(
        "full disk",
        &format!(
            "{rounds} times full and freed, {refused} uploads answered 507, {failed} batches not \
             kept and counted, {}",
            tally.summary()
        ),
    );
}

/// How to run a command where it may mount; an error if that is not allowed.
fn unshare(mount: &str) -> Result<impl Fn(&[&str]) -> Command + use<>, String> {
    let ways: [&[&str]; 2] = [&["--mount"], &["--user", "--map-root-user", "--mount"]];
    let command = |way: &[&str], arguments: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(way).args(arguments);
        command
    };
    let way = ways.into_iter().find(|way| {
        let tried = command(way, &["sh", "-c", MOUNT, mount, "true"]).output();
        tried.is_ok_and(|output| output.status.success())
    });
    let way = way.ok_or("no file system can be mounted here")?;
    Ok(move |arguments: &[&str]| command(way, arguments))
}

/// Writes a file as large as there is room for.
fn fill(disk: &Path) -> File {
    let path = disk.join("filling");
    let mut file = File::options()
        .create(true)
        .append(true)
        .open(path)
        .unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
    file
}

/// With too little room, everything is answered and nothing is left; counts refused uploads.
fn refuses(server: &Server, disk: &Path, round: usize, room: u64) -> usize {
    let before = serving(server);
    let unique = (1000 * round) as u32 + (room >> 10) as u32;
    // A version that nobody has seen, so that it is compiled, cached and kept.
    let component = guest::padded(VERSIONS[1].clone(), unique);
    for name in ["bikes", "other"] {
        let request = server.client.put(server.url(&format!("/models/{name}")));
        let answer = request.body(component.clone()).send().unwrap();
        assert_eq!(answer.status(), 507);
        let problem: Value = answer.json().unwrap();
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("No space left"), "{detail}");
    }
    assert_eq!(server.get("/models/other").status(), 404);
    let failed = || server.metric("observations_failed_total").unwrap();
    let failed_before = failed();
    assert_eq!(evaluate(server, unique), 200);
    if room == 0 {
        assert_eq!(failed(), failed_before + 1.0);
    }
    let is_partial = |path: &&PathBuf| path.to_str().unwrap().ends_with("partial");
    let left = files(disk);
    assert_eq!(left.iter().find(is_partial), None);
    assert_eq!(serving(server), before);
    2
}

/// With room again, uploads and observations are kept.
fn works(server: &Server, disk: &Path, round: usize) {
    let component = &VERSIONS[(round + 1) % 2];
    assert_eq!(versions::put(server, "bikes", component), Some(200));
    assert_eq!(
        serving(server),
        canopy_runtime::Digest::of(component).to_string()
    );
    let observed = server.metric("observed_rows_total").unwrap();
    assert_eq!(evaluate(server, round as u32), 200);
    assert!(server.metric("observed_rows_total").unwrap() > observed);
    canopy_observations::read(&disk.join("observations")).unwrap();
}

fn serving(server: &Server) -> String {
    let model: Value = server.get("/model").json().unwrap();
    let digest = model["component"]["digest"].as_str().unwrap();
    digest.trim_start_matches("sha256:").to_owned()
}

/// Evaluates rows with a target of their own.
fn evaluate(server: &Server, target: u32) -> u16 {
    let mut rows = house::records("2011-02-01..2011-02-01");
    rows.iter_mut().for_each(|row| row["cnt"] = json!(target));
    server.post_json("/evaluate", &json!({"data": rows})).0
}

//! Writes are atomic, whatever happens while they are in progress.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::env;
use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use canopy_disk::{remove_partial, write, write_private};

/// Large enough for a partial write to be observable.
const SIZE: usize = 4 << 20;

/// Names of the files in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Asserts that the file is one of those that [`write_on`] writes.
fn assert_whole(path: &Path) {
    let bytes = fs::read(path).unwrap();
    assert_eq!(bytes.len(), SIZE);
    assert!(bytes.iter().all(|byte| *byte == bytes[0]));
}

/// Writes files that repeat a single byte, a different one each time.
fn write_on(path: &Path, times: usize, after: impl Fn()) {
    for byte in (0..=u8::MAX).cycle().take(times) {
        write(path, &vec![byte; SIZE]).unwrap();
        after();
    }
}

#[test]
fn replaces_a_file_and_leaves_nothing_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.wasm");
    write(&path, b"old").unwrap();
    write(&path, b"new").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"new");
    assert_eq!(names(folder.path()), ["model.wasm"]);
}

#[test]
fn private_file_is_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (open, closed) = (folder.path().join("open"), folder.path().join("closed"));
    write(&open, b"1").unwrap();
    write(&closed, b"1").unwrap();
    write_private(&closed, b"2").unwrap();
    assert_eq!(mode(&open) & 0o600, 0o600);
    assert_eq!(mode(&closed), 0o600);
}

#[test]
fn missing_folder_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    assert!(write(&folder.path().join("none/model.wasm"), b"new").is_err());
    assert_eq!(names(folder.path()), [""; 0]);
}

#[test]
fn path_without_a_name_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    assert!(write(&folder.path().join(".."), b"new").is_err());
}

#[test]
fn failed_rename_leaves_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.wasm");
    fs::create_dir(&path).unwrap();
    fs::write(path.join("inside"), b"old").unwrap();
    assert!(write(&path, b"new").is_err());
    assert_eq!(fs::read(path.join("inside")).unwrap(), b"old");
    assert_eq!(names(folder.path()), ["model.wasm"]);
}

#[test]
fn read_only_folder_is_an_error_and_leaves_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    if fs::metadata(folder.path()).unwrap().uid() == 0 {
        return again_as_nobody("read_only_folder_is_an_error_and_leaves_the_old_file");
    }
    let path = folder.path().join("model.wasm");
    write(&path, b"old").unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o500)).unwrap();
    let outcome = write(&path, b"new");
    fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
    assert!(outcome.is_err());
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(names(folder.path()), ["model.wasm"]);
}

/// Runs one of these tests as a user whom file modes restrict, unlike root.
fn again_as_nobody(test: &str) {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    // The user nobody may lack access to the folder of the test binary.
    let tests = folder.path().join("tests");
    fs::copy(env::current_exe().unwrap(), &tests).unwrap();
    let output = Command::new(tests)
        .args(["--exact", test])
        .current_dir("/")
        .uid(65534)
        .gid(65534)
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(shown.contains("1 passed"), "{shown}");
}

#[test]
fn readers_and_other_writers_find_whole_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.wasm");
    write_on(&path, 1, || {});
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| write_on(&path, 10, || {}));
        }
        for _ in 0..20 {
            assert_whole(&path);
        }
    });
    assert_whole(&path);
    assert_eq!(names(folder.path()), ["model.wasm"]);
}

/// The path that the child process of the test below writes to.
const TARGET: &str = "CANOPY_DISK_TEST_TARGET";

#[test]
fn killed_writer_leaves_a_whole_file() {
    if let Some(target) = env::var_os(TARGET) {
        return write_on(target.as_ref(), usize::MAX, || println!("written"));
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.wasm");
    for files in 1..=8 {
        let mut writer = Command::new(env::current_exe().unwrap())
            .args([
                "--exact",
                "killed_writer_leaves_a_whole_file",
                "--nocapture",
            ])
            .env(TARGET, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(writer.stdout.take().unwrap()).lines();
        let mut written = lines
            .map(Result::unwrap)
            .filter(|line| line.ends_with("written"));
        assert_eq!(written.by_ref().take(files).count(), files);
        writer.kill().unwrap();
        writer.wait().unwrap();
        assert_whole(&path);
    }
    remove_partial(folder.path()).unwrap();
    assert_eq!(names(folder.path()), ["model.wasm"]);
}

#[test]
fn leftover_of_a_crash_is_in_nobodys_way() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let leftover = folder.path().join("key.0.partial");
    fs::write(&leftover, b"ha").unwrap();
    write_private(&path, b"whole").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"whole");
    assert_eq!(mode(&path), 0o600);
    assert_eq!(fs::read(&leftover).unwrap(), b"ha");
    remove_partial(folder.path()).unwrap();
    assert_eq!(names(folder.path()), ["key"]);
}

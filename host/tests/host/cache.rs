//! Compiled code that is kept for the next start.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use canopy_runtime::{Component, Limits, RowsView, Runtime};
use tempfile::TempDir;

use crate::server::Server;
use crate::{guest, house};

/// The predictions of the house model for a few rows, loaded with a cache.
fn predictions(cache: &Path) -> Vec<f64> {
    let runtime = Runtime::new(&Limits::default(), Some(cache)).unwrap();
    let component = fs::read(house::model()).unwrap();
    let model = runtime.load(&Component::new(component.clone())).unwrap();
    let rows: Vec<f64> = (0..10 * model.width()).map(|value| value as f64).collect();
    model.predict(RowsView::new(&rows, model.width())).unwrap()
}

/// The files in a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// A folder with one entry, the entry, and what was predicted when it was made.
fn filled() -> (TempDir, PathBuf, Vec<f64>) {
    let folder = TempDir::new().unwrap();
    let predicted = predictions(folder.path());
    let entries = files(folder.path());
    assert_eq!(entries.len(), 1);
    let entry = entries[0].clone();
    (folder, entry, predicted)
}

fn rewrite(entry: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(entry).unwrap();
    change(&mut bytes);
    fs::write(entry, bytes).unwrap();
}

#[test]
fn cached_code_predicts_the_same_and_is_not_compiled_again() {
    let (folder, entry, predicted) = filled();
    assert_eq!(fs::metadata(&entry).unwrap().mode() & 0o777, 0o600);
    let first = fs::metadata(&entry).unwrap().ino();
    assert_eq!(predictions(folder.path()), predicted);
    assert_eq!(fs::metadata(&entry).unwrap().ino(), first);
}

#[test]
fn an_entry_that_is_damaged_or_may_be_foreign_is_compiled_again() {
    let (folder, entry, predicted) = filled();
    let sound = fs::read(&entry).unwrap();
    let elsewhere = folder.path().join("elsewhere.copy");
    fs::write(&elsewhere, &sound).unwrap();
    let damages: [(&str, &dyn Fn()); 8] = [
        ("code", &|| rewrite(&entry, |bytes| bytes[5000] ^= 1)),
        ("component", &|| rewrite(&entry, |bytes| bytes[8] ^= 1)),
        ("engine", &|| rewrite(&entry, |bytes| bytes[40] ^= 1)),
        ("cut", &|| rewrite(&entry, |bytes| bytes.truncate(5000))),
        ("cut header", &|| {
            rewrite(&entry, |bytes| bytes.truncate(50))
        }),
        ("empty", &|| rewrite(&entry, Vec::clear)),
        ("writable", &|| {
            fs::set_permissions(&entry, Permissions::from_mode(0o666)).unwrap();
        }),
        ("link", &|| {
            fs::remove_file(&entry).unwrap();
            symlink(&elsewhere, &entry).unwrap();
        }),
    ];
    for (what, damage) in damages {
        damage();
        assert_eq!(predictions(folder.path()), predicted, "{what}");
        let metadata = fs::symlink_metadata(&entry).unwrap();
        assert!(metadata.is_file(), "{what}");
        assert_eq!(metadata.mode() & 0o777, 0o600, "{what}");
        assert!(fs::read(&entry).unwrap() == sound, "{what}");
    }
}

#[test]
fn a_folder_that_cannot_be_used_or_trusted_does_not_keep_a_model_from_loading() {
    let (folder, entry, predicted) = filled();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
    assert_eq!(predictions(folder.path()), predicted);
    fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();

    // Nothing can be renamed over a folder that is not empty.
    fs::remove_file(&entry).unwrap();
    fs::create_dir_all(entry.join("full")).unwrap();
    assert_eq!(predictions(folder.path()), predicted);
    assert_eq!(files(folder.path()), [entry.as_path()]);

    assert_eq!(predictions(&house::model().join("in a file")), predicted);
    assert_eq!(predictions(Path::new("/proc/canopy")), predicted);
}

#[test]
fn only_components_that_are_fit_to_serve_are_kept() {
    let folder = TempDir::new().unwrap();
    let runtime = Runtime::new(&Limits::default(), Some(folder.path())).unwrap();
    assert!(runtime.load(&Component::new(guest::unruly(b'T'))).is_err());
    assert!(files(folder.path()).is_empty());
    assert!(runtime.load(&Component::new(guest::unruly(b'-'))).is_ok());
    assert_eq!(files(folder.path()).len(), 1);
}

#[test]
fn what_a_killed_process_left_is_removed_and_entries_are_bounded() {
    let (folder, entry, _) = filled();
    // No process has so large a number.
    let stale = entry.with_extension(format!("{}.partial", i32::MAX));
    let busy = entry.with_extension("1.partial");
    for path in [&stale, &busy] {
        fs::write(path, "half").unwrap();
    }
    fs::remove_file(&entry).unwrap();
    let age = |days: u64| SystemTime::now() - Duration::from_secs(days * 24 * 60 * 60);
    for days in 1..=70 {
        let file = File::create(folder.path().join(format!("{days}-old"))).unwrap();
        file.set_modified(age(days)).unwrap();
    }
    predictions(folder.path());
    assert!(!stale.exists());
    assert!(busy.exists());
    assert!(entry.exists());
    assert!(folder.path().join("63-old").exists());
    assert!(!folder.path().join("64-old").exists());
    assert_eq!(files(folder.path()).len(), 64 + 1);
}

#[test]
fn a_host_keeps_compiled_code_in_the_folder_it_is_given() {
    let folder = TempDir::new().unwrap();
    let cache = folder.path().join("new/cache");
    let arguments = ["--cache", cache.to_str().unwrap()];
    let answers = [(); 2].map(|()| {
        let server = Server::start(house::model(), &arguments);
        server.post_json("/predict", &house::record())
    });
    assert_eq!(answers[0].0, 200);
    assert_eq!(answers[0], answers[1]);
    assert_eq!(files(&cache).len(), 1);
    assert_eq!(fs::metadata(&cache).unwrap().mode() & 0o777, 0o700);
}

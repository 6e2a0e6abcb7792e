//! The index of a version store on disk: two copies, each with a digest of its content.
//!
//! A change replaces one copy and then the other. Whatever happens to one of them, the other has the
//! state after the last change or, if the host ended in between, after the change before.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use canopy_disk as disk;
use canopy_runtime::Digest;
use serde::Deserialize;
use serde_json::value::RawValue;
use tracing::{error, warn};

use super::State;

/// Names of the two copies, the one that is replaced first before the other.
pub(super) const FILES: [&str; 2] = ["model.json", "model.copy.json"];
/// Extension of a copy that cannot be used, which is put aside.
pub(super) const DAMAGED: &str = "damaged";

/// The content of a copy.
#[derive(Deserialize)]
struct Signed<'a> {
    /// SHA-256 digest of the index, byte for byte.
    digest: Digest,
    #[serde(borrow)]
    index: &'a RawValue,
}

/// What was found on disk.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The state of the latest sound copy.
    pub(super) state: Option<State>,
    /// The copies that cannot be used.
    pub(super) damaged: Vec<PathBuf>,
}

/// Whether a folder has an index.
pub(super) fn is_in(folder: &Path) -> bool {
    FILES.iter().any(|name| folder.join(name).is_file())
}

/// Reads both copies.
pub(super) fn read(folder: &Path) -> io::Result<Found> {
    let mut found = Found::default();
    for name in FILES {
        let path = folder.join(name);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        match parse(&text) {
            Ok(state) => {
                let latest = found.state.take();
                let latest = latest.filter(|latest| latest.generation >= state.generation);
                found.state = Some(latest.unwrap_or(state));
            }
            Err(problem) => {
                error!(?path, problem, "an index of versions is damaged");
                found.damaged.push(path);
            }
        }
    }
    Ok(found)
}

/// Replaces both copies. The first one decides; the second one may fail.
pub(super) fn write(folder: &Path, state: &State) -> io::Result<()> {
    let index = serde_json::to_string_pretty(state)?;
    let digest = Digest::of(index.as_bytes());
    let text = format!("{{\n\"digest\": \"{digest}\",\n\"index\": {index}\n}}\n");
    let [first, second] = FILES.map(|name| folder.join(name));
    disk::write(&first, text.as_bytes())?;
    if let Err(error) = disk::write(&second, text.as_bytes()) {
        warn!(path = ?second, %error, "cannot write the second copy of the index of versions");
    }
    Ok(())
}

/// Puts damaged copies aside, for whoever wants to find out what happened to them.
pub(super) fn put_aside(damaged: &[PathBuf]) {
    for path in damaged {
        // Best effort: what stays in place is replaced by the next change.
        let _ = fs::rename(path, path.with_added_extension(DAMAGED));
    }
}

fn parse(text: &[u8]) -> Result<State, String> {
    if let Ok(signed) = serde_json::from_slice::<Signed<'_>>(text) {
        let index = signed.index.get();
        if Digest::of(index.as_bytes()) != signed.digest {
            return Err("its content does not have its digest".to_owned());
        }
        return serde_json::from_str(index).map_err(|error| error.to_string());
    }
    // Hosts before this one wrote the state alone.
    let state: State = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    let is_known = |digest: &Digest| state.versions.iter().any(|it| it.digest == *digest);
    match state.served.last() {
        Some(serving) if is_known(serving) => Ok(state),
        _ => Err("it knows no version that serves".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(generation: u64, served: &[&str]) -> State {
        let digests = served.iter().map(|name| Digest::of(name.as_bytes()));
        State {
            generation,
            served: digests.collect(),
            ..State::default()
        }
    }

    #[test]
    fn whatever_happens_to_one_copy_the_other_one_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let [first, second] = FILES.map(|name| folder.path().join(name));
        let written = state(2, &["a", "b"]);
        for harmed in [&first, &second] {
            for harm in ["", "{", "{}", "{\"served\": [], \"versions\": []}"] {
                write(folder.path(), &written).unwrap();
                fs::write(harmed, harm).unwrap();
                let found = read(folder.path()).unwrap();
                assert_eq!(found.state.as_ref(), Some(&written), "{harm}");
                assert_eq!(found.damaged, std::slice::from_ref(harmed));
                put_aside(&found.damaged);
                assert!(!harmed.exists());
                let found = read(folder.path()).unwrap();
                assert_eq!(found.state.as_ref(), Some(&written), "without it");
                assert!(found.damaged.is_empty());
            }
        }
    }

    #[test]
    fn a_change_of_the_content_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let first = folder.path().join(FILES[0]);
        write(folder.path(), &state(7, &["a", "b"])).unwrap();
        let text = fs::read_to_string(&first).unwrap();
        fs::write(
            &first,
            text.replace("\"generation\": 7", "\"generation\": 9"),
        )
        .unwrap();
        let found = read(folder.path()).unwrap();
        assert_eq!(found.damaged, [first]);
        assert_eq!(found.state, Some(state(7, &["a", "b"])));
    }

    #[test]
    fn of_two_sound_copies_the_later_one_counts() {
        let folder = tempfile::tempdir().unwrap();
        let [first, second] = FILES.map(|name| folder.path().join(name));
        write(folder.path(), &state(1, &["a"])).unwrap();
        let older = fs::read(&second).unwrap();
        write(folder.path(), &state(2, &["b"])).unwrap();
        for harmed in [second, first] {
            write(folder.path(), &state(2, &["b"])).unwrap();
            fs::write(harmed, &older).unwrap();
            let found = read(folder.path()).unwrap();
            assert_eq!(found.state, Some(state(2, &["b"])));
        }
    }
}

//! Publishes a component by replacing the host's model file.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use sha2::{Digest as _, Sha256};

use super::challenger::Challenger;
use super::folder::{file_name, keep};
use crate::write::write;

/// Folder for previous components, next to the model file.
const FOLDER: &str = "previous";

/// Replaces the model file at `path` with a challenger, after saving the champion in the folder of
/// previous components. Returns a warning if older components could not be removed.
///
/// # Errors
///
/// If the model file has changed since the run began, or a file cannot be written. The model file is
/// then unchanged.
pub(super) fn publish(path: &Path, challenger: &Challenger<'_>) -> Result<Option<String>> {
    let bytes = fs::read(path).ok();
    let digest = bytes.as_ref().map(|it| format!("{:x}", Sha256::digest(it)));
    ensure!(
        digest.as_deref() == challenger.champion.map(|champion| champion.digest.as_str()),
        "{} was replaced while the challenger was trained",
        path.display()
    );
    let mut warning = None;
    if let (Some(champion), Some(bytes)) = (challenger.champion, &bytes) {
        let file = file_name(&champion.name, &champion.version, &champion.digest);
        let file = path.with_file_name(FOLDER).join(file);
        warning = keep(&file, bytes).context("cannot save the champion")?;
    }
    write(path, challenger.component)?;
    Ok(warning)
}

#[cfg(test)]
mod tests {
    use super::super::super::job::Champion;
    use super::*;

    fn champion(component: &[u8], version: &str) -> Champion {
        Champion {
            name: "demand".into(),
            version: version.into(),
            digest: format!("{:x}", Sha256::digest(component)),
        }
    }

    fn challenger<'a>(component: &'a [u8], champion: &'a Champion) -> Challenger<'a> {
        Challenger {
            component,
            name: "demand",
            version: "2",
            digest: "",
            champion: Some(champion),
        }
    }

    #[test]
    fn the_last_ten_previous_components_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.wasm");
        write(&path, b"0").unwrap();
        for number in 1..=12_u8 {
            let champion = champion(&fs::read(&path).unwrap(), &format!("1/{number}"));
            publish(&path, &challenger(&[number], &champion)).unwrap();
        }
        assert_eq!(fs::read(&path).unwrap(), [12]);
        let files = fs::read_dir(folder.path().join(FOLDER)).unwrap();
        let mut names: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names.len(), 10);
        let newest = names.iter().filter_map(|name| name.to_str());
        assert!(newest.clone().all(|name| name.starts_with("demand-1_")));
        assert!(newest.clone().any(|name| name.starts_with("demand-1_12-")));
        assert!(!newest.clone().any(|name| name.starts_with("demand-1_1-")));
    }

    #[test]
    fn a_file_that_was_replaced_by_someone_else_is_left_unchanged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.wasm");
        write(&path, b"theirs").unwrap();
        let champion = champion(b"old", "1");
        let error = publish(&path, &challenger(b"ours", &champion)).unwrap_err();
        assert!(error.to_string().contains("was replaced"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"theirs");
        assert!(!folder.path().join(FOLDER).exists());
    }
}

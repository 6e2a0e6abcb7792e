use std::ffi::OsString;
use std::path::PathBuf;

use indicatif::ProgressBar;

use crate::archive::Archive;
use crate::bike;
use crate::embedded::embedded;
use crate::error::DatasetError;
use crate::loaded::Loaded;
use crate::period::Period;
use crate::reader::read_csv;

/// Source of the bike table; on a command line `default`, `embedded` or a path.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Source {
    /// The embedded table if it has the rows needed; otherwise the cached download or a fresh
    /// one; if both years are wanted but unavailable, the embedded table with a warning.
    #[default]
    Default,
    /// The embedded table: 8,645 rows, 2011.
    Embedded,
    /// A local file in UCI's format.
    File(PathBuf),
}

impl From<OsString> for Source {
    fn from(text: OsString) -> Self {
        match text.to_str() {
            Some("default") => Self::Default,
            Some("embedded") => Self::Embedded,
            _ => Self::File(text.into()),
        }
    }
}

/// Loads the bike table. `needed` is the period that it must cover; `None` means all available
/// rows.
///
/// Blocks during a download, so call it outside an async runtime. The progress bar is used only for
/// a download, which is cached in `$CANOPY_DATA_CACHE`, otherwise `$XDG_CACHE_HOME/canopy`,
/// otherwise `~/.cache/canopy`.
///
/// # Errors
///
/// If a file cannot be read or is invalid; [`DatasetError::NeedsFullTable`] if the period ends
/// after 2011 and the full table is unavailable.
pub fn bike_sharing(
    source: &Source,
    needed: Option<Period>,
    progress: &ProgressBar,
) -> Result<Loaded, DatasetError> {
    bike_sharing_from(&Archive::uci(), source, needed, progress)
}

/// Like [`bike_sharing`], with the full table from another archive than UCI's.
///
/// # Errors
///
/// As [`bike_sharing`].
pub fn bike_sharing_from(
    archive: &Archive,
    source: &Source,
    needed: Option<Period>,
    progress: &ProgressBar,
) -> Result<Loaded, DatasetError> {
    let beyond = needed.filter(|period| period.until > bike::LAST_EMBEDDED_DAY);
    match (source, needed, beyond) {
        (Source::File(path), _, _) => Ok(Loaded {
            frame: read_csv(path, &bike::schema())?,
            origin: path.display().to_string(),
            warning: None,
        }),
        (Source::Embedded, _, Some(period)) => Err(DatasetError::NeedsFullTable {
            period,
            source: None,
        }),
        (Source::Embedded, _, None) | (Source::Default, Some(_), None) => built_in(None),
        (Source::Default, _, Some(period)) => {
            archive
                .table(progress)
                .map_err(|error| DatasetError::NeedsFullTable {
                    period,
                    source: Some(Box::new(error)),
                })
        }
        (Source::Default, None, None) => archive.table(progress).or_else(|error| {
            let reason = error.with_causes();
            built_in(Some(format!("using the rows of 2011 only: {reason}")))
        }),
    }
}

fn built_in(warning: Option<String>) -> Result<Loaded, DatasetError> {
    Ok(Loaded {
        frame: embedded()?,
        origin: "the embedded table (UCI Bike Sharing, 2011)".into(),
        warning,
    })
}

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

/// Where the bike table comes from; on a command line `default`, `embedded` or a path.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Source {
    /// The embedded table when it has the needed rows; otherwise the cached
    /// download, a fresh download, and at last the embedded table with a warning.
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

/// Loads the bike table; `needed` says which rows must be in it, and nothing means all.
///
/// Blocks, for as long as a download takes; call it outside an async runtime. The
/// progress bar shows a download and is left alone otherwise. The download is kept in
/// `$CANOPY_DATA_CACHE`, otherwise `$XDG_CACHE_HOME/canopy`, otherwise `~/.cache/canopy`.
///
/// # Errors
///
/// A bad or unreadable file; [`DatasetError::NeedsFullTable`] when the period goes
/// beyond 2011 and there is no way to the full table.
pub fn bike_sharing(
    source: &Source,
    needed: Option<Period>,
    progress: &ProgressBar,
) -> Result<Loaded, DatasetError> {
    bike_sharing_from(&Archive::uci(), source, needed, progress)
}

/// [`bike_sharing`], with the full table from another archive than UCI's.
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

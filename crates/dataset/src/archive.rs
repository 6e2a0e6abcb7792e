use std::io::{Cursor, Read};
use std::path::PathBuf;
use std::time::Duration;

use indicatif::ProgressBar;
use zip::ZipArchive;
use zip::result::ZipError;

use crate::bike;
use crate::cache;
use crate::download::download;
use crate::error::DatasetError;
use crate::loaded::Loaded;
use crate::reader::{read_csv, read_table};

/// Name of the table in the archive and in the cache.
const TABLE: &str = "hour.csv";

/// Size limit of archive and table in bytes; they have 280 kB and 1.2 MB.
const SIZE_LIMIT: u64 = 16 << 20;

/// The full table: the address of a zip archive, and the folder that caches its table.
#[derive(Clone, Debug)]
pub struct Archive {
    /// Address of the archive.
    pub url: String,
    /// Folder that caches the table; created if missing.
    pub cache: PathBuf,
    /// Pause before the second attempt; twice that before the third and last.
    pub pause: Duration,
}

impl Archive {
    /// UCI's archive, cached in the user's cache folder, see [`crate::bike_sharing`].
    pub fn uci() -> Self {
        Self {
            url: bike::ARCHIVE_URL.into(),
            cache: cache::folder(),
            pause: Duration::from_secs(1),
        }
    }

    /// Loads the table from the cache, or downloads, checks and caches it. A table that cannot be
    /// cached is returned with a warning.
    ///
    /// # Errors
    ///
    /// If the download fails, or the table is not the published one.
    pub fn table(&self, progress: &ProgressBar) -> Result<Loaded, DatasetError> {
        let cached = self.cache.join(TABLE);
        // A missing or damaged cache is replaced by a download.
        if let Ok(frame) = read_csv(&cached, &bike::schema())
            && frame.height() == bike::ROWS
        {
            return Ok(Loaded {
                frame,
                origin: cached.display().to_string(),
                warning: None,
            });
        }

        let archive = download(&self.url, SIZE_LIMIT, self.pause, progress)?;
        let text = self.unpack(&archive)?;
        let file = format!("{TABLE} in {}", self.url);
        let frame = read_table(&text, &file, &bike::schema())?;
        if frame.height() != bike::ROWS {
            return Err(DatasetError::RowCount {
                file,
                expected: bike::ROWS,
                found: frame.height(),
            });
        }
        let kept = cache::keep(&self.cache, TABLE, &text);
        Ok(Loaded {
            frame,
            origin: file,
            warning: kept.err().map(|error| error.with_causes()),
        })
    }

    fn unpack(&self, archive: &[u8]) -> Result<Vec<u8>, DatasetError> {
        let unpack = || {
            let mut text = Vec::new();
            ZipArchive::new(Cursor::new(archive))?
                .by_name(TABLE)?
                .take(SIZE_LIMIT)
                .read_to_end(&mut text)?;
            Ok(text)
        };
        unpack().map_err(|source: ZipError| DatasetError::Archive {
            url: self.url.clone(),
            source,
        })
    }
}

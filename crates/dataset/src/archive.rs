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

/// The table inside the archive, and its name in the cache.
const TABLE: &str = "hour.csv";

/// Bytes; more than the archive (280 kB) and the table (1.2 MB) can have.
const SIZE_LIMIT: u64 = 16 << 20;

/// The full table: a zip archive on a server, and a folder that keeps what was in it.
#[derive(Clone, Debug)]
pub struct Archive {
    /// Where the archive is.
    pub url: String,
    /// The folder that keeps the table.
    pub cache: PathBuf,
    /// How long to wait before the second try; doubled before the third, the last.
    pub pause: Duration,
}

impl Archive {
    /// UCI's archive, kept in the user's cache folder.
    pub fn uci() -> Self {
        Self {
            url: bike::ARCHIVE_URL.into(),
            cache: cache::folder(),
            pause: Duration::from_secs(1),
        }
    }

    /// The table from the cache, or else downloaded, checked and kept.
    ///
    /// # Errors
    ///
    /// When the download fails, or gives another table than the published one.
    pub fn table(&self, progress: &ProgressBar) -> Result<Loaded, DatasetError> {
        let cached = self.cache.join(TABLE);
        // Whatever is wrong with the cache, a download mends it.
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

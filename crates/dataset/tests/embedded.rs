//! The embedded table is UCI's, and loads without network.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;
use std::time::Duration;

use canopy_dataset::{
    Archive, DatasetError, Period, ProgressBar, Source, bike, bike_sharing_from, digest, slice,
};
use flate2::read::GzDecoder;
use sha2::{Digest as _, Sha256};

/// An archive that cannot be downloaded: nothing listens on port 0.
fn unreachable() -> Archive {
    Archive {
        url: "http://127.0.0.1:0/none.zip".into(),
        cache: PathBuf::from("none"),
        pause: Duration::ZERO,
    }
}

fn period(text: &str) -> Period {
    text.parse().unwrap()
}

#[test]
fn embedded_table_is_the_first_year_of_hour_csv() {
    let table = File::open(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/data/hour-2011.csv.gz"
    ));
    let mut text = Vec::new();
    GzDecoder::new(table.unwrap())
        .read_to_end(&mut text)
        .unwrap();
    let digest: String = Sha256::digest(&text)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    // The output of `head -n 8646 hour.csv | sha256sum` for UCI's file.
    assert_eq!(
        digest,
        "9991f5b3581b85de8bed964f7f2fbb5c411774e9ae505df3511eaaab870e7043"
    );
    let embedded = bike_sharing_from(
        &unreachable(),
        &Source::Embedded,
        None,
        &ProgressBar::hidden(),
    )
    .unwrap()
    .frame;
    assert_eq!(embedded.height(), 8_645);
}

#[test]
fn period_in_2011_is_served_without_network() {
    let january = period("2011-01-01..2011-01-31");
    let loaded = bike_sharing_from(
        &unreachable(),
        &Source::Default,
        Some(january),
        &ProgressBar::hidden(),
    )
    .unwrap();
    assert_eq!(loaded.warning, None);
    let rows = slice(&loaded.frame, bike::DATE, january).unwrap();
    assert_eq!(rows.height(), 688);
    assert_eq!(
        digest(&rows).unwrap(),
        "da57acf2cfce007a0444a3b0e448a297bcbc34b2521e59cfc31a7af16fb8ba61"
    );
}

#[test]
fn all_rows_without_network_are_those_of_2011_with_a_warning() {
    let loaded = bike_sharing_from(
        &unreachable(),
        &Source::Default,
        None,
        &ProgressBar::hidden(),
    )
    .unwrap();
    assert_eq!(loaded.frame.height(), 8_645);
    let warning = loaded.warning.unwrap();
    assert!(
        warning.starts_with(
            "using the rows of 2011 only: cannot download http://127.0.0.1:0/none.zip: "
        ),
        "{warning}"
    );
}

#[test]
fn period_beyond_2011_without_network_says_how_to_get_the_data() {
    for source in [Source::Default, Source::Embedded] {
        let error = bike_sharing_from(
            &unreachable(),
            &source,
            Some(period("2011-12-01..2012-01-31")),
            &ProgressBar::hidden(),
        )
        .unwrap_err();
        assert!(matches!(error, DatasetError::NeedsFullTable { .. }));
        assert_eq!(
            error.to_string(),
            "2011-12-01..2012-01-31 needs the table of 2011 and 2012, but only 2011 is built in: \
             connect to the network, or download and unpack \
             https://archive.ics.uci.edu/static/public/275/bike+sharing+dataset.zip \
             and pass the table with --data hour.csv"
        );
    }
}

#[test]
fn empty_period_names_the_days_there_are() {
    let loaded = bike_sharing_from(
        &unreachable(),
        &Source::Embedded,
        None,
        &ProgressBar::hidden(),
    )
    .unwrap();
    let error = slice(&loaded.frame, bike::DATE, period("2010-01-01..2010-12-31")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no rows in 2010-01-01..2010-12-31: the data covers 2011-01-01 to 2011-12-31"
    );
}

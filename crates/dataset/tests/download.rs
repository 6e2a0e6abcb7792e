//! The full table is downloaded, checked and cached, and the download is retried if it fails.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::io::{BufRead, BufReader, Cursor, Write};
use std::iter;
use std::net::TcpListener;
use std::path::Path;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use canopy_dataset::{
    Archive, DatasetError, Loaded, Period, ProgressBar, Source, bike, bike_sharing_from, slice,
};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const HEADER: &str = "instant,dteday,season,yr,mnth,hr,holiday,weekday,workingday,weathersit,\
                      temp,atemp,hum,windspeed,casual,registered,cnt";

/// A table of the published length whose last row is of 2012.
fn hour_csv() -> String {
    let row = |day: &str| format!("1,{day},1,0,1,0,0,6,0,1,0.24,0.2879,0.81,0,3,13,16\n");
    let rows = iter::repeat_n(row("2011-01-01"), 17_378);
    format!(
        "{HEADER}\n{}{}",
        rows.collect::<String>(),
        row("2012-12-31")
    )
}

fn zipped(name: &str, text: &str) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(name, SimpleFileOptions::default()).unwrap();
    zip.write_all(text.as_bytes()).unwrap();
    zip.finish().unwrap().into_inner()
}

fn response(status: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
    [head.as_bytes(), body].concat()
}

/// Serves one response per connection, then closes the port.
fn serve(responses: Vec<Vec<u8>>) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/bike.zip", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        for response in responses {
            let (mut stream, _) = listener.accept().unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            assert!(lines.map_while(Result::ok).any(|line| line.is_empty()));
            stream.write_all(&response).unwrap();
        }
    });
    (url, server)
}

fn load(url: &str, cache: &Path) -> Result<Loaded, DatasetError> {
    let archive = Archive {
        url: url.into(),
        cache: cache.into(),
        pause: Duration::from_millis(1),
    };
    bike_sharing_from(
        &archive,
        &Source::Default,
        Some(winter()),
        &ProgressBar::hidden(),
    )
}

fn winter() -> Period {
    "2012-12-01..2012-12-31".parse().unwrap()
}

/// Loads from a server with these responses; all of them must be used.
fn load_from(responses: Vec<Vec<u8>>) -> Result<Loaded, DatasetError> {
    let cache = tempfile::tempdir().unwrap();
    let (url, server) = serve(responses);
    let loaded = load(&url, cache.path());
    server.join().unwrap();
    if loaded.is_err() {
        assert_eq!(fs::read_dir(cache.path()).unwrap().count(), 0);
    }
    loaded
}

/// The reason why the full table could not be loaded.
fn cause(loaded: Result<Loaded, DatasetError>) -> DatasetError {
    match loaded.unwrap_err() {
        DatasetError::NeedsFullTable {
            source: Some(cause),
            ..
        } => *cause,
        other => panic!("{other:?}"),
    }
}

#[test]
fn downloads_once_and_reads_the_cache_afterwards() {
    let cache = tempfile::tempdir().unwrap();
    let folder = cache.path().join("made/when/needed");
    let (url, server) = serve(vec![response("200 OK", &zipped("hour.csv", &hour_csv()))]);

    let first = load(&url, &folder).unwrap();
    server.join().unwrap();
    assert_eq!(first.origin, format!("hour.csv in {url}"));
    assert_eq!(first.warning, None);
    assert_eq!(
        slice(&first.frame, bike::DATE, winter()).unwrap().height(),
        1
    );

    let second = load(&url, &folder).unwrap();
    assert_eq!(second.origin, folder.join("hour.csv").display().to_string());
    assert!(second.frame.equals(&first.frame));
}

#[test]
fn damaged_cache_is_downloaded_again() {
    let cache = tempfile::tempdir().unwrap();
    fs::write(cache.path().join("hour.csv"), &hour_csv()[..100_000]).unwrap();
    let (url, server) = serve(vec![response("200 OK", &zipped("hour.csv", &hour_csv()))]);

    assert_eq!(load(&url, cache.path()).unwrap().frame.height(), 17_379);
    server.join().unwrap();
    let kept = fs::read_to_string(cache.path().join("hour.csv")).unwrap();
    assert!(kept == hour_csv());
}

#[test]
fn table_that_cannot_be_cached_is_returned_with_a_warning() {
    let cache = tempfile::NamedTempFile::new().unwrap();
    let (url, server) = serve(vec![response("200 OK", &zipped("hour.csv", &hour_csv()))]);

    let loaded = load(&url, cache.path()).unwrap();
    server.join().unwrap();
    assert!(loaded.warning.unwrap().starts_with("cannot write "));
}

#[test]
fn server_error_is_retried() {
    let loaded = load_from(vec![
        response("503 Service Unavailable", b""),
        response("200 OK", &zipped("hour.csv", &hour_csv())),
    ]);
    assert_eq!(loaded.unwrap().frame.height(), 17_379);
}

#[test]
fn interrupted_download_is_retried() {
    let whole = response("200 OK", &zipped("hour.csv", &hour_csv()));
    let half = whole[..whole.len() / 2].to_vec();
    let loaded = load_from(vec![half.clone(), half, whole]);
    assert_eq!(loaded.unwrap().frame.height(), 17_379);
}

#[test]
fn lasting_server_error_is_reported() {
    let error = cause(load_from(vec![
        response("500 Internal Server Error", b"");
        3
    ]));
    assert!(
        matches!(&error, DatasetError::Download { source, .. } if source.status().unwrap() == 500)
    );
}

#[test]
fn client_error_is_not_retried() {
    let error = cause(load_from(vec![response("404 Not Found", b"")]));
    assert!(
        matches!(&error, DatasetError::Download { source, .. } if source.status().unwrap() == 404)
    );
}

#[test]
fn unreachable_server_is_reported() {
    let (url, server) = serve(Vec::new());
    server.join().unwrap();
    let cache = tempfile::tempdir().unwrap();
    let error = cause(load(&url, cache.path()));
    assert!(matches!(&error, DatasetError::Download { source, .. } if source.is_connect()));
}

#[test]
fn truncated_archive_is_an_error() {
    let zip = zipped("hour.csv", &hour_csv());
    let error = cause(load_from(vec![response("200 OK", &zip[..zip.len() / 2])]));
    assert!(matches!(error, DatasetError::Archive { .. }), "{error}");
}

#[test]
fn archive_without_the_table_is_an_error() {
    let error = cause(load_from(vec![response(
        "200 OK",
        &zipped("day.csv", &hour_csv()),
    )]));
    assert!(matches!(error, DatasetError::Archive { .. }), "{error}");
}

#[test]
fn table_with_another_header_is_an_error() {
    let text = hour_csv().replace("cnt", "count");
    let error = cause(load_from(vec![response(
        "200 OK",
        &zipped("hour.csv", &text),
    )]));
    assert!(matches!(error, DatasetError::Header { .. }), "{error}");
}

#[test]
fn table_with_missing_rows_is_an_error() {
    let text = hour_csv().lines().take(100).collect::<Vec<_>>().join("\n");
    let error = cause(load_from(vec![response(
        "200 OK",
        &zipped("hour.csv", &text),
    )]));
    assert!(
        matches!(
            error,
            DatasetError::RowCount {
                expected: 17_379,
                found: 99,
                ..
            }
        ),
        "{error}"
    );
}

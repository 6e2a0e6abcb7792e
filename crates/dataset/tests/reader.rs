//! Valid files become frames; errors name the place and the expected value.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;

use canopy_dataset::{ColumnKind, DatasetError, Schema, bike, digest, read_csv};
use polars::prelude::{DataFrame, DataType};

fn read(text: impl AsRef<[u8]>, schema: &Schema) -> Result<DataFrame, DatasetError> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("table.csv");
    fs::write(&file, text).unwrap();
    read_csv(&file, schema)
}

/// The error's text, without the temporary folder.
fn refusal(text: impl AsRef<[u8]>, schema: &Schema) -> String {
    let message = read(text, schema).unwrap_err().to_string();
    let place = message.find("table.csv").unwrap();
    message[place..].to_owned()
}

fn flowers() -> Schema {
    Schema {
        columns: vec![
            ("species".into(), ColumnKind::Text),
            ("length".into(), ColumnKind::number()),
            ("seen".into(), ColumnKind::Date),
        ],
        exact: false,
    }
}

const BIKE_HEADER: &str = "instant,dteday,season,yr,mnth,hr,holiday,weekday,workingday,weathersit,\
                           temp,atemp,hum,windspeed,casual,registered,cnt";

#[test]
fn reads_any_table_by_its_schema() {
    let frame = read(
        "seen,ignored,length,species\n2024-02-29,x,1.5,\"setosa, red\"\n1969-12-31,,-2e3,\n",
        &flowers(),
    )
    .unwrap();
    assert_eq!(frame.get_column_names(), ["species", "length", "seen"]);
    assert_eq!(
        frame.dtypes(),
        [DataType::String, DataType::Float64, DataType::Date]
    );
    let length = frame.column("length").unwrap().f64().unwrap();
    assert_eq!(length.to_vec(), [Some(1.5), Some(-2000.0)]);
    let seen = frame.column("seen").unwrap().date().unwrap().physical();
    assert_eq!(seen.to_vec(), [Some(19782), Some(-1)]);
    let species = frame.column("species").unwrap().str().unwrap();
    assert_eq!(species.get(0), Some("setosa, red"));
}

#[test]
fn refuses_a_file_that_is_not_there() {
    let error = read_csv("none.csv".as_ref(), &flowers()).unwrap_err();
    assert_eq!(error.to_string(), "cannot read none.csv");
}

#[test]
fn refuses_an_empty_file() {
    for text in ["", "\n", "species,length,seen\n"] {
        assert_eq!(refusal(text, &flowers()), "table.csv has no rows");
    }
}

#[test]
fn refuses_a_header_without_a_needed_column() {
    assert_eq!(
        refusal("species,seen\na,2024-01-01\n", &flowers()),
        "table.csv line 1: column length is missing"
    );
    assert_eq!(
        refusal("species,length,seen,length\n", &flowers()),
        "table.csv line 1: column length occurs more than once"
    );
}

#[test]
fn refuses_another_header_than_the_exact_one() {
    let found = BIKE_HEADER.replace("hr,", "hour,");
    assert_eq!(
        refusal(format!("{found}\n"), &bike::schema()),
        format!("table.csv line 1: expected the columns {BIKE_HEADER}, found {found}")
    );
}

#[test]
fn refuses_text_in_a_number_column() {
    for (text, shown) in [("long", "long"), ("", ""), ("NaN", "NaN"), ("inf", "inf")] {
        assert_eq!(
            refusal(
                format!("species,length,seen\na,1,2024-01-01\nb,{text},2024-01-01\n"),
                &flowers()
            ),
            format!("table.csv line 3, column length: expected a finite number, found {shown:?}")
        );
    }
}

#[test]
fn refuses_a_bad_date() {
    for text in ["2023-02-29", "20230201", "2023-02-01T00:00", "yesterday"] {
        assert_eq!(
            refusal(format!("species,length,seen\na,1,{text}\n"), &flowers()),
            format!(
                "table.csv line 2, column seen: expected a date such as 2011-01-31, found {text:?}"
            )
        );
    }
}

#[test]
fn refuses_a_truncated_line() {
    assert_eq!(
        refusal("species,length,seen\na,1,2024-01-01\nb,1", &flowers()),
        "table.csv line 3, column seen: expected 3 values in the line, found 2"
    );
}

#[test]
fn refuses_a_line_with_too_many_values() {
    assert_eq!(
        refusal("species,length,seen\na,1,2024-01-01,9\n", &flowers()),
        "table.csv line 2, column seen: expected 3 values in the line, found 4"
    );
}

#[test]
fn refuses_bytes_that_are_not_text() {
    assert_eq!(
        refusal(
            b"species,length,seen\na,1,2024-01-01\n\xff,1,2024-01-01\n",
            &flowers()
        ),
        "table.csv line 3: not UTF-8 text"
    );
}

#[test]
fn refuses_an_hour_out_of_range() {
    assert_eq!(
        refusal(
            format!("{BIKE_HEADER}\n1,2011-01-01,1,0,1,24,0,6,0,1,0.24,0.2879,0.81,0,3,13,16\n"),
            &bike::schema()
        ),
        "table.csv line 2, column hr: expected a whole number from 0 to 23, found \"24\""
    );
}

#[test]
fn lines_are_counted_as_an_editor_counts_them() {
    let texts = [
        "species,length,seen\r\n\r\na,1,2024-01-01\r\nb,x,2024-01-01\r\n",
        "\u{feff}species,length,seen\n\na,1,2024-01-01\nb,x,2024-01-01\n",
        "species,length,seen\n\"a\nb\",1,2024-01-01\nb,x,2024-01-01",
    ];
    for text in texts {
        assert_eq!(
            refusal(text, &flowers()),
            "table.csv line 4, column length: expected a finite number, found \"x\""
        );
    }
}

#[test]
fn digest_follows_names_values_and_order() {
    let table = |text: &str| digest(&read(text, &flowers()).unwrap()).unwrap();
    let one = table("species,length,seen\na,1,2024-01-01\nb,2,2024-01-02\n");
    assert_eq!(
        one,
        table("seen,species,length\n2024-01-01,a,1.0\n2024-01-02,b,2\n")
    );
    assert_ne!(
        one,
        table("species,length,seen\nb,2,2024-01-02\na,1,2024-01-01\n")
    );
    assert_ne!(
        one,
        table("species,length,seen\na,1,2024-01-01\nb,2,2024-01-03\n")
    );
}

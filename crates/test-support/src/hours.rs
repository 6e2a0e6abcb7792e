use std::fs::File;

use flate2::read::GzDecoder;
use serde_json::{Map, Value};

const TABLE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../dataset/data/hour-2011.csv.gz"
);

/// The hours of a period of 2011 (`2011-02-01..2011-02-07`) as records, with every column of the
/// bike-sharing table.
///
/// # Panics
///
/// If there are none.
pub fn hours(period: &str) -> Vec<Value> {
    let (from, until) = period.split_once("..").unwrap();
    let mut reader = csv::Reader::from_reader(GzDecoder::new(File::open(TABLE).unwrap()));
    let names = reader.headers().unwrap().clone();
    let date = names.iter().position(|name| name == "dteday").unwrap();
    let rows = reader.records().map(Result::unwrap);
    let rows = rows.filter(|row| (from..=until).contains(&&row[date]));
    let records = rows.map(|row| {
        let fields = names.iter().zip(&row);
        let fields = fields.map(|(name, text)| (name.to_owned(), value(text)));
        Value::Object(fields.collect::<Map<_, _>>())
    });
    let records: Vec<Value> = records.collect();
    assert!(!records.is_empty(), "{period} has no hours");
    records
}

fn value(text: &str) -> Value {
    let integer = text.parse::<i64>().map(Value::from);
    let number = integer.or_else(|_| text.parse::<f64>().map(Value::from));
    number.unwrap_or_else(|_| text.into())
}

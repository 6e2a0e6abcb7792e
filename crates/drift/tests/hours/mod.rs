//! The hours of 2011, from the table that `canopy-dataset` embeds.

use std::fs::File;
use std::ops::RangeInclusive;

use csv::StringRecord;
use flate2::read::GzDecoder;

const TABLE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../dataset/data/hour-2011.csv.gz"
);

/// All rows, in order.
pub(crate) struct Hours {
    names: StringRecord,
    records: Vec<StringRecord>,
}

impl Hours {
    pub(crate) fn read() -> Self {
        let mut reader = csv::Reader::from_reader(GzDecoder::new(File::open(TABLE).unwrap()));
        Self {
            names: reader.headers().unwrap().clone(),
            records: reader.records().map(Result::unwrap).collect(),
        }
    }

    /// One column of the rows from a first to a last one, counted from 1.
    ///
    /// `prediction` is made up: as many distinct values as a forest gives, and the same bits in
    /// Python.
    pub(crate) fn column(&self, name: &str, rows: RangeInclusive<usize>) -> Vec<f64> {
        if name == "prediction" {
            let [counts, humidity, temperatures] =
                ["cnt", "hum", "temp"].map(|name| self.column(name, rows.clone()));
            let inputs = counts.iter().zip(&humidity).zip(&temperatures);
            return inputs
                .map(|((count, hum), temp)| 0.9 * count + 7.0 * hum + temp)
                .collect();
        }
        let index = self.names.iter().position(|header| header == name).unwrap();
        self.records[rows.start() - 1..*rows.end()]
            .iter()
            .map(|record| record[index].parse().unwrap())
            .collect()
    }
}

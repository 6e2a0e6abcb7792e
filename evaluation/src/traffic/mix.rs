use canopy_dataset::bike;
use fastrand::Rng;
use serde_json::Value;

use crate::data::Record;

/// A request to `POST /predict`.
pub(crate) struct Request {
    pub(crate) content_type: &'static str,
    pub(crate) body: Vec<u8>,
    /// Whether it is malformed, so that the host must reject it.
    pub(crate) bad: bool,
}

/// An endless sequence of requests: the records in order, some drifted, some malformed.
pub(crate) struct Mix {
    records: Vec<Record>,
    next: usize,
    bad_share: f64,
    drifted_share: f64,
    random: Rng,
}

/// UCI scales these to the range 0 to 1, so adding 1 puts them out of any training range.
const WEATHER: [&str; 4] = ["temp", "atemp", "hum", "windspeed"];

impl Mix {
    /// Creates the requests from `records`, which must not be empty. The shares are from 0 to 1 and
    /// add up to at most 1.
    pub(crate) fn new(
        mut records: Vec<Record>,
        bad_share: f64,
        drifted_share: f64,
        seed: u64,
    ) -> Self {
        for record in &mut records {
            record.retain(|column, _| !bike::COUNTS.contains(&column.as_str()));
        }
        Self {
            records,
            next: 0,
            bad_share,
            drifted_share,
            random: Rng::with_seed(seed),
        }
    }
}

impl Iterator for Mix {
    type Item = Request;

    fn next(&mut self) -> Option<Request> {
        let record = self.records[self.next].clone();
        self.next = (self.next + 1) % self.records.len();
        let draw = self.random.f64();
        Some(if draw < self.bad_share {
            malformed(record, &mut self.random)
        } else if draw < self.bad_share + self.drifted_share {
            good(drifted(record))
        } else {
            good(record)
        })
    }
}

fn good(record: Record) -> Request {
    Request {
        content_type: "application/json",
        body: Value::from(record).to_string().into_bytes(),
        bad: false,
    }
}

fn drifted(mut record: Record) -> Record {
    for column in WEATHER {
        if let Some(value) = record.get_mut(column) {
            *value = value.as_f64().map(|value| value + 1.0).into();
        }
    }
    record
}

/// Makes a record malformed in one of five ways.
fn malformed(mut record: Record, random: &mut Rng) -> Request {
    let way = random.usize(..5);
    match way {
        0 => record.remove("temp"),
        1 => record.insert("temp".into(), Value::Null),
        2 => record.insert("temp".into(), "mild".into()),
        _ => None,
    };
    let mut request = good(record);
    match way {
        3 => request.body.truncate(request.body.len() / 2),
        4 => request.content_type = "text/plain",
        _ => {}
    }
    Request {
        bad: true,
        ..request
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mix(bad_share: f64, drifted_share: f64) -> Mix {
        let record = |hour: u8| match json!({ "hr": hour, "temp": 0.25, "cnt": 3 }) {
            Value::Object(record) => record,
            _ => unreachable!(),
        };
        Mix::new(vec![record(0), record(1)], bad_share, drifted_share, 7)
    }

    fn bodies(mix: Mix, number: usize) -> Vec<String> {
        let texts = mix
            .take(number)
            .map(|request| String::from_utf8(request.body));
        texts.collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn records_come_in_order_without_the_counts() {
        let hours = [r#"{"hr":0,"temp":0.25}"#, r#"{"hr":1,"temp":0.25}"#];
        assert_eq!(bodies(mix(0.0, 0.0), 3), [hours[0], hours[1], hours[0]]);
    }

    #[test]
    fn drifted_records_are_out_of_the_range_of_the_data() {
        assert_eq!(bodies(mix(0.0, 1.0), 1), [r#"{"hr":0,"temp":1.25}"#]);
    }

    #[test]
    fn malformed_records_are_never_good_ones() {
        for request in mix(1.0, 0.0).take(100) {
            let number = serde_json::from_slice::<Value>(&request.body)
                .is_ok_and(|record| record["temp"].is_number());
            assert!(request.bad && !(number && request.content_type == "application/json"));
        }
    }

    #[test]
    fn shares_are_kept_and_the_same_seed_gives_the_same_requests() {
        let bad = mix(0.3, 0.3).take(10_000).filter(|request| request.bad);
        assert!((2_800..3_200).contains(&bad.count()));
        assert_eq!(bodies(mix(0.3, 0.3), 100), bodies(mix(0.3, 0.3), 100));
    }
}

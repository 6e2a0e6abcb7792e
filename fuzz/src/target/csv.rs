//! Records in CSV.

use canopy_rows::csv;

use super::form::check_forms;
use super::support::{check_rows, read};
use crate::model::{SCHEMAS, WIDE};

pub(super) fn check(body: &[u8]) -> bool {
    let _ = read(body, &WIDE, csv::records);
    let schema = &SCHEMAS[0];
    let Ok(rows) = read(body, schema, csv::records) else {
        return false;
    };
    check_rows(rows.values(), schema);
    check_forms(rows.values(), schema);
    true
}

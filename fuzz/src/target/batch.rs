//! A list of records in JSON.

use canopy_rows::json;

use super::form::check_forms;
use super::support::{check_rows, read};
use crate::model::{SCHEMAS, WIDE};

pub(super) fn check(body: &[u8]) -> bool {
    let _ = read(body, &WIDE, json::records);
    let schema = &SCHEMAS[0];
    let Ok(rows) = read(body, schema, json::records) else {
        return false;
    };
    check_rows(rows.values(), schema);
    check_forms(rows.values(), schema);
    true
}

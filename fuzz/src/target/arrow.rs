//! Records in an Arrow IPC stream.

use canopy_rows::arrow;

use super::form::check_forms;
use super::support::{check_rows, read};
use crate::model::SCHEMAS;

pub(super) fn check(body: &[u8]) -> bool {
    let schema = &SCHEMAS[0];
    let Ok(rows) = read(body, schema, arrow::records) else {
        return false;
    };
    check_rows(rows.values(), schema);
    check_forms(rows.values(), schema);
    true
}

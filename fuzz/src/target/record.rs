//! One record in JSON.

use canopy_rows::{InvalidBody, json};

use super::support::{check_rows, read, same};
use crate::model::{SCHEMAS, WIDE};

pub(super) fn check(body: &[u8]) -> bool {
    let _ = read(body, &WIDE, |body, schema, _| json::record(body, schema));
    let mut taken = false;
    for schema in &*SCHEMAS {
        let Ok(row) = read(body, schema, |body, schema, _| json::record(body, schema)) else {
            continue;
        };
        taken = true;
        assert_eq!((row.len(), row.width()), (1, schema.width()));
        let row = row.values();
        check_rows(row, schema);

        // The row is the same where something unexpected has the record read thoroughly.
        let record = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        let fields = record.trim_ascii_start().strip_prefix(b"{").unwrap_or(&[]);
        match json::record(&[b"{\"\\u0000\":[],", fields].concat(), schema) {
            Ok(thorough) => assert!(same(thorough.values(), row)),
            Err(InvalidBody::Malformed(words)) if words.contains("nested deeper") => {}
            Err(error) => panic!("a record is refused when read thoroughly: {error:?}"),
        }

        // And in a list.
        let list = [b"[", record, b",", record, b"]"].concat();
        match json::records(&list, schema, 2) {
            Ok(rows) => assert!(same(rows.values(), &[row, row].concat())),
            Err(InvalidBody::Malformed(words)) if words.contains("nested deeper") => {}
            Err(error) => panic!("a record is refused in a list: {error:?}"),
        }
    }
    taken
}

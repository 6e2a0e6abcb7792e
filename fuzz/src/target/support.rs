//! What the targets check alike.

use canopy_rows::{InvalidBody, Schema};

use crate::memory::bounded;

/// Maximum number of records that are taken.
pub(super) const MAX_ROWS: usize = 1000;
/// Bytes of memory that a body may take, and those that every byte of it may.
const BODY: (usize, usize) = (64 << 10, 64);

/// Reads a body of records and checks what came of it.
pub(super) fn read<T>(
    body: &[u8],
    schema: &Schema,
    parse: impl Fn(&[u8], &Schema, usize) -> Result<T, InvalidBody>,
) -> Result<T, InvalidBody> {
    let result = bounded(body, BODY, || parse(body, schema, MAX_ROWS));
    if let Err(error) = &result {
        check_error(error, schema);
    }
    result
}

/// Checks that rows are whole, not too many, and of finite values.
pub(super) fn check_rows(rows: &[f64], schema: &Schema) {
    assert!(rows.len().is_multiple_of(schema.width()), "whole rows");
    assert!(rows.len() <= MAX_ROWS * schema.width(), "too many rows");
    assert!(rows.iter().all(|value| value.is_finite()), "finite values");
}

/// Checks that an error tells a client what to correct.
fn check_error(error: &InvalidBody, schema: &Schema) {
    match error {
        InvalidBody::Malformed(words) | InvalidBody::Shape(words) => assert!(!words.is_empty()),
        InvalidBody::TooMany(limit) => assert_eq!(*limit, MAX_ROWS),
        InvalidBody::Fields(problems) => {
            assert!(problems.count() > 0, "no field is named");
            for problem in problems.listed() {
                let field = problem.field.as_str();
                assert!(
                    schema.position(field, 0).is_some()
                        || ["data", "evaluation_period_name"].contains(&field),
                    "{field:?} is no field"
                );
                assert!(!problem.problem.is_empty());
            }
        }
    }
}

/// Whether two lists hold the same values, bit for bit.
pub(super) fn same(one: &[f64], other: &[f64]) -> bool {
    let bits = |values: &[f64]| -> Vec<u64> { values.iter().map(|v| v.to_bits()).collect() };
    bits(one) == bits(other)
}

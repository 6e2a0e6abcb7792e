//! Labelled records in JSON.

use canopy_rows::{Labels, json};

use super::support::{check_rows, read};
use crate::model::{SCHEMAS, WIDE};

pub(super) fn check(body: &[u8]) -> bool {
    let _ = read(body, &WIDE, json::labelled);
    let mut taken = false;
    for schema in &*SCHEMAS {
        let Ok(labelled) = read(body, schema, json::labelled) else {
            continue;
        };
        taken = true;
        check_rows(labelled.rows.values(), schema);
        let targets = &labelled.targets;
        assert!(!targets.is_empty(), "an evaluation of nothing");
        assert_eq!(labelled.rows.len(), targets.len());
        match schema.labels() {
            Labels::Numbers => assert!(targets.iter().all(|target| target.is_finite())),
            Labels::Classes(classes) => {
                let is_class = |target: &f64| classes.get(*target as usize).is_some();
                assert!(
                    targets
                        .iter()
                        .all(|t| t.fract() == 0.0 && *t >= 0.0 && is_class(t))
                );
            }
        }
        assert!(labelled.period.is_none_or(|name| name.len() <= 256));
    }
    taken
}

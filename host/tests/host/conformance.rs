//! Validates values against the schemas of an OpenAPI document.

use serde_json::{Value, json};

/// The schemas of a document. Supports the keywords of JSON Schema that the document uses.
pub(crate) struct Schemas<'a>(pub(crate) &'a Value);

impl<'a> Schemas<'a> {
    /// Why a value does not match a schema. An object must not have fields that its schema does not
    /// declare.
    pub(crate) fn faults(&self, schema: &'a Value, value: &Value) -> Vec<String> {
        let mut faults = self.faults_of_part(schema, value, "");
        self.find_undeclared(schema, value, "", &mut faults);
        faults
    }

    /// A schema, or the one that it refers to.
    pub(crate) fn resolve(&self, schema: &'a Value) -> &'a Value {
        let Some(reference) = schema["$ref"].as_str() else {
            return schema;
        };
        let pointer = reference.strip_prefix('#').unwrap_or(reference);
        let found = self.0.pointer(pointer);
        found.unwrap_or_else(|| panic!("{reference} is not in the document"))
    }

    /// Like [`Self::faults`], for a schema that may be part of another: allows other fields.
    fn faults_of_part(&self, schema: &'a Value, value: &Value, at: &str) -> Vec<String> {
        let schema = self.resolve(schema);
        let mut faults = Vec::new();
        let mut expect = |holds: bool, what: &Value| {
            if !holds {
                faults.push(format!("{at}: {value} is not {what}"));
            }
        };
        let ty = &schema["type"];
        expect(ty.is_null() || is_of_type(ty, value), ty);
        if let Some(values) = schema["enum"].as_array() {
            expect(values.contains(value), &schema["enum"]);
        }
        if let (Some(minimum), Some(number)) = (schema["minimum"].as_f64(), value.as_f64()) {
            expect(number >= minimum, &schema["minimum"]);
        }
        if let (Some(maximum), Some(number)) = (schema["maximum"].as_f64(), value.as_f64()) {
            expect(number <= maximum, &schema["maximum"]);
        }
        if let (Some(most), Some(fields)) = (schema["maxProperties"].as_u64(), value.as_object()) {
            expect(fields.len() as u64 <= most, &schema["maxProperties"]);
        }
        if value.is_object() {
            for name in list(schema, "required") {
                expect(value.get(name.as_str().unwrap()).is_some(), name);
            }
        }
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            if let Some(value) = value.get(name) {
                self.find(property, value, &format!("{at}/{name}"), &mut faults);
            }
        }
        for (position, item) in value.as_array().into_iter().flatten().enumerate() {
            let first = &schema["prefixItems"][position];
            let schema = if first.is_null() {
                &schema["items"]
            } else {
                first
            };
            if !schema.is_null() {
                self.find(schema, item, &format!("{at}/{position}"), &mut faults);
            }
        }
        for part in list(schema, "allOf") {
            faults.extend(self.faults_of_part(part, value, at));
        }
        let fits = |part: &&&'a Value| self.faults_of_part(part, value, at).is_empty();
        let choices = list(schema, "oneOf");
        if !choices.is_empty() && choices.iter().filter(fits).count() != 1 {
            faults.push(format!(
                "{at}: {value} fits none or several of {}",
                schema["oneOf"]
            ));
        }
        let choices = list(schema, "anyOf");
        if !choices.is_empty() && choices.iter().filter(fits).count() == 0 {
            faults.push(format!("{at}: {value} fits none of {}", schema["anyOf"]));
        }
        faults
    }

    fn find(&self, schema: &'a Value, value: &Value, at: &str, faults: &mut Vec<String>) {
        faults.extend(self.faults_of_part(schema, value, at));
        self.find_undeclared(schema, value, at, faults);
    }

    fn find_undeclared(
        &self,
        schema: &'a Value,
        value: &Value,
        at: &str,
        faults: &mut Vec<String>,
    ) {
        let fields = value.as_object().into_iter().flatten();
        let undeclared = fields.filter(|(name, _)| !self.declares(schema, name));
        faults.extend(undeclared.map(|(name, _)| format!("{at}/{name} is not declared")));
    }

    /// Whether a schema declares a field, or declares no fields at all.
    fn declares(&self, schema: &'a Value, field: &str) -> bool {
        let schema = self.resolve(schema);
        let parts = ["allOf", "oneOf", "anyOf"]
            .map(|key| list(schema, key))
            .concat();
        if schema["properties"].is_null() && parts.is_empty() {
            return schema["maxProperties"].is_null();
        }
        !schema["properties"][field].is_null()
            || parts.iter().any(|part| self.declares(part, field))
    }
}

fn list<'a>(schema: &'a Value, key: &str) -> Vec<&'a Value> {
    schema[key].as_array().into_iter().flatten().collect()
}

fn is_of_type(ty: &Value, value: &Value) -> bool {
    if let Some(choices) = ty.as_array() {
        return choices.iter().any(|ty| is_of_type(ty, value));
    }
    match ty.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        other => panic!("{other} is not a type"),
    }
}

#[test]
fn values_that_do_not_match_have_faults() {
    let document = json!({
        "named": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
        "sized": {"allOf": [{"$ref": "#/named"}, {"properties": {"size": {"minimum": 0}}}]},
        "choice": {"oneOf": [{"enum": ["a"]}, {"type": ["integer", "null"]}]},
    });
    let count = |schema: &str, value: Value| {
        let faults = Schemas(&document).faults(&document[schema], &value);
        faults.len()
    };
    assert_eq!(count("named", json!({"name": "x"})), 0);
    assert_eq!(count("named", json!({"name": 1})), 1);
    assert_eq!(count("named", json!({"nam": "x"})), 2);
    assert_eq!(count("sized", json!({"name": "x", "size": 1})), 0);
    assert_eq!(count("sized", json!({"name": "x", "size": -1})), 1);
    assert_eq!(count("sized", json!({"name": "x", "more": 1})), 1);
    assert_eq!(count("choice", Value::Null), 0);
    assert_eq!(count("choice", json!("b")), 1);
}

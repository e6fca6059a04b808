//! The JSON schema of the site file, for editors; made from the same table of keys that the reader uses.

use serde_json::{Map, Value, json};

use super::keys::{INCLUDE, INCLUDE_ABOUT, LINK_END, Shape, TABLES, Table};

/// The schema (JSON Schema 2020-12), with line ends.
pub fn schema() -> String {
    let mut properties = Map::new();
    properties.insert(
        INCLUDE.into(),
        json!({ "description": INCLUDE_ABOUT, "type": "array", "items": { "type": "string", "minLength": 1 } }),
    );
    for spec in TABLES {
        let mut one = table(spec);
        if spec.many {
            one = json!({ "type": "array", "items": one });
        }
        properties.insert(spec.name.into(), one);
    }
    let root = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "wardwatch site file",
        "type": "object",
        "additionalProperties": false,
        "required": ["site"],
        "properties": properties,
    });
    // a Value always has a form
    serde_json::to_string_pretty(&root).unwrap_or_default() + "\n"
}

fn table(spec: &Table) -> Value {
    let mut properties = Map::new();
    for key in spec.keys {
        let mut value = shape(key.shape);
        if let Some(object) = value.as_object_mut() {
            object.insert("description".into(), key.about.into());
        }
        properties.insert(key.name.into(), value);
    }
    let required: Vec<&str> = spec
        .keys
        .iter()
        .filter(|k| k.required)
        .map(|k| k.name)
        .collect();
    json!({
        "description": spec.about,
        "type": "object",
        "additionalProperties": false,
        "required": required,
        "properties": properties,
    })
}

fn shape(shape: Shape) -> Value {
    match shape {
        Shape::Text => json!({ "type": "string", "minLength": 1 }),
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::Number(low, high) => json!({ "type": "integer", "minimum": low, "maximum": high }),
        // in thousandths, so that no fraction is lost on the way
        Shape::Decimal(low, high) => {
            json!({ "type": "number", "minimum": low / 1_000, "maximum": high / 1_000 })
        }
        Shape::Duration(low, high) => json!({ "oneOf": [
            { "type": "integer", "minimum": low, "maximum": high },
            { "type": "string", "pattern": "^[0-9]+ *(s|m|min|h|d)?$" },
        ]}),
        Shape::List => json!({ "type": "array", "items": { "type": "string", "minLength": 1 } }),
        Shape::Word(words) => json!({ "enum": words() }),
        Shape::Secret => json!({ "type": "string", "pattern": "^(env:[A-Za-z0-9_]+|file:.+)$" }),
        Shape::End => json!({ "oneOf": [{ "type": "string", "minLength": 1 }, table(&LINK_END)] }),
    }
}

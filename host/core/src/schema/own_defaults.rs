//! Defaults that their own schemas refuse: a mistake of whoever wrote the schema, told when it is added.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::bounds::local;
use super::defaults;
use super::patterns;

/// Where the whole schema stands in the one that all defaults are checked with.
const WHOLE: &str = "#/$defs/whole";

/// Checks the defaults that would be filled in.
///
/// # Errors
/// A sentence that names the first default that its own schema refuses.
pub(super) fn check(root: &Value) -> Result<(), String> {
    let found = found(root);
    if found.is_empty() {
        return Ok(());
    }
    // One schema for all of them, with a property for each, so that there is one more compilation however many they
    // are.
    let (mut properties, mut values) = (Map::new(), Map::new());
    for (number, (pointer, default)) in found.iter().enumerate() {
        properties.insert(number.to_string(), json!({ "$ref": format!("{WHOLE}{pointer}") }));
        values.insert(number.to_string(), (*default).clone());
    }
    let mut whole = root.clone();
    refer_within(&mut whole, 0);
    let mut all = json!({ "$defs": { "whole": whole }, "properties": properties });
    if let (Some(all), Some(draft)) = (all.as_object_mut(), root.get("$schema")) {
        all.insert("$schema".to_owned(), draft.clone());
    }
    let failed = |reason: String| format!("its defaults cannot be checked: {reason}");
    let validator = jsonschema::options()
        .with_pattern_options(patterns::options(patterns::PATTERN_BYTES_MAX))
        .should_validate_formats(true)
        .build(&all)
        .map_err(|error| failed(error.to_string()))?;
    let values = Value::Object(values);
    let text = values.to_string();
    let filled = defaults::fill(&all, &text).ok().flatten();
    let filled = filled.and_then(|text: String| serde_json::from_str(&text).ok());
    let broken = |values: &Value| -> Result<Vec<(String, String)>, String> {
        let found = super::violations(&validator, &all, values).map_err(|error| failed(error.to_string()))?;
        Ok(found.into_iter().map(|violation| (violation.at, violation.message)).collect())
    };
    let without = broken(&values)?;
    let with = match (&filled, without.is_empty()) {
        (Some(filled), false) => broken(filled)?,
        _ => without.clone(),
    };
    // What a default has, and what is filled into it: it is good if either is.
    for (number, (pointer, default)) in found.iter().enumerate() {
        let of = |errors: &[(String, String)]| {
            let own = format!("/{number}");
            let is_own =
                |at: &str| at.strip_prefix(&own).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            errors.iter().find(|(at, _)| is_own(at)).map(|(_, message)| message.clone())
        };
        if let (Some(message), Some(_)) = (of(&without), of(&with)) {
            let default = super::shorten(default.to_string());
            return Err(format!("{pointer}: the default {default} breaks its own schema: {message}"));
        }
    }
    Ok(())
}

/// The defaults that would be filled in, with the places of their schemas.
fn found(root: &Value) -> Vec<(String, &Value)> {
    let (mut to_do, mut seen, mut found) = (vec![(String::new(), root)], HashSet::new(), Vec::new());
    while let Some((at, schema)) = to_do.pop() {
        let (Some(keywords), true) = (schema.as_object(), seen.insert(std::ptr::from_ref(schema))) else {
            continue;
        };
        for (keyword, value) in keywords {
            let here = format!("{at}/{keyword}");
            match (keyword.as_str(), value) {
                ("$ref", Value::String(reference)) => {
                    let target = local(root, reference).zip(reference.strip_prefix('#'));
                    to_do.extend(target.map(|(schema, at)| (at.to_owned(), schema)));
                }
                ("properties", Value::Object(properties)) => {
                    for (name, property) in properties {
                        let at = format!("{here}/{}", escaped(name));
                        found.extend(property.get("default").map(|default| (at.clone(), default)));
                        to_do.push((at, property));
                    }
                }
                ("allOf" | "prefixItems", Value::Array(schemas)) => {
                    let schemas = schemas.iter().enumerate();
                    to_do.extend(schemas.map(|(number, schema)| (format!("{here}/{number}"), schema)));
                }
                ("items", schema) => to_do.push((here, schema)),
                _ => {}
            }
        }
    }
    found
}

/// A name as it stands in the reference: a JSON Pointer in the fragment of an address.
fn escaped(name: &str) -> String {
    let mut escaped = String::new();
    for character in name.replace('~', "~0").replace('/', "~1").chars() {
        match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' | '.' | '~' => escaped.push(character),
            other => {
                let mut bytes = [0; 4];
                other
                    .encode_utf8(&mut bytes)
                    .bytes()
                    .for_each(|byte| escaped.push_str(&format!("%{byte:02X}")));
            }
        }
    }
    escaped
}

/// Has all references of a schema lead to where it stands within another one. Recursion is bounded by the depth at
/// which JSON is read.
fn refer_within(schema: &mut Value, depth: usize) {
    match schema {
        Value::Object(members) => {
            if depth == 0 {
                members.remove("$id");
                members.remove("id");
            }
            for (name, member) in members {
                match member {
                    Value::String(reference) if name == "$ref" => {
                        if let Some(pointer) = reference.strip_prefix('#') {
                            *reference = format!("{WHOLE}{pointer}");
                        }
                    }
                    member => refer_within(member, depth + 1),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| refer_within(item, depth + 1)),
        _ => {}
    }
}

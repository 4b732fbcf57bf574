//! The published JSON Schema says what the definition does.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;
use crate::workflow_file::shape::SCHEMA;

fn schema() -> Value {
    serde_json::from_str(SCHEMA).unwrap()
}

/// The fields that serde knows of an object, as it lists them when it meets another one.
fn fields(pointer: &str, mut document: Value) -> BTreeSet<String> {
    document.pointer_mut(pointer).unwrap().as_object_mut().unwrap().insert("zzz".to_owned(), json!(1));
    let error = serde_json::from_value::<Definition<String>>(document).unwrap_err().to_string();
    assert!(error.starts_with("unknown"), "{pointer}: {error}");
    error.split('`').skip(3).step_by(2).map(str::to_owned).collect()
}

fn keys(schema: &Value, pointer: &str) -> BTreeSet<String> {
    schema.pointer(pointer).and_then(Value::as_object).expect(pointer).keys().cloned().collect()
}

#[test]
fn every_verb_and_field_is_in_the_schema() {
    let step = json!({"component": "c", "step": "ask", "retry": {}});
    let map = json!({"map": {"to": "1"}});
    let entry = |verb: &str, what: Value| json!({"id": "w", "retry": {}, "steps": [{verb: what}]});
    let table = [
        ("/properties", "", entry("then", step.clone())),
        (
            "/$defs/workflow/properties",
            "/steps/0/workflow",
            entry("workflow", json!({"id": "w", "steps": []})),
        ),
        ("/$defs/step/properties", "/steps/0/then", entry("then", step.clone())),
        ("/$defs/retry/properties", "/steps/0/then/retry", entry("then", step.clone())),
        ("/$defs/parallel/properties", "/steps/0/parallel", entry("parallel", json!({"arms": []}))),
        (
            "/$defs/branch/properties",
            "/steps/0/branch",
            entry("branch", json!({"mode": "every", "arms": []})),
        ),
        (
            "/$defs/branch/properties/arms/items/properties",
            "/steps/0/branch/arms/0",
            entry("branch", json!({"mode": "every", "arms": [{"when": "1", "do": []}]})),
        ),
        ("/$defs/foreach/properties", "/steps/0/foreach", entry("foreach", json!({"do": map}))),
        ("/$defs/doWhile/properties", "/steps/0/doWhile", entry("doWhile", json!({"do": map, "while": "1"}))),
        ("/$defs/doUntil/properties", "/steps/0/doUntil", entry("doUntil", json!({"do": map, "until": "1"}))),
        ("/$defs/map/properties", "/steps/0/map", entry("map", json!({"to": "1"}))),
        ("/$defs/sleep/properties", "/steps/0/sleep", entry("sleep", json!({}))),
        ("/$defs/sleepUntil/properties", "/steps/0/sleepUntil", entry("sleepUntil", json!({}))),
        ("/$defs/event/properties", "/steps/0/event", entry("event", json!({"name": "n"}))),
        ("/$defs/ask/properties", "/steps/0/ask", entry("ask", json!({}))),
        ("/$defs/deadline/properties", "/steps/0/ask/deadline", entry("ask", json!({"deadline": {"ms": 1}}))),
        (
            "/$defs/text/else/properties",
            "/steps/0/ask/labels/0",
            entry("ask", json!({"labels": [{"expr": "1"}]})),
        ),
        ("/$defs/try/properties", "/steps/0/try", entry("try", json!({"do": map, "catch": map}))),
    ];
    let schema = schema();
    for (ours, theirs, document) in table {
        let mut known = keys(&schema, ours);
        known.remove("$schema");
        assert_eq!(known, fields(theirs, document), "{ours}");
    }
    let error =
        serde_json::from_str::<Definition<String>>(r#"{"id": "w", "steps": [{"zzz": 1}]}"#).unwrap_err();
    let verbs: BTreeSet<String> =
        error.to_string().split('`').skip(3).step_by(2).map(str::to_owned).collect();
    assert_eq!(keys(&schema, "/$defs/entry/properties"), verbs);
}

#[test]
fn everything_in_the_schema_is_described_and_used() {
    let schema = schema();
    for name in keys(&schema, "/$defs") {
        assert!(SCHEMA.contains(&format!("\"#/$defs/{name}\"")), "nothing refers to {name}");
        assert!(schema["$defs"][&name]["description"].is_string(), "{name} is not described");
    }
    let mut without = keys(&schema, "/properties");
    let inner = keys(&schema, "/$defs/workflow/properties");
    without.remove("$schema");
    assert_eq!(without, inner, "the file and workflows in it differ");
    assert!(jsonschema::meta::is_valid(&schema));
}

/// Whether the schema takes a workflow of these entries, and whether it can be committed. `@` is short for a step.
fn judged(entries: &str) -> (bool, bool) {
    let text =
        format!(r#"{{"id": "w", "steps": [{entries}]}}"#).replace('@', r#""component": "c", "step": "ask""#);
    let document: Value = serde_json::from_str(&text).unwrap();
    let definition: Option<Definition<String>> = serde_json::from_str(&text).ok();
    let committed = definition.is_some_and(|definition| definition_of(&definition).is_ok());
    (jsonschema::draft202012::is_valid(&schema(), &document), committed)
}

#[test]
fn schema_and_definition_judge_alike() {
    let valid = [
        r#"{"then": {@}}"#,
        r#"{"then": {"id": "a", @, "retry": {"retries": 3, "delayMs": 1, "backoff": 1.5, "maxDelayMs": 9,
            "jitter": 0.5}, "timeoutMs": 1, "totalTimeoutMs": 2}}"#,
        r#"{"workflow": {"id": "w2", "title": "t", "description": "d", "inputSchema": true, "outputSchema": {},
            "stateSchema": {}, "requestContextSchema": {}, "retry": {}, "timeoutMs": 5, "steps": [{"then": {@}}]}}"#,
        r#"{"parallel": {"arms": [{"then": {@}}, [{"map": {"to": "1"}}, {"map": {"to": "2"}}]]}}"#,
        r#"{"parallel": {"first": 1, "arms": [{"then": {@}}]}}"#,
        r#"{"branch": {"mode": "first", "arms": [{"when": "true", "do": {"then": {@}}}]}}"#,
        r#"{"branch": {"id": "b", "mode": "every", "arms": [{"when": {@}, "do": [{"map": {"to": "1"}}]}],
            "otherwise": {"map": {"to": "1"}}}}"#,
        r#"{"foreach": {"do": {"then": {@}}}}"#,
        r#"{"foreach": {"id": "f", "items": "input.items", "concurrency": 10000, "do": [{"then": {@}}]}}"#,
        r#"{"doWhile": {"id": "l", "do": {"then": {@}}, "while": "output.more"}}"#,
        r#"{"doUntil": {"do": [{"map": {"to": "1"}}], "until": {@}}}"#,
        r#"{"map": {"id": "m", "to": "input"}}"#,
        r#"{"map": {"to": {"a": "input", "b c": "1"}}}"#,
        r#"{"sleep": {"ms": 0}}"#,
        r#"{"sleep": {"for": "1d", "timeZone": "Europe/Berlin"}}"#,
        r#"{"sleep": {"id": "s", "expr": "input.ms"}}"#,
        r#"{"sleepUntil": {"at": "2100-01-01T00:00:00Z"}}"#,
        r#"{"sleepUntil": {"id": "s", "expr": "input.at"}}"#,
        r#"{"try": {"id": "t", "do": {"then": {@}}, "catch": [{"map": {"to": "input.error"}}]}}"#,
        r#"{"event": {"name": "n"}}"#,
        r#"{"event": {"id": "e", "name": {"expr": "input.n"}, "key": "k", "schema": {},
            "deadline": {"ms": 1, "otherwise": 1}}}"#,
        r#"{"event": {"name": "n", "key": {"expr": "input.k"}, "schema": true}}"#,
        r#"{"ask": {}}"#,
        r#"{"ask": {"id": "q", "title": "t", "description": "d", "payload": "input", "answer": {"type": "string"},
            "labels": ["l", {"expr": "input.l"}],
            "assignees": [{"expr": "[]"}], "deadline": {"for": "1d", "timeZone": "UTC", "otherwise": "late"}}}"#,
        r#"{"ask": {"payload": {"a": "1"}, "answer": true, "deadline": {"ms": 0, "otherwise": null}}}"#,
        r#"{"ask": {"deadline": {"expr": "input.ms"}}}"#,
    ];
    let invalid = [
        r#"{"event": {}}"#,
        r#"{"event": {"name": ""}}"#,
        r#"{"event": {"name": 5}}"#,
        r#"{"event": {"name": "n", "key": ["k"]}}"#,
        r#"{"event": {"name": "n", "payload": {}}}"#,
        r#"{"ask": "input"}"#,
        r#"{"ask": {"payload": 1}}"#,
        r#"{"ask": {"payload": {"a": 1}}}"#,
        r#"{"ask": {"answer": "yes"}}"#,
        r#"{"ask": {"labels": "l"}}"#,
        r#"{"ask": {"labels": [""]}}"#,
        r#"{"ask": {"labels": [1]}}"#,
        r#"{"ask": {"labels": [{"expr": "1", "more": 2}]}}"#,
        r#"{"ask": {"labels": ["1","2","3","4","5","6","7","8","9","a","b","c","d","e","f","g","h"]}}"#,
        r#"{"ask": {"assignees": [{}]}}"#,
        r#"{"ask": {"deadline": {}}}"#,
        r#"{"ask": {"deadline": {"ms": 1, "for": "1d"}}}"#,
        r#"{"ask": {"deadline": {"ms": -1}}}"#,
        r#"{"ask": {"question": "?"}}"#,
        r#""then""#,
        r#"{}"#,
        r#"{"them": {@}}"#,
        r#"{"then": {@}, "map": {"to": "1"}}"#,
        r#"{"then": {"step": "ask"}}"#,
        r#"{"then": {"component": "c"}}"#,
        r#"{"then": {@, "timeout": 1}}"#,
        r#"{"then": {@, "timeoutMs": 0}}"#,
        r#"{"then": {@, "totalTimeoutMs": "1"}}"#,
        r#"{"then": {"id": "a b", @}}"#,
        r#"{"then": {@, "retry": {"retries": 1001}}}"#,
        r#"{"then": {@, "retry": {"retries": -1}}}"#,
        r#"{"then": {@, "retry": {"backoff": 0.5}}}"#,
        r#"{"then": {@, "retry": {"jitter": 1.5}}}"#,
        r#"{"then": {@, "retry": 3}}"#,
        r#"{"workflow": {"steps": [{"then": {@}}]}}"#,
        r#"{"workflow": {"id": "w2", "steps": []}}"#,
        r#"{"workflow": {"id": "w2", "inputSchema": 5, "steps": [{"then": {@}}]}}"#,
        r#"{"workflow": {"id": "w2", "$schema": "x", "steps": [{"then": {@}}]}}"#,
        r#"{"parallel": {"arms": []}}"#,
        r#"{"parallel": {"first": 0, "arms": [{"then": {@}}]}}"#,
        r#"{"parallel": {"first": "1", "arms": [{"then": {@}}]}}"#,
        r#"{"parallel": {"arms": [[]]}}"#,
        r#"{"parallel": [{"then": {@}}]}"#,
        r#"{"branch": {"arms": [{"when": "true", "do": {"then": {@}}}]}}"#,
        r#"{"branch": {"mode": "last", "arms": [{"when": "true", "do": {"then": {@}}}]}}"#,
        r#"{"branch": {"mode": "first", "arms": []}}"#,
        r#"{"branch": {"mode": "first", "arms": [{"do": {"then": {@}}}]}}"#,
        r#"{"branch": {"mode": "first", "arms": [{"when": true, "do": {"then": {@}}}]}}"#,
        r#"{"branch": {"mode": "first", "arms": [{"when": "true", "do": "x"}]}}"#,
        r#"{"foreach": {"concurrency": 0, "do": {"then": {@}}}}"#,
        r#"{"foreach": {"concurrency": 10001, "do": {"then": {@}}}}"#,
        r#"{"foreach": {"items": ["a"], "do": {"then": {@}}}}"#,
        r#"{"foreach": {}}"#,
        r#"{"doWhile": {"do": {"then": {@}}, "until": "true"}}"#,
        r#"{"doUntil": {"do": {"then": {@}}}}"#,
        r#"{"map": {"to": 5}}"#,
        r#"{"map": {"to": {"a": 5}}}"#,
        r#"{"map": "input"}"#,
        r#"{"sleep": {}}"#,
        r#"{"sleep": {"ms": 5, "for": "1d"}}"#,
        r#"{"sleep": {"ms": -5}}"#,
        r#"{"sleep": {"for": ""}}"#,
        r#"{"sleepUntil": {}}"#,
        r#"{"sleepUntil": {"at": "2100-01-01T00:00:00Z", "expr": "now"}}"#,
        r#"{"try": {"do": {"then": {@}}}}"#,
        r#"{"try": {"catch": {"then": {@}}}}"#,
    ];
    for (entries, expected) in
        valid.iter().map(|entry| (entry, true)).chain(invalid.iter().map(|entry| (entry, false)))
    {
        assert_eq!(judged(entries), (expected, expected), "{entries}");
    }
}

//! Expressions against a document: what they give, and what is said when they give nothing.

mod document;
mod documentation;
mod errors;
mod limits;
mod names;
mod oracle;
mod syntax;
mod values;

use super::*;

/// The document that the tables read.
const DOCUMENT: &str = r#"{
  "id": "o-17", "amount": 250, "price": 1.50, "big": 18446744073709551615, "huge": 123456789012345678901234567890,
  "negative": -3, "ok": true, "none": null, "name": "Zoë \"Z\" K.", "empty": "",
  "tags": ["red", "green"], "numbers": [1, 2.0, 3],
  "items": [{"sku": "a", "qty": 2, "net": 10.25}, {"sku": "b", "qty": 0, "net": 1e2}, {"sku": "c", "qty": 5}],
  "address": {"city": "Bern", "zip code": "3000", "geo": {"lat": 46.948, "lon": 7.447}},
  "at": "2026-01-31T12:30:15.250Z", "raw":  [ 1.50,  {"x":1e2} ]
}"#;

/// What an expression gives in the scope of all tables: the JSON, or the text of the error.
fn outcome(source: &str) -> String {
    let document = Json::parse(DOCUMENT).unwrap();
    let (check, ship) = (Json::parse(r#"{"approved":true}"#).unwrap(), Json::parse("\"sent\"").unwrap());
    let state = serde_json::json!({"count": 3, "list": [1, "two"]});
    let scope = Scope::new()
        .json("input", &document)
        .value("state", &state)
        .entries("steps", [("check", &check), ("ship-it", &ship)])
        .int("iteration", 2)
        .timestamp("now", crate::time::Timestamp(1_767_225_600_000));
    given(source, &scope)
}

/// What an expression gives in a scope: the JSON, or the text of the error.
fn given(source: &str, scope: &Scope<'_>) -> String {
    let expression = match Expression::compile(source) {
        Ok(expression) => expression,
        Err(error) => return format!("not compiled: {error}"),
    };
    match expression.evaluate_json(scope) {
        Ok(json) => json.text().to_owned(),
        Err(error) => error.to_string(),
    }
}

/// Checks a table of expressions and what they give.
#[track_caller]
fn check(rows: &[(&str, &str)]) {
    let wrong: Vec<String> = rows
        .iter()
        .map(|(source, expected)| (source, expected, outcome(source)))
        .filter(|(_, expected, found)| *expected != found)
        .map(|(source, expected, found)| format!("{source}\n  expected {expected}\n  found    {found}"))
        .collect();
    assert!(wrong.is_empty(), "{} of {} rows:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

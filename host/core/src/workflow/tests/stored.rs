//! A definition that was committed once can always be loaded, however strict committing has become.

use super::*;
use crate::json::Json;

/// A definition as a store would give it back.
fn load(text: &str) -> Result<Workflow, Vec<DefinitionError>> {
    let text = text.replace('#', DIGEST);
    let definition: Definition = serde_json::from_str(&text).unwrap();
    Workflow::load(Json::stored(text).unwrap(), &definition, &contracts)
}

#[test]
fn what_is_asked_of_new_definitions_is_not_asked_of_stored_ones() {
    let deep = (0..=PATH_DEPTH_MAX)
        .fold(r##"{"then": {"id": "ask", "component": "#", "step": "ask"}}"##.to_owned(), |inner, n| {
            format!(r#"{{"workflow": {{"id": "w{n}", "steps": [{inner}]}}}}"#)
        });
    let long = format!(r#"{{"title": "{}"}}"#, "x".repeat(crate::schema::SCHEMA_BYTES_MAX));
    let table = [
        (r#"{"id": "w", "steps": [{"map": {"id": "m", "to": "steps.gone + unknown"}}]}"#.to_owned(), "is not known here"),
        (r#"{"id": "w", "steps": [{"map": {"id": "m", "to": "steps.gone"}}]}"#.to_owned(), "there is no entry `gone`"),
        (r#"{"id": "w", "timeoutMs": 0, "steps": [{"map": {"id": "m", "to": "1"}}]}"#.to_owned(), "it is 0"),
        (r#"{"id": "a name", "steps": [{"map": {"id": "m", "to": "1"}}]}"#.to_owned(), "cannot be the id of a workflow"),
        (
            r#"{"id": "w", "steps": [{"foreach": {"id": "f", "concurrency": 10001, "do": [{"map": {"id": "m", "to": "1"}}]}}]}"#.to_owned(),
            "it is 10001, expected 1 to 10000",
        ),
        (format!(r#"{{"id": "w", "inputSchema": {long}, "steps": [{{"map": {{"id": "m", "to": "1"}}}}]}}"#), "bytes long"),
        (format!(r#"{{"id": "w", "steps": [{deep}]}}"#), "levels deep"),
    ];
    for (text, problem) in table {
        let refused = try_commit(&text).unwrap_err();
        assert!(refused.iter().any(|error| error.to_string().contains(problem)), "{refused:?}");
        let workflow = load(&text).unwrap_or_else(|errors| panic!("{problem}: {errors:?}"));
        assert_eq!(
            workflow.definition().text(),
            text.replace('#', DIGEST),
            "the text stays, and with it the digest"
        );
    }
}

#[test]
fn what_no_workflow_can_be_made_of_is_told_of_stored_definitions_too() {
    let errors = |text: &str| load(text).unwrap_err().iter().map(ToString::to_string).collect::<Vec<_>>();
    let gone = DIGEST.replace("ba78", "0000");
    let missing = format!(
        r#"{{"id": "w", "steps": [{{"then": {{"id": "ask", "component": "{gone}", "step": "ask"}}}}]}}"#
    );
    assert_eq!(
        errors(&missing),
        [format!("workflow `w`, entry `ask`, `component`: there is no component {gone}")]
    );
    assert_eq!(errors(r#"{"id": "w", "steps": [{"map": {"id": "m", "to": "1 +"}}]}"#).len(), 1);
}

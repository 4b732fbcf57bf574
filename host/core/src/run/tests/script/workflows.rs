//! Reading of workflows, and what is known of their steps.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::words::value;
use crate::digest::ComponentDigest;
use crate::json::Json;
use crate::retry::RetryPolicy;
use crate::step::Descriptor;
use crate::workflow::{AskEntry, Contract, Definition, StepEntry, Workflow, WorkflowBuilder};

/// Commits a workflow in the language of these tests.
pub(in crate::run::tests) fn commit(text: &str) -> Result<Workflow, String> {
    let definition = match text.starts_with('[') {
        true => from_json(text),
        false => {
            let (builder, rest) = entries(WorkflowBuilder::new("w"), text);
            assert_eq!(rest, "", "the workflow ends early");
            builder.definition()
        }
    };
    let names = names_in(text);
    let contracts = move |_: &ComponentDigest| {
        Ok(Arc::new(names.iter().map(|name| (name.clone(), Arc::new(contract(name)))).collect()))
    };
    let errors = |errors: Vec<_>| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    Workflow::commit(&definition, &contracts).map_err(errors)
}

/// The words of a text: among them the names of all steps.
fn names_in(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_ascii_alphanumeric()).chain(["packed"]).map(str::to_owned).collect()
}

/// A workflow whose entries are JSON, `"@name"` being a step.
fn from_json(text: &str) -> Definition {
    let component = ComponentDigest::of(b"").to_string();
    let mut parts = text.split("\"@");
    let mut json = parts.next().unwrap().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('"').expect("a step's name in quotes");
        write!(json, r#"{{"then": {{"component": "{component}", "step": "{name}"}}}}{rest}"#).unwrap();
    }
    let mut parts = json.split("\"?");
    let mut text = parts.next().unwrap().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('"').expect("a condition's name in quotes");
        write!(text, r#"{{"component": "{component}", "step": "{name}"}}{rest}"#).unwrap();
    }
    serde_json::from_str(&format!(r#"{{"id": "w", "steps": {text}}}"#))
        .unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Reads entries up to a closing bracket or the end; returns what is left.
fn entries(mut builder: WorkflowBuilder, mut text: &str) -> (WorkflowBuilder, &str) {
    loop {
        text = text.trim_start();
        let Some(at) = text.find(|c: char| !c.is_ascii_alphabetic()) else { return (builder, text) };
        let (word, rest) = text.split_at(at);
        (builder, text) = match word {
            "" => return (builder, text),
            "then" => {
                let (name, rest) =
                    rest.strip_prefix('(').and_then(|rest| rest.split_once(')')).expect("then(name)");
                (builder.then(StepEntry::new(ComponentDigest::of(b""), name)), rest)
            }
            "ask" => {
                let (words, rest) =
                    rest.strip_prefix('(').and_then(|rest| rest.split_once(')')).expect("ask(name)");
                let (name, seconds) = words.split_once(' ').unwrap_or((words, ""));
                let question = AskEntry::default().id(name);
                let question = match seconds.parse() {
                    Ok(seconds) => question.deadline(Duration::from_secs(seconds)),
                    Err(_) => question,
                };
                (builder.ask(question), rest)
            }
            "workflow" => {
                let (name, rest) =
                    rest.strip_prefix('(').and_then(|rest| rest.split_once(':')).expect("workflow(name:");
                let (inner, rest) = entries(WorkflowBuilder::new(name), rest);
                (
                    builder.workflow(Definition::from(inner)),
                    rest.strip_prefix(')').expect("a closing bracket"),
                )
            }
            _ => {
                let (schema, rest) = value(rest);
                let builder = match word {
                    "input" => builder.input_schema(schema),
                    "output" => builder.output_schema(schema),
                    "state" => builder.state_schema(schema),
                    "context" => builder.request_context_schema(schema),
                    other => panic!("no entry begins with `{other}`"),
                };
                (builder, rest)
            }
        };
    }
}

/// What is known of a step, by its name. Names that are not listed have no contract.
fn contract(name: &str) -> Contract {
    let object = |properties: Value, required: Value| {
        Some(Json::from(json!({"type": "object", "properties": properties, "required": required})))
    };
    let plain = Descriptor { id: name.to_owned(), ..Descriptor::default() };
    let descriptor = match name {
        "approve" => Descriptor {
            suspend_schema: object(json!({"reason": {"type": "string"}}), json!(["reason"])),
            resume_schema: object(
                json!({"ok": {"type": "boolean"}, "note": {"type": "string", "default": "none"}}),
                json!(["ok"]),
            ),
            ..plain
        },
        "count" => Descriptor {
            input_schema: object(json!({"v": {"type": "integer", "default": 7}}), json!([])),
            output_schema: Some(Json::from(json!({"type": "integer"}))),
            ..plain
        },
        "flaky" => Descriptor {
            retry: Some(RetryPolicy { retries: 2, delay_ms: 10_000, backoff: 2.0, ..RetryPolicy::default() }),
            ..plain
        },
        "greet" => Descriptor {
            request_context_schema: object(
                json!({"user": {"type": "string"}, "role": {"default": "clerk"}}),
                json!(["user"]),
            ),
            ..plain
        },
        "tally" => Descriptor { state_schema: object(json!({"n": {"type": "integer"}}), json!([])), ..plain },
        _ => plain,
    };
    Contract::new(descriptor).unwrap()
}

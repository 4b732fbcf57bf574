//! Committing: what becomes of a definition, and what is said of a wrong one.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use super::node::{Body, ConditionNode, Kind, MapNode, Node, Scope};
use super::*;
use crate::digest::ComponentDigest;
use crate::path::{PATH_DEPTH_MAX, StepPath};
use crate::step::Descriptor;

mod fluent;
mod mistakes;
mod names;
mod stored;
mod structure;

const DIGEST: &str = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

/// Commits a definition. `#` stands for a component with the steps `ask`, `check` and `pay`; `@x` for an entry with
/// that step.
fn try_commit(text: &str) -> Result<Workflow, Vec<DefinitionError>> {
    let text = text.replace('#', DIGEST);
    let definition: Definition =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    Workflow::commit(&definition, &contracts)
}

fn contracts(digest: &ComponentDigest) -> Result<Arc<ComponentSteps>, String> {
    if digest.to_string() != DIGEST {
        return Err(format!("there is no component {digest}"));
    }
    let contract = |id: &str| {
        let descriptor = Descriptor { id: id.to_owned(), ..Descriptor::default() };
        (id.to_owned(), Arc::new(Contract::new(descriptor).unwrap()))
    };
    Ok(Arc::new(["ask", "check", "pay"].map(contract).into_iter().collect::<HashMap<_, _>>()))
}

/// Commits a workflow of these entries. `@ask` is short for `"component": "#", "step": "ask"`.
fn steps(entries: &str) -> Result<Workflow, Vec<DefinitionError>> {
    let mut text = format!(r#"{{"id": "w", "steps": [{entries}]}}"#);
    for step in ["ask", "check", "pay", "beg"] {
        text = text.replace(&format!("@{step}"), &format!(r##""component": "#", "step": "{step}""##));
    }
    try_commit(&text)
}

//! Committing a definition: everything that is wrong with it, at once.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Contract, Definition, ENTRIES_MAX, Entry, Node, Sequence, StepEntry, StepNode, Workflow};
use crate::digest::{ComponentDigest, WorkflowDigest};
use crate::id::check_name;
use crate::json::Json;
use crate::path::{PATH_DEPTH_MAX, StepPath};
use crate::retry::RetryPolicy;
use crate::schema::Schema;

/// Gives what is known of a component's step, or says in a sentence why there is no such step.
pub type Contracts<'a> = dyn Fn(&ComponentDigest, &str) -> Result<Arc<Contract>, String> + 'a;

/// One thing that is wrong with a definition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("workflow `{workflow}`{}: {problem}", at(path))]
pub struct DefinitionError {
    /// Id of the outermost workflow.
    pub workflow: String,
    /// The entry; the root path for the workflow itself.
    pub path: StepPath,
    /// What is wrong there, and what was expected.
    pub problem: String,
}

fn at(path: &StepPath) -> String {
    if path.is_root() { String::new() } else { format!(", entry `{path}`") }
}

impl Workflow {
    /// Checks a definition and makes it a workflow.
    ///
    /// # Errors
    /// Every [`DefinitionError`] there is, in the order of the entries.
    pub fn commit(definition: &Definition, contract: &Contracts<'_>) -> Result<Self, Vec<DefinitionError>> {
        let mut check = Check { workflow: &definition.id, contract, errors: Vec::new() };
        let top = check.sequence(&StepPath::root(), definition, &RetryPolicy::default());
        let text = Json::of(definition);
        match (top, text) {
            (Some(top), Ok(text)) if check.errors.is_empty() => {
                Ok(Self { digest: WorkflowDigest::of(text.text().as_bytes()), definition: text, top })
            }
            (_, Err(error)) => {
                check.add(&StepPath::root(), error.to_string());
                Err(check.errors)
            }
            _ => Err(check.errors),
        }
    }
}

struct Check<'a> {
    workflow: &'a str,
    contract: &'a Contracts<'a>,
    errors: Vec<DefinitionError>,
}

impl Check<'_> {
    fn add(&mut self, path: &StepPath, problem: impl Into<String>) {
        let (workflow, path, problem) = (self.workflow.to_owned(), path.clone(), problem.into());
        self.errors.push(DefinitionError { workflow, path, problem });
    }

    fn sequence(&mut self, path: &StepPath, from: &Definition, outer: &RetryPolicy) -> Option<Sequence> {
        if let Err(error) = check_name("workflow", &from.id) {
            self.add(path, error.to_string());
        }
        if path.segments().len() >= PATH_DEPTH_MAX {
            self.add(path, format!("workflows are nested more than {PATH_DEPTH_MAX} levels deep"));
            return None;
        }
        if from.steps.is_empty() {
            self.add(path, "it has no steps: add at least one, with `then` or `workflow`");
        }
        if from.steps.len() > ENTRIES_MAX {
            self.add(path, format!("it has {} steps, at most {ENTRIES_MAX} are allowed", from.steps.len()));
            return None;
        }
        let retry = self.retry(path, from.retry.as_ref()).unwrap_or_else(|| outer.clone());
        let (mut nodes, mut index) = (Vec::with_capacity(from.steps.len()), HashMap::new());
        for entry in &from.steps {
            let here = path.child(entry.id());
            if index.insert(entry.id().to_owned(), nodes.len()).is_some() {
                self.add(&here, "another entry of the same workflow has this id: ids must differ");
            }
            let node = match entry {
                Entry::Then(step) => self.step(&here, step, &retry).map(Node::Step),
                Entry::Workflow(inner) => {
                    self.sequence(&here, inner, &retry).map(|inner| Node::Workflow(Box::new(inner)))
                }
            };
            nodes.extend(node);
        }
        Some(Sequence {
            id: from.id.clone(),
            input: self.schema(path, "inputSchema", from.input_schema.as_ref()),
            output: self.schema(path, "outputSchema", from.output_schema.as_ref()),
            state: self.schema(path, "stateSchema", from.state_schema.as_ref()),
            request_context: self.schema(path, "requestContextSchema", from.request_context_schema.as_ref()),
            nodes,
            index,
        })
    }

    fn step(&mut self, path: &StepPath, from: &StepEntry, outer: &RetryPolicy) -> Option<StepNode> {
        if let Err(error) = check_name("step", &from.id) {
            self.add(path, error.to_string());
        }
        let own = self.retry(path, from.retry.as_ref());
        let contract = match (self.contract)(&from.component, &from.step) {
            Ok(contract) => contract,
            Err(problem) => {
                self.add(path, problem);
                return None;
            }
        };
        let declared = self.retry(path, contract.descriptor.retry.as_ref());
        Some(StepNode {
            id: from.id.clone(),
            component: from.component,
            retry: own.or(declared).unwrap_or_else(|| outer.clone()),
            timeout_ms: from.timeout_ms,
            contract,
        })
    }

    fn retry(&mut self, path: &StepPath, policy: Option<&RetryPolicy>) -> Option<RetryPolicy> {
        let policy = policy?;
        if let Err(error) = policy.check() {
            self.add(path, error.to_string());
        }
        Some(policy.clone())
    }

    fn schema(&mut self, path: &StepPath, which: &str, text: Option<&Json>) -> Option<Schema> {
        match Schema::compile(text?) {
            Ok(schema) => Some(schema),
            Err(error) => {
                self.add(path, format!("{which} is {error}"));
                None
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::step::Descriptor;

    const DIGEST: &str = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn commit(text: &str) -> Result<Workflow, String> {
        let definition: Definition =
            serde_json::from_str(&text.replace('#', DIGEST)).map_err(|error| error.to_string())?;
        let known = |_: &ComponentDigest, step: &str| match step {
            "ask" => {
                Ok(Arc::new(Contract::new(Descriptor { id: "ask".into(), ..Descriptor::default() }).unwrap()))
            }
            other => Err(format!("the component has no step `{other}`; it has: ask")),
        };
        Workflow::commit(&definition, &known)
            .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    }

    #[test]
    fn every_problem_is_reported_at_once_with_its_place() {
        let error = commit(
            r##"{"id": "w.", "inputSchema": 5, "steps": [
                {"then": {"id": "a", "component": "#", "step": "ask"}},
                {"then": {"id": "a", "component": "#", "step": "beg", "retry": {"retries": 1, "jitter": 7}}},
                {"workflow": {"id": "inner", "steps": []}}]}"##,
        )
        .unwrap_err();
        insta::assert_snapshot!(error, @"
        workflow `w.`: `w.` cannot be the id of a workflow: use 1 to 128 letters, digits, `-` and `_`, beginning with a letter or digit
        workflow `w.`, entry `a`: another entry of the same workflow has this id: ids must differ
        workflow `w.`, entry `a`: retry policy: `jitter` is 7, expected a number from 0 to 1
        workflow `w.`, entry `a`: the component has no step `beg`; it has: ask
        workflow `w.`, entry `inner`: it has no steps: add at least one, with `then` or `workflow`
        workflow `w.`: inputSchema is not a usable JSON Schema: expected an object or a boolean
        ");
    }

    #[test]
    fn the_digest_covers_components_and_survives_a_round_trip() {
        let text = r##"{"id": "w", "steps": [{"then": {"id": "a", "component": "#", "step": "ask"}}]}"##;
        let workflow = commit(text).unwrap();
        let again = commit(workflow.definition().text()).unwrap();
        assert_eq!(workflow.digest(), again.digest());
        let other = text.replace('#', &DIGEST.replace("ba", "bb"));
        assert_ne!(workflow.digest(), commit(&other).unwrap().digest());
    }

    #[test]
    fn paths_lead_to_entries_of_nested_workflows() {
        let workflow = commit(
            r##"{"id": "w", "steps": [{"workflow": {"id": "inner", "steps": [
                {"then": {"id": "leaf", "component": "#", "step": "ask"}}]}}]}"##,
        )
        .unwrap();
        let path = |text: &str| text.parse::<StepPath>().unwrap();
        assert!(workflow.step(&path("inner.leaf")).is_some());
        assert!(workflow.node(&path("inner")).is_some() && workflow.step(&path("inner")).is_none());
        assert!(workflow.node(&path("leaf")).is_none() && workflow.node(&path("inner.leaf.x")).is_none());
    }

    #[test]
    fn an_entry_without_id_has_that_of_its_step() {
        let text = r#"{"id": "w", "steps": [{"then": {"component": "a.wasm", "step": "ask"}}]}"#;
        let written: Definition<String> = serde_json::from_str(text).unwrap();
        let resolved = written.try_map(&mut |_| DIGEST.parse::<ComponentDigest>()).unwrap();
        assert_eq!(resolved.steps.first().map(Entry::id), Some("ask"));
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line() {
        let error = commit("{\"id\": \"w\",\n \"stepz\": []}").unwrap_err();
        assert!(error.starts_with("unknown field `stepz`") && error.contains("line 2"), "{error}");
    }
}

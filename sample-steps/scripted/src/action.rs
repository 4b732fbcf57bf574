//! What a program consists of.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

/// By path of a step, or by its id.
#[derive(Default, Deserialize)]
pub struct Script {
    #[serde(default)]
    program: BTreeMap<String, Vec<Action>>,
}

/// One thing to do. Texts such as `"$input"` stand for values: see `perform.rs`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, untagged)]
pub enum Action {
    /// Waits for an answer.
    Suspend(Suspend),
    /// Fails, if this is one of the first `below` tries; always, when that is left out.
    Fail(Fail),
    /// Refuses the latest answer unless it is this value; the number is that of its wait.
    Unless(Unless),
    /// The rest, one key each.
    Simple(Simple),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Suspend {
    pub suspend: Value,
    #[serde(default)]
    pub labels: Vec<String>,
    /// The end of patience, in milliseconds from now.
    pub within_ms: Option<u64>,
    /// The answer that counts then.
    pub otherwise: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fail {
    pub fail: String,
    #[serde(default)]
    pub retryable: bool,
    pub below: Option<u32>,
    pub code: Option<String>,
    pub details: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Unless {
    pub refuse_unless: Value,
    pub wait: u32,
    pub why: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Simple {
    SetState(Map<String, Value>),
    SetContext(Map<String, Value>),
    /// A line in the log, by which one sees how often this was done.
    Log(Value),
    Sleep(u64),
    Bail(Value),
    Return(Value),
}

impl Script {
    /// What the step at this path has to do, if it is said.
    pub fn actions(mut self, path: &str, step: &str) -> Option<Vec<Action>> {
        let last = path.rsplit('.').next().unwrap_or(path);
        let id = last.split('[').next().unwrap_or(last);
        [path, last, id, step].into_iter().find_map(|name| self.program.remove(name))
    }
}

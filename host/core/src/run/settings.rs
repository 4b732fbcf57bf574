//! The request context and the shared state of a run: what schemas and bounds let in.

use crate::failure;
use std::collections::BTreeMap;

use super::change::Change;
use super::fail::invalid;
use super::limits::RUN_SETTINGS_BYTES_MAX;
use crate::json::{Json, JsonError};
use crate::path::StepPath;
use crate::schema::{Schema, Violations};
use crate::step::Failure;

/// What is an object on the wire: the request context, the shared state.
pub(super) type Map = BTreeMap<String, Json>;

/// The size of such an object, if it is larger than it may be.
pub(super) fn too_large(map: &Map) -> Option<usize> {
    let bytes = map.iter().map(|(key, value)| key.len() + value.text().len()).sum();
    (bytes > RUN_SETTINGS_BYTES_MAX).then_some(bytes)
}

/// Key by key, what is given wins over what is stored.
pub(super) fn merged(stored: &Map, given: Map) -> Map {
    let mut all = stored.clone();
    all.extend(given);
    all
}

/// An object as a schema leaves it: checked, defaults filled in.
fn checked_map(map: Map, schema: &Schema) -> Result<Map, Violations> {
    let violated = |error: JsonError| Violations(vec![error.violation()]);
    let object = Json::of(&map).map_err(violated)?;
    schema.check(&object)?.decode().map_err(violated)
}

impl Change<'_> {
    /// A request context as the step or workflow at `path`, and every workflow around it, leave it: checked, defaults
    /// filled in.
    pub(super) fn request_context_at(&self, path: &StepPath, context: Map) -> Result<Map, Violations> {
        let around = self.program.workflows_around(&self.run.called, path);
        let around = around.into_iter().filter_map(|scope| scope.request_context.as_ref());
        let own = self.step_at(path).ok().and_then(|step| step.contract.request_context.as_ref());
        around.chain(own).try_fold(context, checked_map)
    }

    /// The same for the shared state.
    pub(super) fn state_at(&self, path: &StepPath, state: Map) -> Result<Map, Violations> {
        let around = self.program.workflows_around(&self.run.called, path);
        let around = around.into_iter().filter_map(|scope| scope.state.as_ref());
        let own = self.step_at(path).ok().and_then(|step| step.contract.state.as_ref());
        around.chain(own).try_fold(state, checked_map)
    }
}

/// Takes over what the call set. What breaks a schema is a failure of the step, and nothing is taken over: a request
/// context that was let in here would make each later resume fail.
pub(super) fn keep_settings(
    change: &mut Change<'_>,
    path: &StepPath,
    state: BTreeMap<String, Json>,
    request_context: BTreeMap<String, Json>,
) -> Result<(), Failure> {
    let state = if state.is_empty() {
        None
    } else {
        let all = merged(&change.run.state, state);
        within_bounds("shared state", &all)?;
        let checked = change.state_at(path, all);
        Some(checked.map_err(|violations| invalid(&failure::INVALID_STATE, "step state data", &violations))?)
    };
    if !request_context.is_empty() {
        let all = merged(&change.run.request_context, request_context);
        within_bounds("request context", &all)?;
        let checked = change.request_context_at(path, all);
        change.run.request_context = checked.map_err(|violations| {
            invalid(&failure::INVALID_REQUEST_CONTEXT, "request context", &violations)
        })?;
    }
    if let Some(state) = state {
        change.run.state = state;
    }
    Ok(())
}

fn within_bounds(what: &str, map: &Map) -> Result<(), Failure> {
    let Some(bytes) = too_large(map) else { return Ok(()) };
    let message = format!(
        "the {what} of the run would have {bytes} bytes, at most {RUN_SETTINGS_BYTES_MAX} are allowed"
    );
    Err(Failure::of(&failure::TOO_LARGE, message))
}

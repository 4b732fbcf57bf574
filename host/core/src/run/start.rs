//! A run starts.

use std::collections::BTreeMap;

use super::change::Change;
use super::{Phase, Refused};
use crate::event::{Caller, StartRequest};
use crate::json::Json;
use crate::path::StepPath;
use crate::schema::Schema;
use crate::trace::root_span;
use crate::workflow::Node;

pub(super) fn start(change: &mut Change<'_>, request: StartRequest, caller: Caller) -> Result<(), Refused> {
    if change.run.phase != Phase::Pending {
        return Err(Refused::AlreadyStarted { status: change.run.status() });
    }
    let top = change.workflow.top();
    let context = checked_map("request context", top.request_context.as_ref(), request.request_context)?;
    let input = request.input.unwrap_or_else(Json::null);
    let input = checked("input data", top.input.as_ref(), input)?;
    if let Some(Node::Step(first)) = top.first() {
        // Said to the one who starts, rather than by a failed run.
        checked("input data", first.contract.input.as_ref(), input.clone())?;
        checked_map("request context", first.contract.request_context.as_ref(), context.clone())?;
    }
    let state = initial_state(top.state.as_ref(), request.initial_state)?;
    let span = root_span(&request.tracing_context, &request.tracing_options, None, caller.fresh)?;

    change.run.phase = Phase::Live;
    change.run.state = state;
    change.run.request_context = context;
    change.run.span = Some(span);
    change.enter_sequence(&StepPath::root(), top, input, caller.owner)
}

fn initial_state(schema: Option<&Schema>, given: Option<Json>) -> Result<BTreeMap<String, Json>, Refused> {
    let given = given.unwrap_or_else(|| Json::from(serde_json::json!({})));
    let state = checked("initial state", schema, given)?;
    state.decode().map_err(|_| Refused::StateNotObject { found: kind_of(&state) })
}

fn kind_of(json: &Json) -> &'static str {
    match json.text().trim_start().bytes().next() {
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b'"') => "a string",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    }
}

/// Data as the schema leaves it: checked, defaults filled in.
pub(super) fn checked(what: &'static str, schema: Option<&Schema>, data: Json) -> Result<Json, Refused> {
    match schema {
        None => Ok(data),
        Some(schema) => schema.check(&data).map_err(|violations| Refused::Invalid { what, violations }),
    }
}

/// The same for a map that is an object on the wire.
pub(super) fn checked_map(
    what: &'static str,
    schema: Option<&Schema>,
    map: BTreeMap<String, Json>,
) -> Result<BTreeMap<String, Json>, Refused> {
    let Some(schema) = schema else { return Ok(map) };
    // A map of JSON texts always prints, and a schema for an object leaves it one.
    let object = Json::of(&map).unwrap_or_else(|_| Json::null());
    let object = checked(what, Some(schema), object)?;
    Ok(object.decode().unwrap_or(map))
}

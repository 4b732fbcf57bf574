//! A run starts.

use super::change::Change;
use super::known::NoDecision;
use super::log::LogKind;
use super::refused::Refused;
use super::settings::Map;
use super::status::Phase;
use crate::event::StartRequest;
use crate::json::Json;
use crate::path::StepPath;
use crate::schema::{Schema, Violation, Violations};
use crate::trace::{FreshIds, root_span};
use crate::workflow::Place;

pub(super) fn start(change: &mut Change<'_>, request: StartRequest) -> Result<(), NoDecision> {
    if change.run.phase != Phase::Pending {
        return Err(Refused::AlreadyStarted { status: change.run.status() }.into());
    }
    let (root, top) = (StepPath::root(), change.program.top.top());
    let refuse = |what| move |violations| Refused::Invalid { what, violations };
    for (what, given) in [("input data", &request.input), ("initial state", &request.initial_state)] {
        given.iter().try_for_each(|given| let_in(what, given))?;
    }
    let_in_all("request context", &request.request_context)?;
    let context =
        change.request_context_at(&root, request.request_context).map_err(refuse("request context"))?;
    let input = checked("input data", top.input.as_ref(), request.input.unwrap_or_else(Json::null))?;
    check_first(change, &context, &input)?;
    let state = initial_state(change, request.initial_state)?;
    let fresh = FreshIds::of_start(change.run.id, change.next_version());
    let span =
        root_span(&request.tracing_context, &request.tracing_options, None, fresh).map_err(Refused::from)?;

    change.run.phase = Phase::Live;
    change.run.state = state;
    change.run.request_context = context;
    let span = change.begin_span(span, request.tracing_options);
    change.log_by(&root, LogKind::Started { span }, request.by);
    change.enter_scope(&root, top, input)
}

/// Checks what the first step will get, so that the one who starts is told, rather than left with a failed run.
fn check_first(change: &Change<'_>, context: &Map, input: &Json) -> Result<(), Refused> {
    let (mut path, mut place, mut input) =
        (StepPath::root(), Place::Workflow(change.program.top.top()), input.clone());
    while let Some(first) = place.workflow().and_then(|scope| scope.first()) {
        path = path.child(&first.id);
        place = change.place(&path)?;
        input = checked("input data", place.input_schema(), input)?;
    }
    match change.request_context_at(&path, context.clone()) {
        Ok(_) => Ok(()),
        Err(violations) => Err(Refused::Invalid { what: "request context", violations }),
    }
}

fn initial_state(change: &Change<'_>, given: Option<Json>) -> Result<Map, Refused> {
    let given = given.unwrap_or_else(|| Json::from(serde_json::json!({})));
    let state = given.decode().map_err(|_| Refused::StateNotObject { found: kind_of(&given) })?;
    let checked = change.state_at(&StepPath::root(), state);
    checked.map_err(|violations| Refused::Invalid { what: "initial state", violations })
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

/// Refuses data from outside that is no value, or not the same one to every reader.
pub(super) fn let_in(what: &'static str, data: &Json) -> Result<(), Refused> {
    data.check_outside()
        .map_err(|error| Refused::Invalid { what, violations: Violations(vec![error.violation()]) })
}

/// The same for each value of a map; its key is a part of the place.
pub(super) fn let_in_all(what: &'static str, map: &Map) -> Result<(), Refused> {
    map.iter().try_for_each(|(key, value)| {
        let Err(error) = value.check_outside() else { return Ok(()) };
        let Violation { at, message } = error.violation();
        let at = format!("/{}{at}", key.replace('~', "~0").replace('/', "~1"));
        Err(Refused::Invalid { what, violations: Violations(vec![Violation { at, message }]) })
    })
}

/// Data as the schema leaves it: checked, defaults filled in.
pub(super) fn checked(what: &'static str, schema: Option<&Schema>, data: Json) -> Result<Json, Refused> {
    match schema {
        None => Ok(data),
        Some(schema) => schema.check(&data).map_err(|violations| Refused::Invalid { what, violations }),
    }
}

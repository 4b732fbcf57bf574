//! How much a decision goes through: the caller chooses by it on which thread it is made.

use super::head::RunState;
use crate::event::{CallEnd, Event};
use crate::json::Json;
use crate::resume::find_all;
use crate::step::{Deadline, DeadlineOutcome, WaitFor, Waits};
use crate::workflow::Program;

/// What a pattern counts for beside its text: compiling one takes about as long as so many bytes of schema.
const PATTERN_WEIGHT: usize = 1024;

/// Bytes of schemas and of data that deciding about an event may go through, in a rough way: schemas are compiled that
/// questions bring along, and all data that comes in is checked.
pub fn weight(run: &RunState, program: &Program, event: &Event) -> usize {
    let all = |values: &mut dyn Iterator<Item = &Json>| -> usize { values.map(length).sum() };
    let brought = match event {
        Event::Started(request, _) => all(&mut request
            .input
            .iter()
            .chain(&request.initial_state)
            .chain(request.request_context.values())),
        Event::Resumed(request, _) => {
            let found = find_all(run, &request.target).unwrap_or_default();
            let own: usize = found.iter().map(|(_, suspension)| schema_of(&suspension.wait.what)).sum();
            own + all(&mut request.data.iter().chain(request.request_context.values()))
        }
        Event::CallEnded(ended) => {
            let end = match &ended.end {
                CallEnd::Completed(output) | CallEnd::Bailed(output) => length(output),
                CallEnd::Suspended { waits, .. } => weight_of(waits),
                _ => 0,
            };
            end + all(&mut ended.state.values().chain(ended.request_context.values()))
        }
        Event::Received(received) => length(&received.payload),
        // The decision before was cut off, as it was long.
        Event::Continued { .. } => return usize::MAX,
        _ => 0,
    };
    brought.saturating_add(program.largest_schema_bytes())
}

fn length(value: &Json) -> usize {
    value.text().len()
}

fn weight_of(waits: &Waits) -> usize {
    let each = |what: &WaitFor| match what {
        WaitFor::Answer(answer) => {
            let default = match &answer.deadline {
                Some(Deadline { otherwise: DeadlineOutcome::Answer(data), .. }) => length(data),
                _ => 0,
            };
            schema_of(what) + length(&answer.payload) + default
        }
        _ => 0,
    };
    waits.waits.iter().map(|wait| each(&wait.what)).sum()
}

/// What the schema counts for that a question brings along.
fn schema_of(what: &WaitFor) -> usize {
    let WaitFor::Answer(answer) = what else { return 0 };
    let text = answer.resume_schema.as_ref().map_or("", Json::text);
    text.len() + PATTERN_WEIGHT * text.matches("pattern").count()
}

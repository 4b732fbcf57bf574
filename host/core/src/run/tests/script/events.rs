//! Reading of events.

use super::ends::end;
use super::words::{Words, parsed};
use super::{World, owner, suspension};
use crate::actor::{Actor, By};
use crate::event::{CallEnded, Event, Received, Restarted, StartRequest, Traveled};
use crate::id::MessageId;
use crate::path::StepPath;
use crate::resume::{ResumeRequest, Target};
use crate::run::{EntryRecord, SaveReason, Suspension};
use crate::step::WaitFor;
use crate::trace::{TracingContext, TracingOptions};

pub(super) fn event(world: &World, at: u8, line: &str) -> Event {
    let run = &world.run;
    let words = Words::of(line);
    match words.alone(0).expect("a word") {
        "start" => Event::Started(
            StartRequest {
                input: words.json(1),
                initial_state: words.option("state").map(parsed),
                request_context: words.map("context"),
                tracing_context: TracingContext::default(),
                tracing_options: tracing(&words),
                by: by(&words),
            },
            owner(1),
        ),
        "resume" => Event::Resumed(
            ResumeRequest {
                target: Target {
                    step: words.option("step").map(|path| Target::step(path).unwrap().step.unwrap()),
                    label: words.option("label").map(str::to_owned),
                    for_each_index: words.number("index").map(|index| u32::try_from(index).unwrap()),
                    suspension: words.number("suspension").map(|at| suspension(u8::try_from(at).unwrap())),
                    seen: words.number("seen"),
                    all: words.alone.contains(&"all"),
                },
                request: words.option("request").map(str::to_owned),
                data: words.json(1),
                request_context: words.map("context"),
                retry_count: words.number("retries").map_or(0, |count| u32::try_from(count).unwrap()),
                tracing_context: TracingContext::default(),
                tracing_options: tracing(&words),
                by: by(&words),
            },
            owner(1),
        ),
        "time" => Event::TimePassed { owner: owner(1) },
        "cancel" => Event::CancelRequested(Box::new(by(&words))),
        "pause" => Event::PauseRequested(Box::new(by(&words))),
        "unpause" => Event::Unpaused { owner: owner(1), by: Box::new(by(&words)) },
        "mail" => {
            let name = words.alone(1).unwrap();
            let waits =
                |open: &&Suspension| matches!(&open.wait.what, WaitFor::Event(event) if event.name == name);
            let open = run.waiting().map(|(_, open)| open).find(waits);
            let suspension = open.map_or(suspension(99), |open| open.id);
            let message = MessageId::from_bytes([at; 16]);
            Event::Received(Received {
                suspension,
                message,
                payload: words.json(2).unwrap(),
                by: by(&words),
                owner: owner(1),
            })
        }
        "restart" => {
            let saved = world.saved.clone().filter(|saved| saved.kind == SaveReason::End);
            let saved = Box::new(saved.map_or_else(|| run.clone(), |saved| saved.run));
            Event::Restarted(Restarted { saved, owner: owner(1), suspension: suspension(at), by: by(&words) })
        }
        "travel" => Event::Traveled(Traveled {
            to: words.alone(1).unwrap().parse().unwrap(),
            input: words.json(2),
            owner: owner(1),
            by: by(&words),
        }),
        "continue" => Event::Continued { path: words.alone(1).unwrap().parse().unwrap(), owner: owner(1) },
        "take-over" => {
            let number = |at| owner(words.alone(at).unwrap().parse().unwrap());
            Event::TakenOver { from: number(1), by: number(2) }
        }
        "alone" => {
            let path: StepPath = words.alone(1).unwrap().parse().unwrap();
            let step = &run.steps[&path];
            Event::Tried { call: step.calls, owner: step.owner().unwrap(), path }
        }
        "unblock" => Event::Unblocked { owner: owner(1), by: Box::new(by(&words)) },
        path => {
            let path: StepPath = path.parse().unwrap();
            let current = run.steps.get(&path).map_or(0, |step| step.calls);
            Event::CallEnded(CallEnded {
                call: words.number("call").map_or(current, |call| u32::try_from(call).unwrap()),
                owner: match words.number("owner") {
                    Some(number) => owner(u8::try_from(number).unwrap()),
                    None => run.steps.get(&path).and_then(EntryRecord::owner).unwrap_or(owner(1)),
                },
                micros: words.number("took").unwrap_or(0) * 1_000_000,
                end: end(&words, at, line),
                state: words.map("set"),
                request_context: words.map("context"),
                random: 0,
                sit_through_ms: words.number("sits").map_or(u64::MAX, |seconds| seconds * 1_000),
                path,
            })
        }
    }
}

fn tracing(words: &Words<'_>) -> TracingOptions {
    TracingOptions {
        trace_id: words.option("trace").map(str::to_owned),
        parent_span_id: words.option("parent").map(str::to_owned),
        tags: words.all("tag").map(str::to_owned).collect(),
        request_context_keys: words.all("key").map(str::to_owned).collect(),
        metadata: words.map("metadata"),
    }
}

fn by(words: &Words<'_>) -> By {
    By { actor: words.option("by").map(Actor::asserted), ..By::default() }
}

//! What a history says of a decision.

use std::collections::HashMap;
use std::fmt::Write as _;

use crate::effect::Effect;
use crate::id::SuspensionId;
use crate::json::Json;
use crate::run::{
    Call, ClosedSuspension, Decision, Doing, Durability, EntryRecord, Held, Refused, RunState, SaveReason,
};
use crate::step::Resolution;
use crate::time::Timestamp;

pub(super) fn tell_refusal(history: &mut String, refused: &Refused) {
    writeln!(history, "  refused, {:?}, {}: {refused}", refused.kind(), refused.code()).unwrap();
}

/// What a decision changes, one thing a line.
pub(in crate::run::tests) fn tell(history: &mut String, before: &RunState, decision: &Decision) {
    let run = &decision.run;
    let mut say = |line: String| writeln!(history, "  {line}").unwrap();
    let durable = if decision.durability == Durability::Durable { ", durable" } else { "" };
    say(format!("run: {}{durable}", run.status()));
    if let Some(why) = run.blocked.as_ref().filter(|why| before.blocked.as_ref() != Some(why)) {
        say(format!("blocked: {why}"));
    }
    if run.state != before.state {
        say(format!("state: {}", Json::of(&run.state).unwrap()));
    }
    if run.request_context != before.request_context {
        say(format!("context: {}", Json::of(&run.request_context).unwrap()));
    }
    let mut steps: HashMap<_, _> = decision.steps.iter().map(|(path, step)| (path, step)).collect();
    let mut paths: Vec<_> = steps.keys().copied().collect();
    paths.sort();
    for path in paths {
        let name = if path.is_root() { "w".to_owned() } else { path.to_string() };
        say(format!("{name}: {}", told(steps.remove(path).unwrap())));
    }
    for (path, opened) in &decision.opened {
        say(format!("opens {} of {path}{}", number(opened.id), labels(opened.labels())));
    }
    for closed in &decision.closed {
        let (suspension, end) = (number(closed.suspension), closed.end);
        let by = closed.by.name().map(|name| told_by(name, closed)).unwrap_or_default();
        say(format!("closes {suspension}: {end:?}{by}"));
    }
    for reopened in &decision.reopened {
        let request = reopened.request.as_ref().map(|key| format!(", request {key}")).unwrap_or_default();
        let (suspension, claim) = (number(reopened.suspension), reopened.claim);
        say(format!("reopens {suspension}, answered with version {claim}{request}: {}", reopened.message));
    }
    for image in &decision.dropped_images {
        say(format!("drops image {}", image.as_bytes()[0]));
    }
    for image in &decision.shared_images {
        say(format!("shares image {}", image.as_bytes()[0]));
    }
    if let Some(saved) = &decision.saved {
        let what = match saved.kind {
            SaveReason::Suspension(id) => number(id),
            SaveReason::End => "the end".to_owned(),
        };
        say(format!("saves version {} before {what}", saved.run.version));
    }
    for effect in &decision.effects {
        say(match effect {
            Effect::Call { path, not_before } => {
                format!(
                    "calls {path}{}",
                    not_before.map_or(String::new(), |at| format!(" at {}", second(at)))
                )
            }
            Effect::Continue { path } => format!("goes on with {path}"),
            Effect::Collect { path, suspension } => {
                format!("looks for mail for {} of {path}", number(*suspension))
            }
        });
    }
}

/// What is kept of a suspension that somebody ended by name.
fn told_by(name: &str, closed: &ClosedSuspension) -> String {
    let or_none = |json: &Option<Json>| json.as_ref().map_or("-".to_owned(), Json::to_string);
    format!(" by {name}: {} to {}", or_none(&closed.answer), or_none(&closed.question))
}

fn labels(labels: &[String]) -> String {
    labels.iter().map(|label| format!(" \"{label}\"")).collect()
}

fn number(suspension: SuspensionId) -> String {
    let bytes = suspension.as_bytes();
    match bytes[15].wrapping_sub(bytes[0]) {
        0 => format!("#{}", bytes[0]),
        place => format!("#{}+{place}", bytes[0]),
    }
}

fn second(at: Timestamp) -> String {
    match at.0 % 1_000 {
        0 => format!("t{}", at.0 / 1_000),
        _ => format!("{} ms", at.0),
    }
}

/// A step in one line: status, times, data, and what it does.
fn told(step: &EntryRecord) -> String {
    let entry = step.shown();
    let status = serde_json::to_value(entry.status).unwrap();
    let mut parts = vec![format!(
        "{} {}..{}",
        status.as_str().unwrap(),
        second(entry.started_at),
        entry.ended_at.map_or(String::new(), second)
    )];
    parts.push(format!("input {}", entry.payload));
    parts.extend(entry.output.map(|output| format!("output {output}")));
    parts.extend(entry.error.map(|error| match error.code {
        Some(code) => format!("error {code} {:?}", error.message),
        None => format!("error {:?}", error.message),
    }));
    parts.extend(entry.suspended_at.map(|at| format!("waits since {}", second(at))));
    parts.extend(entry.suspend_payload.map(|payload| format!("shows {payload}")));
    if let (Some(at), Some(data)) = (entry.resumed_at, entry.resume_payload) {
        parts.push(format!("answered {} with {data}", second(at)));
    }
    match &step.doing {
        Doing::Calling(owner, call) => parts.push(told_call(step, owner.as_bytes()[0], call)),
        Doing::Retrying(owner, at, call) => {
            parts.push(format!("at {} {}", second(*at), told_call(step, owner.as_bytes()[0], call)));
        }
        Doing::Delayed(at, call) => {
            parts.push(format!("from {} on {}", second(*at), told_call(step, 1, call)));
        }
        Doing::Ready(call) => parts.push(format!("held back: {}", told_call(step, 1, call))),
        Doing::Sleeping(until) => parts.push(format!("until {}", second(*until))),
        Doing::Continuing(_) => parts.push("put off".to_owned()),
        Doing::Holding(Held::Scope) | Doing::Waiting(_) | Doing::Ended | Doing::Queued => {}
        Doing::Holding(held) => parts.push(format!("{held:?}")),
    }
    parts.join(", ")
}

fn told_call(step: &EntryRecord, owner: u8, call: &Call) -> String {
    let owner = if owner == 1 { String::new() } else { format!(" by owner {owner}") };
    let attempt = if step.attempt == 0 { String::new() } else { format!(" attempt {}", step.attempt) };
    let what = match call {
        Call::Start => "start".to_owned(),
        Call::Resume(resume) => {
            let image = resume.image.map_or(0, |image| image.as_bytes()[0]);
            let waits: Vec<String> =
                resume.resolved().iter().map(|over| told_end(&over.resolution)).collect();
            let payload = resume.suspend_payload().map_or(String::new(), |json| format!(" of {json}"));
            format!("resume from image {image}{payload}: {}", waits.join(", "))
        }
    };
    format!("call {}{attempt}{owner} = {what}", step.calls)
}

fn told_end(resolution: &Resolution) -> String {
    match resolution {
        Resolution::Answered(data) => format!("answered {data}"),
        Resolution::TimedOut => "timed out".to_owned(),
        Resolution::Elapsed => "elapsed".to_owned(),
        Resolution::Recorded => "recorded".to_owned(),
        other => format!("{other:?}"),
    }
}

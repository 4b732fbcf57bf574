//! The language of these tests: a workflow in one line, events one a line, and a history to compare with.
//!
//! A workflow: `then(ask) workflow(inner: input {"type":"object"} then(leaf))`. `input`, `output`, `state` and `context` give
//! the schema of the workflow in which they stand. A step is named after its contract; see [`contract`].
//!
//! Events, `[..]` may be left out:
//! - `start [INPUT] [state=..] [context=..]`, `resume [DATA] [step=..] [label=..] [index=..] [suspension=1] [retries=..] [context=..]`;
//!   both take `[trace=..] [parent=..] [tag=..]`
//! - `PATH completes OUTPUT`, `PATH bails RESULT`, `PATH suspends PAYLOAD [label=..] [schema=..] [deadline=9 [otherwise=..]]`,
//!   `PATH sleeps UNTIL`, `PATH checkpoints`, `PATH awaits-event`, `PATH awaits-nothing`, `PATH fails MESSAGE [retryable] [after=9]`;
//!   all take `[call=..] [set=..] [context=..]`, `set` being the state that the call set
//! - `time`, `cancel`, `take-over FROM BY`
//!
//! Line 1 happens in second 1, line 2 in second 2 and so on; `t3` in a history is second 3. Suspensions and their images are numbered.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::{Value, json};

use super::laws::{keeps_the_laws, stored_and_read_again};
use crate::digest::ComponentDigest;
use crate::effect::Effect;
use crate::event::{CallEnd, CallEnded, Caller, Event, StartRequest};
use crate::id::{OwnerId, RunId, SnapshotId, SuspensionId, TenantId};
use crate::json::Json;
use crate::path::StepPath;
use crate::resume::{ResumeRequest, Target};
use crate::retry::RetryPolicy;
use crate::run::{Call, Decision, Doing, Durability, Refused, Run, Step, apply};
use crate::step::{
    AnswerWait, Deadline, DeadlineOutcome, Descriptor, EventWait, Failure, Resolution, Wait, WaitFor, Waits,
    Wake,
};
use crate::time::Timestamp;
use crate::trace::{FreshIds, SpanId, TraceId, TracingContext, TracingOptions};
use crate::workflow::{Contract, Definition, StepEntry, Workflow, WorkflowBuilder};

/// Tells what becomes of a run of the workflow, event by event.
pub(super) fn check(workflow: &str, script: &[&str]) -> String {
    let workflow = commit(workflow).unwrap();
    let mut run = new_run(&workflow);
    let mut history = String::new();
    for (at, line) in (1u8..).zip(script) {
        writeln!(history, "{line}").unwrap();
        let now = Timestamp(u64::from(at) * 1_000);
        match apply(run.clone(), &workflow, event(&run, at, line), now) {
            Err(refused) => tell_refusal(&mut history, &refused),
            Ok(decision) => {
                keeps_the_laws(&run, &workflow, &decision);
                tell(&mut history, &run, &decision);
                run = stored_and_read_again(&decision);
            }
        }
    }
    history
}

/// Tells where the root span stands after each event of a run of one step.
pub(super) fn check_spans(script: &[&str]) -> String {
    let workflow = commit("then(ask)").unwrap();
    let mut run = new_run(&workflow);
    let mut history = String::new();
    for (at, line) in (1u8..).zip(script) {
        match apply(run.clone(), &workflow, event(&run, at, line), Timestamp(0)) {
            Err(refused) => writeln!(history, "  refused: {refused}").unwrap(),
            Ok(decision) if decision.run.span == run.span => run = stored_and_read_again(&decision),
            Ok(decision) => {
                run = stored_and_read_again(&decision);
                let span = Json::of(&run.span).unwrap().text().replace('"', "").replace(',', " ");
                writeln!(history, "{line}\n  {span}").unwrap();
            }
        }
    }
    history
}

/// What one line decides, which must not be refused.
pub(super) fn happen(run: &Run, workflow: &Workflow, at: u8, line: &str) -> Decision {
    apply(run.clone(), workflow, event(run, at, line), Timestamp(u64::from(at) * 1_000)).unwrap()
}

pub(super) fn new_run(workflow: &Workflow) -> Run {
    let id = RunId::from_bytes([1; 16]);
    Run::new(id, TenantId::default(), (workflow.digest(), workflow.id().to_owned()), Timestamp(0))
}

/// Commits a workflow in the language of these tests.
pub(super) fn commit(text: &str) -> Result<Workflow, String> {
    let (builder, rest) = entries(WorkflowBuilder::new("w"), text);
    assert_eq!(rest, "", "the workflow ends early");
    let contracts = |_: &ComponentDigest, step: &str| Ok(Arc::new(contract(step)));
    let errors = |errors: Vec<_>| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    Workflow::commit(&builder.definition(), &contracts).map_err(errors)
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

/// Reads one JSON value from the beginning of a text.
fn value(text: &str) -> (Json, &str) {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Json>();
    let value = values.next().expect("a JSON value").unwrap();
    let rest = text.split_at(values.byte_offset()).1;
    (value, rest)
}

/// The words of a line: those that stand alone, JSON values in one piece, and `key=value`.
struct Words<'a> {
    alone: Vec<&'a str>,
    options: Vec<(&'a str, &'a str)>,
}

impl<'a> Words<'a> {
    fn of(mut line: &'a str) -> Self {
        let (mut alone, mut options) = (Vec::new(), Vec::new());
        loop {
            line = line.trim_start();
            if line.is_empty() {
                return Self { alone, options };
            }
            let key = line
                .split_once('=')
                .map(|(key, _)| key)
                .filter(|key| key.bytes().all(|b| b.is_ascii_lowercase()));
            let text = key.map_or(line, |key| line.split_at(key.len() + 1).1);
            let length = match text.bytes().next() {
                Some(b'{' | b'[' | b'"') => text.len() - value(text).1.len(),
                _ => text.find(' ').unwrap_or(text.len()),
            };
            let (word, rest) = text.split_at(length);
            match key {
                Some(key) => options.push((key, word)),
                None => alone.push(word),
            }
            line = rest;
        }
    }

    fn alone(&self, at: usize) -> Option<&'a str> {
        self.alone.get(at).copied()
    }

    fn json(&self, at: usize) -> Option<Json> {
        self.alone(at).map(parsed)
    }

    fn option(&self, key: &str) -> Option<&'a str> {
        self.all(key).next()
    }

    fn all(&self, key: &str) -> impl Iterator<Item = &'a str> {
        self.options.iter().filter(move |(other, _)| *other == key).map(|(_, value)| *value)
    }

    fn number(&self, key: &str) -> Option<u64> {
        self.option(key).map(|text| text.parse().unwrap())
    }

    fn map(&self, key: &str) -> BTreeMap<String, Json> {
        self.option(key).map(|text| parsed(text).decode().unwrap()).unwrap_or_default()
    }
}

fn parsed(text: &str) -> Json {
    Json::parse(text).unwrap()
}

fn seconds(seconds: u64) -> Timestamp {
    Timestamp(seconds * 1_000)
}

/// The suspension that begins in line `at`, whose image has the same number.
pub(super) fn suspension(at: u8) -> SuspensionId {
    SuspensionId::from_bytes([at; 16])
}

pub(super) fn owner(number: u8) -> OwnerId {
    OwnerId::from_bytes([number; 16])
}

/// Whoever sends the requests of line `at`: the first owner, with a trace and span of that number.
pub(super) fn caller(at: u8) -> Caller {
    let fresh = FreshIds { trace_id: TraceId::from_bytes([at; 16]), span_id: SpanId::from_bytes([at; 8]) };
    Caller { owner: owner(1), fresh }
}

fn event(run: &Run, at: u8, line: &str) -> Event {
    let words = Words::of(line);
    match words.alone(0).expect("a word") {
        "start" => Event::Started(
            StartRequest {
                input: words.json(1),
                initial_state: words.option("state").map(parsed),
                request_context: words.map("context"),
                tracing_context: TracingContext::default(),
                tracing_options: tracing(&words),
            },
            caller(at),
        ),
        "resume" => Event::Resumed(
            ResumeRequest {
                target: Target {
                    step: words.option("step").map(|path| Target::step(path).unwrap().step.unwrap()),
                    label: words.option("label").map(str::to_owned),
                    for_each_index: words.number("index").map(|index| u32::try_from(index).unwrap()),
                    suspension: words.number("suspension").map(|at| suspension(u8::try_from(at).unwrap())),
                },
                data: words.json(1),
                request_context: words.map("context"),
                retry_count: words.number("retries").map_or(0, |count| u32::try_from(count).unwrap()),
                tracing_context: TracingContext::default(),
                tracing_options: tracing(&words),
            },
            caller(at),
        ),
        "time" => Event::TimePassed { owner: owner(1) },
        "cancel" => Event::CancelRequested,
        "take-over" => {
            let number = |at| owner(words.alone(at).unwrap().parse().unwrap());
            Event::TakenOver { from: number(1), by: number(2) }
        }
        path => {
            let path: StepPath = path.parse().unwrap();
            let current = run.steps.get(&path).map_or(0, |step| step.calls);
            Event::CallEnded(CallEnded {
                call: words.number("call").map_or(current, |call| u32::try_from(call).unwrap()),
                end: end(&words, at),
                state: words.map("set"),
                request_context: words.map("context"),
                random: 0,
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
        ..TracingOptions::default()
    }
}

fn end(words: &Words<'_>, at: u8) -> CallEnd {
    let suspended = |waits: Vec<WaitFor>| CallEnd::Suspended {
        waits: Waits { waits: waits.into_iter().map(|what| Wait { id: 7, what }).collect(), wake: Wake::Any },
        suspension: suspension(at),
        image: Some(SnapshotId::from_bytes([at; 16])),
    };
    match words.alone(1).expect("a verb") {
        "completes" => CallEnd::Completed(words.json(2).expect("an output")),
        "bails" => CallEnd::Bailed(words.json(2).expect("a result")),
        "suspends" => suspended(vec![WaitFor::Answer(AnswerWait {
            payload: words.json(2).unwrap_or_else(Json::null),
            labels: words.all("label").map(str::to_owned).collect(),
            resume_schema: words.option("schema").map(parsed),
            deadline: words.number("deadline").map(|at| Deadline {
                at: seconds(at),
                otherwise: words
                    .option("otherwise")
                    .map_or(DeadlineOutcome::TimeOut, |data| DeadlineOutcome::Answer(parsed(data))),
            }),
        })]),
        "sleeps" => suspended(vec![WaitFor::Time(seconds(words.alone(2).unwrap().parse().unwrap()))]),
        "checkpoints" => suspended(vec![WaitFor::Checkpoint]),
        "awaits-nothing" => suspended(Vec::new()),
        "awaits-event" => {
            suspended(vec![WaitFor::Event(EventWait { name: "paid".to_owned(), key: None, deadline: None })])
        }
        "awaits-two" => suspended(vec![WaitFor::Checkpoint, WaitFor::Checkpoint]),
        "fails" => CallEnd::Failed(Failure {
            message: words.json(2).unwrap().decode().unwrap(),
            code: None,
            retryable: words.alone(3) == Some("retryable"),
            retry_after_ms: words.number("after").map(|seconds| seconds * 1_000),
            details: None,
        }),
        other => panic!("no call ends with `{other}`"),
    }
}

fn tell_refusal(history: &mut String, refused: &Refused) {
    writeln!(history, "  refused, {:?}, {}: {refused}", refused.kind(), refused.code()).unwrap();
}

/// What a decision changes, one thing a line.
fn tell(history: &mut String, before: &Run, decision: &Decision) {
    let run = &decision.run;
    let mut say = |line: String| writeln!(history, "  {line}").unwrap();
    let durable = if decision.durability == Durability::Durable { ", durable" } else { "" };
    say(format!("run: {}{durable}", run.status()));
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
    for (closed, end) in &decision.closed {
        say(format!("closes {}: {end:?}", number(*closed)));
    }
    for image in &decision.dropped_images {
        say(format!("drops image {}", image.as_bytes()[0]));
    }
    for Effect::Call { path, not_before } in &decision.effects {
        say(format!("calls {path}{}", not_before.map_or(String::new(), |at| format!(" at {}", second(at)))));
    }
}

fn labels(labels: &[String]) -> String {
    labels.iter().map(|label| format!(" \"{label}\"")).collect()
}

fn number(suspension: SuspensionId) -> String {
    format!("#{}", suspension.as_bytes()[0])
}

fn second(at: Timestamp) -> String {
    match at.0 % 1_000 {
        0 => format!("t{}", at.0 / 1_000),
        _ => format!("{} ms", at.0),
    }
}

/// A step in one line: status, times, data, and what it does.
fn told(step: &Step) -> String {
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
        Doing::Holding | Doing::Waiting(_) | Doing::Ended => {}
    }
    parts.join(", ")
}

fn told_call(step: &Step, owner: u8, call: &Call) -> String {
    let owner = if owner == 1 { String::new() } else { format!(" by owner {owner}") };
    let attempt = if step.attempt == 0 { String::new() } else { format!(" attempt {}", step.attempt) };
    let what = match call {
        Call::Start => "start".to_owned(),
        Call::Resume(resume) => {
            let image = resume.image.map_or(0, |image| image.as_bytes()[0]);
            let waits: Vec<String> = resume.resolved.iter().map(|over| told_end(&over.resolution)).collect();
            let payload = resume.suspend_payload.as_ref().map_or(String::new(), |json| format!(" of {json}"));
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

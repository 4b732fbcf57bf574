//! The language of these tests: a workflow in one line, events one a line, and a history to compare with.
//!
//! A workflow: `then(ask) workflow(inner: input {"type":"object"} then(leaf))`. `input`, `output`, `state` and
//! `context` give the schema of the workflow in which they stand. A step is named after its contract; see
//! [`contract`]. `ask(name 9)` is a question, with a deadline after so many seconds if one is given.
//!
//! Events, `[..]` may be left out:
//! - `start [INPUT] [state=..] [context=..]`, `resume [DATA] [step=..] [label=..] [index=..] [suspension=1] [seen=2] [request=..] [retries=..] [context=..]`;
//!   both take `[trace=..] [parent=..] [tag=..] [key=..] [metadata=..]`; `by=NAME` says who acts, there and in `mail`, `cancel`, `pause`, `unpause`, `restart`, `unblock`, `travel`
//! - `PATH completes OUTPUT`, `PATH bails RESULT`, `PATH suspends PAYLOAD [label=..] [schema=..] [deadline=9 [otherwise=..]]`,
//!   `PATH refuses WAIT MESSAGE`, `PATH sleeps UNTIL`, `PATH checkpoints`, `PATH awaits-event`, `PATH awaits-nothing`, `PATH fails MESSAGE [retryable] [after=9]`;
//!   all take `[call=..] [owner=..] [set=..] [context=..] [took=9] [sits=9]`, `took` being the seconds that the call took, `set` being the state that the call set, and `sits` the longest
//!   delay, in seconds, for which its owner stays
//! - `PATH waits [any|all] WAIT, WAIT ..` with `answer`, `time 9`, `event NAME [KEY]`, `step NAME INPUT`, `workflow NAME INPUT`, `checkpoint`, each under the
//!   number of its place, or `3=..` under that number; `[ids=1]` before them has the suspensions' ids be those of line 1
//! - `time`, `cancel`, `pause`, `unpause`, `unblock`, `take-over FROM BY`, `alone PATH` (a call is about to be made alone), `mail NAME PAYLOAD`, `restart`, `travel PATH [INPUT]`, `continue PATH`
//! - `quotas [calls=9] [turns=9] [children=9] [log=9] [seconds=9]`: what the run may use from now on
//!
//! A workflow with blocks is written as the JSON array of its entries, `"@name"` standing for the step of that name.
//!
//! Line 1 happens in second 1, line 2 in second 2 and so on; `t3` in a history is second 3. Suspensions and their
//! images are numbered.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::laws::{keeps_the_laws, stored_and_read_again};
use crate::actor::{Actor, By};
use crate::digest::ComponentDigest;
use crate::effect::Effect;
use crate::event::{CallEnd, CallEnded, Event, Received, Restarted, StartRequest, Traveled};
use crate::id::{BlobId, MessageId, OwnerId, RunId, SuspensionId, TenantId};
use crate::json::Json;
use crate::path::StepPath;
use crate::resume::{ResumeRequest, Target};
use crate::retry::RetryPolicy;
use crate::run::{
    Call, ClosedSuspension, Decision, Doing, Durability, EntryRecord, Held, Known, NoDecision, Refused,
    RunQuotas, RunState, SaveReason, SavedRun, apply,
};
use crate::step::{
    AnswerWait, Deadline, DeadlineOutcome, Descriptor, EventWait, Failure, Resolution, RunTarget, RunWait,
    Wait, WaitFor, Waits, Wake,
};
use crate::time::Timestamp;
use crate::trace::{TracingContext, TracingOptions};
use crate::workflow::{AskEntry, Contract, Definition, Program, StepEntry, Workflow, WorkflowBuilder};

/// A run with all that a store would keep of it.
#[derive(Clone)]
pub(super) struct World {
    pub(super) program: Program,
    pub(super) run: RunState,
    /// The latest record of each entry.
    pub(super) records: BTreeMap<StepPath, EntryRecord>,
    pub(super) saved: Option<SavedRun>,
    /// What the run may use.
    quotas: RunQuotas,
}

impl World {
    pub(super) fn new(workflow: Workflow) -> Self {
        let run = new_run(&workflow);
        let called = commit("then(packed)").map(Arc::new).unwrap();
        let mut program = Program::new(Arc::new(workflow));
        program.called.insert(called.digest(), called);
        Self { program, run, records: BTreeMap::new(), saved: None, quotas: RunQuotas::default() }
    }

    /// Whether something is due that comes before the event.
    fn is_due_before(&self, event: &Event, now: Timestamp) -> bool {
        let asked = apply(self.run.clone(), &self.program, event.clone(), now, &Known::default());
        matches!(asked, Err(NoDecision::Due))
    }

    /// Decides, giving what is asked for; about what is due, if that comes before the event.
    pub(super) fn decide(&self, event: &Event, now: Timestamp) -> Result<Decision, Refused> {
        let mut known = Known::of(self.quotas);
        loop {
            match apply(self.run.clone(), &self.program, event.clone(), now, &known) {
                Ok(decision) => return Ok(decision),
                Err(NoDecision::Refused(refused)) => return Err(refused),
                Err(NoDecision::Due) => return self.decide(&Event::TimePassed { owner: owner(1) }, now),
                Err(NoDecision::Missing(missing)) => {
                    let asked = missing.steps.len() + missing.repetitions.len();
                    assert!(asked > 0 || missing.suspension, "nothing is missing");
                    if missing.suspension {
                        let first = own_suspension(now);
                        assert!(known.suspension.replace(first).is_none(), "asked for twice");
                    }
                    for path in missing.steps {
                        let record = self.records.get(&path).cloned();
                        assert!(known.steps.insert(path, record).is_none(), "asked for twice");
                    }
                    for path in missing.repetitions {
                        let all = self.repetitions(&path);
                        assert!(known.repetitions.insert(path, all).is_none(), "asked for twice");
                    }
                }
            }
        }
    }

    /// The run as it would be after line `at`.
    pub(super) fn after(&self, at: u8, line: &str) -> RunState {
        self.decide(&event(self, at, line), seconds(u64::from(at))).unwrap().run
    }

    fn repetitions(&self, path: &StepPath) -> Vec<(StepPath, EntryRecord)> {
        let repeats = |other: &StepPath| other.without_index() == *path && other != path;
        self.records.iter().filter(|(other, _)| repeats(other)).map(|(p, s)| (p.clone(), s.clone())).collect()
    }

    /// Stores a decision that keeps the laws.
    pub(super) fn store(&mut self, decision: &Decision) {
        keeps_the_laws(self, decision);
        self.records.retain(|path, _| !decision.dropped_steps.iter().any(|dropped| path.is_within(dropped)));
        self.records.extend(decision.steps.iter().cloned());
        self.saved = decision.saved.clone().or_else(|| self.saved.take());
        self.run = stored_and_read_again(decision);
    }
}

/// Tells what becomes of a run of the workflow, event by event.
pub(super) fn check(workflow: &str, script: &[&str]) -> String {
    let mut world = World::new(commit(workflow).unwrap());
    let mut history = String::new();
    for (at, line) in (1u8..).zip(script) {
        writeln!(history, "{line}").unwrap();
        if let Some(quotas) = line.strip_prefix("quotas ") {
            world.quotas = quotas_of(quotas);
            continue;
        }
        let now = Timestamp(u64::from(at) * 1_000);
        while world.is_due_before(&event(&world, at, line), now) {
            writeln!(history, " first, what is due:").unwrap();
            bring(&mut world, &mut history, &Event::TimePassed { owner: owner(1) }, now);
            writeln!(history, " then:").unwrap();
        }
        let event = event(&world, at, line);
        bring(&mut world, &mut history, &event, now);
    }
    history
}

/// The quotas of a line; those that it does not name are as they are by default.
fn quotas_of(line: &str) -> RunQuotas {
    let words = Words::of(line);
    let default = RunQuotas::default();
    let seconds = words.number("seconds").map_or(default.call_time, Duration::from_secs);
    default
        .calls(words.number("calls").unwrap_or(default.calls))
        .turns(words.number("turns").unwrap_or(default.turns))
        .children(words.number("children").unwrap_or(default.children))
        .log_bytes(words.number("log").unwrap_or(default.log_bytes))
        .call_time(seconds)
}

fn bring(world: &mut World, history: &mut String, event: &Event, now: Timestamp) {
    match world.decide(event, now) {
        Err(refused) => tell_refusal(history, &refused),
        Ok(decision) => {
            let before = world.run.clone();
            world.store(&decision);
            tell(history, &before, &decision);
        }
    }
}

/// A run as it is at the end of a script, of which nothing is refused.
pub(super) fn played(workflow: &str, script: &[&str]) -> World {
    let mut world = World::new(commit(workflow).unwrap());
    for (at, line) in (1u8..).zip(script) {
        let now = Timestamp(u64::from(at) * 1_000);
        let decision = world.decide(&event(&world, at, line), now).unwrap_or_else(|e| panic!("{line}: {e}"));
        world.store(&decision);
    }
    world
}

/// The result of a run and the records of its entries, at the end of a script; and what is refused on the way.
pub(super) fn outcome(workflow: &str, script: &[&str]) -> String {
    let mut world = World::new(commit(workflow).unwrap());
    let mut told = String::new();
    for (at, line) in (1u8..).zip(script) {
        if let Some(quotas) = line.strip_prefix("quotas ") {
            world.quotas = quotas_of(quotas);
            continue;
        }
        let now = Timestamp(u64::from(at) * 1_000);
        match world.decide(&event(&world, at, line), now) {
            Err(refused) => writeln!(told, "{line}: refused: {refused}").unwrap(),
            Ok(decision) => world.store(&decision),
        }
    }
    writeln!(told, "{}", world.run.status()).unwrap();
    for (path, step) in &world.records {
        let entry = step.shown();
        let name = if path.is_root() { "w".to_owned() } else { path.to_string() };
        let status = serde_json::to_value(entry.status).unwrap();
        let mut parts = vec![format!("{name}: {}", status.as_str().unwrap())];
        parts.extend(entry.output.map(|output| format!("output {output}")));
        parts.extend(entry.error.map(|error| error.message));
        parts.extend(entry.suspend_payload.map(|payload| format!("shows {payload}")));
        writeln!(told, "{}", parts.join(", ")).unwrap();
    }
    told
}

/// What watchers are told in the course of a script: each kind of thing with how often.
pub(super) fn logged(workflow: &str, script: &[&str]) -> String {
    let mut world = World::new(commit(workflow).unwrap());
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for (at, line) in script.iter().enumerate() {
        let at = u8::try_from(at % 250 + 1).unwrap();
        let decision = world.decide(&event(&world, at, line), Timestamp(1_000)).unwrap();
        for entry in &decision.log {
            let kind = format!("{:?}", entry.kind);
            *counts.entry(kind.split([' ', '{']).next().unwrap().to_owned()).or_default() += 1;
        }
        world.store(&decision);
    }
    counts.iter().map(|(kind, count)| format!("{kind} {count}")).collect::<Vec<_>>().join(", ")
}

/// The statuses that results show of what is not done, at the end of a script.
pub(super) fn statuses(workflow: &str, script: &[&str]) -> String {
    let mut world = World::new(commit(workflow).unwrap());
    for (at, line) in (1u8..).zip(script) {
        let decision = world.decide(&event(&world, at, line), Timestamp(u64::from(at) * 1_000)).unwrap();
        world.store(&decision);
    }
    let statuses = world.run.statuses(&world.program);
    assert!(statuses.keys().eq(world.run.steps.keys()), "each entry that is not done has one");
    let told = statuses.iter().map(|(path, status)| {
        let name = if path.is_root() { "w".to_owned() } else { path.to_string() };
        format!("{name} {}", format!("{status:?}").to_lowercase())
    });
    told.collect::<Vec<_>>().join(", ")
}

/// Tells where the root span stands after each event of a run of one step.
pub(super) fn check_spans(script: &[&str]) -> String {
    let mut world = World::new(commit("then(ask)").unwrap());
    let mut history = String::new();
    for (at, line) in (1u8..).zip(script) {
        match world.decide(&event(&world, at, line), Timestamp(0)) {
            Err(refused) => writeln!(history, "  refused: {refused}").unwrap(),
            Ok(decision) if decision.run.span == world.run.span => world.store(&decision),
            Ok(decision) => {
                world.store(&decision);
                let span = Json::of(&world.run.span).unwrap().text().replace('"', "").replace(',', " ");
                writeln!(history, "{line}\n  {span}").unwrap();
            }
        }
    }
    history
}

/// Who wanted what, by the entries of the log that say so, with the event that came.
pub(super) fn acts(workflow: &str, script: &[&str]) -> String {
    let mut world = World::new(commit(workflow).unwrap());
    let mut told = String::new();
    for (at, line) in (1u8..).zip(script) {
        writeln!(told, "{line}").unwrap();
        let decision = world.decide(&event(&world, at, line), seconds(u64::from(at))).unwrap();
        for entry in decision.log.iter().filter(|entry| !entry.by.is_empty()) {
            let mut kept = entry.clone();
            kept.abridge(decision.run.id, decision.run.version);
            writeln!(told, "  {}", Json::of(&kept).unwrap()).unwrap();
        }
        world.store(&decision);
    }
    told
}

/// The entries of the log that tell of spans as they are kept, after each event; and how the head refers to what a
/// caller asked for.
pub(super) fn spans_kept(workflow: &str, script: &[&str]) -> String {
    let mut world = World::new(commit(workflow).unwrap());
    let mut told = String::new();
    for (at, line) in (1u8..).zip(script) {
        writeln!(told, "{line}").unwrap();
        let decision = world.decide(&event(&world, at, line), seconds(u64::from(at))).unwrap();
        let (run, version) = (decision.run.id, decision.run.version);
        for mut entry in decision.log.clone() {
            let whole = entry.clone();
            entry.abridge(run, version);
            let kept = Json::of(&entry).unwrap();
            entry.complete(run, version);
            assert_eq!(entry, whole, "{kept} is another entry");
            let span = entry.take_call_span(run, version);
            if span.is_some() || kept.text().contains("span") {
                let span = span.map(|span| format!(" span {span}")).unwrap_or_default();
                writeln!(told, "  {kept}{span}").unwrap();
            }
        }
        if decision.run.span_noted != world.run.span_noted {
            let (version, noted) = (decision.run.version, decision.run.span_noted);
            writeln!(told, "  version {version} refers to {noted}").unwrap();
        }
        world.store(&decision);
    }
    told
}

fn new_run(workflow: &Workflow) -> RunState {
    let id = RunId::from_bytes([1; 16]);
    RunState::new(id, TenantId::default(), (workflow.digest(), workflow.id().to_owned()), Timestamp(0))
}

/// Commits a workflow in the language of these tests.
pub(super) fn commit(text: &str) -> Result<Workflow, String> {
    let definition = match text.starts_with('[') {
        true => from_json(text),
        false => {
            let (builder, rest) = entries(WorkflowBuilder::new("w"), text);
            assert_eq!(rest, "", "the workflow ends early");
            builder.definition()
        }
    };
    let names = names_in(text);
    let contracts = move |_: &ComponentDigest| {
        Ok(Arc::new(names.iter().map(|name| (name.clone(), Arc::new(contract(name)))).collect()))
    };
    let errors = |errors: Vec<_>| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    Workflow::commit(&definition, &contracts).map_err(errors)
}

/// The words of a text: among them the names of all steps.
fn names_in(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_ascii_alphanumeric()).chain(["packed"]).map(str::to_owned).collect()
}

/// A workflow whose entries are JSON, `"@name"` being a step.
fn from_json(text: &str) -> Definition {
    let component = ComponentDigest::of(b"").to_string();
    let mut parts = text.split("\"@");
    let mut json = parts.next().unwrap().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('"').expect("a step's name in quotes");
        write!(json, r#"{{"then": {{"component": "{component}", "step": "{name}"}}}}{rest}"#).unwrap();
    }
    let mut parts = json.split("\"?");
    let mut text = parts.next().unwrap().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('"').expect("a condition's name in quotes");
        write!(text, r#"{{"component": "{component}", "step": "{name}"}}{rest}"#).unwrap();
    }
    serde_json::from_str(&format!(r#"{{"id": "w", "steps": {text}}}"#))
        .unwrap_or_else(|error| panic!("{error}: {text}"))
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
            "ask" => {
                let (words, rest) =
                    rest.strip_prefix('(').and_then(|rest| rest.split_once(')')).expect("ask(name)");
                let (name, seconds) = words.split_once(' ').unwrap_or((words, ""));
                let question = AskEntry::default().id(name);
                let question = match seconds.parse() {
                    Ok(seconds) => question.deadline(Duration::from_secs(seconds)),
                    Err(_) => question,
                };
                (builder.ask(question), rest)
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

fn event(world: &World, at: u8, line: &str) -> Event {
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
            let waits = |open: &&crate::run::Suspension| matches!(&open.wait.what, WaitFor::Event(event) if event.name == name);
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

fn end(words: &Words<'_>, at: u8, line: &str) -> CallEnd {
    let ids = words.number("ids").map_or(at, |ids| u8::try_from(ids).unwrap());
    let several = |waits: Vec<Wait>, wake: Wake| CallEnd::Suspended {
        suspensions: (0..waits.len()).map(|number| numbered(ids, number)).collect(),
        waits: Waits { waits, wake },
        image: Some(BlobId::from_bytes([at; 16])),
        workflows: BTreeMap::from([("pack".to_owned(), commit("then(packed)").unwrap().digest())]),
    };
    let suspended = |waits: Vec<WaitFor>| {
        several(waits.into_iter().zip(7..).map(|(what, id)| Wait { id, what }).collect(), Wake::Any)
    };
    match words.alone(1).expect("a verb") {
        "completes" => CallEnd::Completed(words.json(2).expect("an output")),
        "bails" => CallEnd::Bailed(words.json(2).expect("a result")),
        "suspends" => suspended(vec![WaitFor::Answer(AnswerWait {
            payload: words.json(2).unwrap_or_else(Json::null),
            labels: words.all("label").map(str::to_owned).collect(),
            assignees: Vec::new(),
            resume_schema: words.option("schema").map(parsed),
            deadline: words.number("deadline").map(|at| Deadline {
                at: seconds(at),
                otherwise: words
                    .option("otherwise")
                    .map_or(DeadlineOutcome::TimeOut, |data| DeadlineOutcome::Answer(parsed(data))),
            }),
        })]),
        "sleeps" => suspended(vec![WaitFor::Time(seconds(words.alone(2).unwrap().parse().unwrap()))]),
        "waits" => {
            let list = line.split_once(" waits ").unwrap().1;
            let Waits { waits, wake } = waits(match list.strip_prefix("ids=") {
                Some(with) => with.split_once(' ').unwrap().1,
                None => list,
            });
            several(waits, wake)
        }
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
        "refuses" => CallEnd::Failed(Failure {
            message: words.json(3).unwrap().decode().unwrap(),
            code: Some("bad-answer".to_owned()),
            retryable: false,
            retry_after_ms: None,
            details: Some(parsed(&format!(r#"{{"wait": {}}}"#, words.alone(2).unwrap()))),
        }),
        other => panic!("no call ends with `{other}`"),
    }
}

/// A list of waits, with `any` or `all` before it.
pub(super) fn waits(list: &str) -> Waits {
    let (wake, list) = match list.split_once(' ') {
        Some(("all", list)) => (Wake::All, list),
        Some(("any", list)) => (Wake::Any, list),
        _ => (Wake::Any, list),
    };
    let waits = list.split(", ").zip(0..).map(|(text, place)| {
        let (id, text) = text.split_once('=').map_or((place, text), |(id, text)| (id.parse().unwrap(), text));
        Wait { id, what: wait_for(text) }
    });
    Waits { waits: waits.collect(), wake }
}

/// One wait of a list.
fn wait_for(text: &str) -> WaitFor {
    let mut words = text.splitn(3, ' ');
    let (kind, first, second) = (words.next().unwrap(), words.next(), words.next());
    let run = |target: RunTarget| WaitFor::Run(RunWait { target, input: parsed(second.unwrap_or("null")) });
    match kind {
        "answer" => WaitFor::Answer(AnswerWait {
            payload: parsed(first.unwrap_or("null")),
            labels: Vec::new(),
            assignees: Vec::new(),
            resume_schema: None,
            deadline: None,
        }),
        "time" => WaitFor::Time(seconds(first.unwrap().parse().unwrap())),
        "event" => WaitFor::Event(EventWait {
            name: first.unwrap().to_owned(),
            key: second.map(str::to_owned),
            deadline: None,
        }),
        "step" => run(RunTarget::Step(first.unwrap().to_owned())),
        "workflow" => run(RunTarget::Workflow(first.unwrap().to_owned())),
        "checkpoint" => WaitFor::Checkpoint,
        other => panic!("nobody waits for `{other}`"),
    }
}

/// The first suspension that an entry of the workflow itself opens at an instant, told apart from those that calls
/// bring.
fn own_suspension(now: Timestamp) -> SuspensionId {
    let [.., high, low] = (now.0 / 1_000).to_be_bytes();
    let mut bytes = [low; 16];
    (bytes[12], bytes[13]) = (high, 0xaa);
    SuspensionId::from_bytes(bytes)
}

/// The suspension of the wait with this number that begins in line `at`.
fn numbered(at: u8, number: usize) -> SuspensionId {
    let mut bytes = [at; 16];
    bytes[15] = at.wrapping_add(u8::try_from(number).unwrap());
    SuspensionId::from_bytes(bytes)
}

fn tell_refusal(history: &mut String, refused: &Refused) {
    writeln!(history, "  refused, {:?}, {}: {refused}", refused.kind(), refused.code()).unwrap();
}

/// What a decision changes, one thing a line.
pub(super) fn tell(history: &mut String, before: &RunState, decision: &Decision) {
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

//! The language of these tests: a workflow in one line, events one a line, and a history to compare with.
//!
//! A workflow: `then(ask) workflow(inner: input {"type":"object"} then(leaf))`. `input`, `output`, `state` and
//! `context` give the schema of the workflow in which they stand. A step is named after its contract; see
//! [`workflows`]. `ask(name 9)` is a question, with a deadline after so many seconds if one is given.
//!
//! Events, `[..]` may be left out:
//! - `start [INPUT] [state=..] [context=..]`,
//!   `resume [DATA] [step=..] [label=..] [index=..] [suspension=1] [seen=2] [request=..] [retries=..] [context=..]`;
//!   both take `[trace=..] [parent=..] [tag=..] [key=..] [metadata=..]`; `by=NAME` says who acts, there and in `mail`,
//!   `cancel`, `pause`, `unpause`, `restart`, `unblock`, `travel`
//! - `PATH completes OUTPUT`, `PATH bails RESULT`,
//!   `PATH suspends PAYLOAD [label=..] [schema=..] [deadline=9 [otherwise=..]]`, `PATH refuses WAIT MESSAGE`,
//!   `PATH sleeps UNTIL`, `PATH checkpoints`, `PATH awaits-event`, `PATH awaits-nothing`,
//!   `PATH fails MESSAGE [retryable] [after=9]`; all take
//!   `[call=..] [owner=..] [set=..] [context=..] [took=9] [sits=9]`, `took` being the seconds within the guest, `set`
//!   the state that the call set, and `sits` the longest delay, in seconds, for which its owner stays
//! - `PATH waits [any|all] WAIT, WAIT ..` with `answer`, `time 9`, `event NAME [KEY]`, `step NAME INPUT`,
//!   `workflow NAME INPUT`, `checkpoint`, each under the number of its place, or `3=..` under that number; `[ids=1]`
//!   before them has the suspensions' ids be those of line 1
//! - `time`, `cancel`, `pause`, `unpause`, `unblock`, `take-over FROM BY`, `alone PATH` (a call is about to be made
//!   alone), `mail NAME PAYLOAD`, `restart`, `travel PATH [INPUT]`, `continue PATH`
//! - `quotas [calls=9] [turns=9] [children=9] [seconds=9]`: what the run may use from now on
//!
//! A workflow with blocks is written as the JSON array of its entries, `"@name"` standing for the step of that name.
//!
//! Line 1 happens in second 1, line 2 in second 2 and so on; `t3` in a history is second 3. Suspensions and their
//! images are numbered.

mod ends;
mod events;
mod telling;
mod words;
mod workflows;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

pub(super) use ends::waits;
use events::event;
pub(super) use telling::tell;
use telling::tell_refusal;
pub(super) use workflows::commit;

use super::laws::{keeps_the_laws, stored_and_read_again};
use super::quotas::quotas_of;
use crate::event::Event;
use crate::id::{OwnerId, RunId, SuspensionId, TenantId};
use crate::json::Json;
use crate::path::StepPath;
use crate::run::{Decision, EntryRecord, Known, NoDecision, Refused, RunQuotas, RunState, SavedRun, apply};
use crate::time::Timestamp;
use crate::workflow::{Program, Workflow};

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

    /// Takes the line if it says what the run may use.
    fn allows(&mut self, line: &str) -> bool {
        let quotas = line.strip_prefix("quotas ").map(quotas_of);
        self.quotas = quotas.unwrap_or(self.quotas);
        quotas.is_some()
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
        if world.allows(line) {
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
        if world.allows(line) {
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

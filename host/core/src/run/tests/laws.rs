//! What holds whatever happens: laws that every script is held to, and scripts drawn at random.

use std::collections::{BTreeMap, HashSet};

use proptest::prelude::*;

use super::script::{World, commit, owner, suspension};
use crate::event::{CallEnd, CallEnded, Event, StartRequest};
use crate::id::{BlobId, SuspensionId};
use crate::json::Json;
use crate::path::StepPath;
use crate::resume::{ResumeRequest, Target};
use crate::run::structure::holder;
use crate::run::{Decision, Doing, EntryRecord, LogEntry, Phase, RunState, RunStatus};
use crate::step::{AnswerWait, Deadline, DeadlineOutcome, Failure, Wait, WaitFor, Waits, Wake};
use crate::time::Timestamp;

/// Suspensions that are open in a run.
fn open(run: &RunState) -> HashSet<SuspensionId> {
    run.waiting().map(|(_, suspension)| suspension.id).collect()
}

/// Suspensions that callers answered and whose steps are being told.
fn answered(run: &RunState) -> HashSet<SuspensionId> {
    let over = run.steps.values().flat_map(|step| step.doing.over());
    over.filter(|over| over.claim.is_some()).map(|over| over.id).collect()
}

/// Images that a run's steps lead to, each of which is kept for one step.
fn images(run: &RunState) -> HashSet<BlobId> {
    run.images().collect()
}

/// Whether an entry that is not done goes on by itself, or because of somebody.
fn goes_on(step: &EntryRecord) -> bool {
    step.owner().is_some()
        || step.open().next().is_some()
        || matches!(step.doing, Doing::Ready(_) | Doing::Sleeping(_) | Doing::Delayed(..))
}

/// Asserts what holds for every decision.
pub(super) fn keeps_the_laws(world: &World, decision: &Decision) {
    let (before, run) = (&world.run, &decision.run);
    assert_eq!(run.version, before.version + 1, "each decision is one version");

    // A run that is under way has somebody or something to go on with, at places that its workflow has.
    match run.phase {
        Phase::Pending => panic!("no decision leaves a run pending"),
        Phase::Live => {
            assert!(run.steps.values().any(goes_on), "stuck: {run:?}");
            assert!(run.steps.contains_key(&StepPath::root()), "the workflow itself is under way");
            assert!(!run.status().is_final());
        }
        Phase::Succeeded | Phase::Failed | Phase::Canceled => {
            assert!(run.steps.is_empty(), "nothing of an ended run is under way: {run:?}");
            assert!(decision.effects.is_empty(), "an ended run calls for nothing");
            assert!(run.status().is_final());
        }
    }
    for (path, step) in &run.steps {
        let place = world.program.place(&run.called, path);
        assert!(place.is_some(), "{path} is not in the workflow");
        assert!(step.is_active(), "{path} is done");
        let holder = holder(&world.program, &run.called, path).unwrap();
        assert!(holder.is_none_or(|holder| run.steps.contains_key(&holder)), "{path} is not held");
    }

    // Records: those that are under way are the ones that changed, each once, and nothing else differs.
    let records: BTreeMap<&StepPath, &EntryRecord> =
        decision.steps.iter().map(|(path, step)| (path, step)).collect();
    assert_eq!(records.len(), decision.steps.len(), "a record is given twice: {:?}", decision.steps);
    for (path, step) in &run.steps {
        let expected = records.get(path).copied().or(before.steps.get(path));
        assert_eq!(Some(step), expected, "{path} is not as its record says");
    }
    let dropped = |path: &StepPath| decision.dropped_steps.iter().any(|dropped| path.is_within(dropped));
    for path in before.steps.keys().filter(|path| !run.steps.contains_key(*path) && !dropped(path)) {
        assert!(records.get(path).is_some_and(|step| !step.is_active()), "{path} is gone without a record");
    }

    // Suspensions begin once and end once.
    let opened: HashSet<_> = decision.opened.iter().map(|(_, opened)| opened.id).collect();
    let closed: HashSet<_> = decision.closed.iter().map(|closed| closed.suspension).collect();
    assert_eq!((opened.len(), closed.len()), (decision.opened.len(), decision.closed.len()), "named twice");
    assert!(closed.is_subset(&(&open(before) | &opened)), "a suspension ends that was not open");
    let reopened: HashSet<_> = decision.reopened.iter().map(|reopened| reopened.suspension).collect();
    assert!(reopened.is_subset(&answered(before)), "a suspension begins again that no caller answered");
    assert_eq!(open(run), &(&(&open(before) | &opened) - &closed) | &reopened, "open suspensions");

    // An image is dropped when nothing leads to it any more, and not before.
    let dropped: HashSet<_> = decision.dropped_images.iter().copied().collect();
    assert_eq!(dropped.len(), decision.dropped_images.len(), "an image is dropped twice");
    assert_eq!(dropped, &images(before) - &images(run), "dropped images");

    // Whoever is called has a record that says so.
    for effect in &decision.effects {
        use crate::effect::Effect;
        let (Effect::Call { path, .. } | Effect::Continue { path } | Effect::Collect { path, .. }) = effect;
        let step = run.steps.get(path).unwrap_or_else(|| panic!("{path} is not there"));
        match effect {
            Effect::Collect { suspension, .. } => assert!(step.open().any(|open| open.id == *suspension)),
            _ => assert!(step.owner().is_some(), "{path} is called by nobody"),
        }
    }
}

/// The run as a store gives it back: the head and each record of a step that is under way, as texts of their own.
pub(super) fn stored_and_read_again(decision: &Decision) -> RunState {
    let again = |step: &EntryRecord| Json::of(step).unwrap().decode::<EntryRecord>().unwrap();
    let mut run: RunState = Json::of(&decision.run).unwrap().decode().unwrap();
    run.blocked = decision.run.blocked.clone();
    run.steps = decision.run.steps.iter().map(|(path, step)| (path.clone(), again(step))).collect();
    assert_eq!(run, decision.run, "what is read is what was stored");
    let log: Vec<LogEntry> = Json::of(&decision.log).unwrap().decode().unwrap();
    assert_eq!(log, decision.log);
    for (path, step) in &decision.steps {
        assert_eq!(again(step), *step, "{path}");
        assert_eq!(path.to_string().parse::<StepPath>().unwrap(), *path);
    }
    run
}

/// A workflow of steps and workflows, at most three levels deep. Every name differs, so that some have contracts and
/// some do not.
fn workflows() -> impl Strategy<Value = String> {
    #[derive(Clone, Debug)]
    enum Part {
        Step(&'static str),
        Inner(Vec<Part>),
        Ask(&'static str),
    }
    fn text(parts: &[Part], next: &mut usize) -> String {
        let mut out = Vec::new();
        for part in parts {
            *next += 1;
            out.push(match part {
                Part::Step("") => format!("then(s{next})"),
                Part::Step(name) if out.iter().any(|other| *other == format!("then({name})")) => {
                    format!("then(s{next})")
                }
                Part::Step(name) => format!("then({name})"),
                Part::Ask(deadline) => format!("ask(q{next}{deadline})"),
                Part::Inner(parts) => format!("workflow(in{next}: {})", text(parts, next)),
            });
        }
        out.join(" ")
    }
    let step = prop_oneof![3 => Just(""), 1 => Just("flaky"), 1 => Just("approve"), 1 => Just("greet")]
        .prop_map(Part::Step);
    let ask = prop_oneof![Just(""), Just(" 1")].prop_map(Part::Ask);
    let step = prop_oneof![6 => step, 1 => ask];
    let part = step.prop_recursive(2, 8, 3, |inner| prop::collection::vec(inner, 1..3).prop_map(Part::Inner));
    prop::collection::vec(part, 1..4).prop_map(|parts| text(&parts, &mut 0))
}

/// Something that may happen; what it happens to is drawn when it does.
#[derive(Clone, Debug)]
pub(super) enum Draw {
    Start,
    Cancel,
    Time,
    TakeOver(u8, u8),
    Resume { target: Aim, data: &'static str, retries: u32 },
    End { step: usize, late: bool, kind: EndKind },
}

#[derive(Clone, Debug)]
pub(super) enum Aim {
    Any,
    One(usize),
    Label(&'static str),
    Nothing,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum EndKind {
    Complete,
    Bail,
    Fail { retryable: bool },
    Refuse,
    Answer { label: Option<&'static str>, deadline: bool, image: bool },
    Sleep,
    Checkpoint,
    Nothing,
}

impl Draw {
    /// An answer to the first suspension there is.
    pub(super) fn answer() -> Self {
        Self::Resume { target: Aim::One(0), data: r#"{"ok":true}"#, retries: 0 }
    }
}

pub(super) fn draws() -> impl Strategy<Value = Draw> {
    let aim = prop_oneof![
        2 => Just(Aim::Any),
        3 => (0..6usize).prop_map(Aim::One),
        1 => Just(Aim::Label("a")),
        1 => Just(Aim::Nothing),
    ];
    let data = prop_oneof![Just("null"), Just(r#"{"ok":true}"#), Just("[1]")];
    let label = prop_oneof![Just(None), Just(Some("a")), Just(Some(""))];
    let kind = prop_oneof![
        4 => Just(EndKind::Complete),
        1 => Just(EndKind::Bail),
        2 => any::<bool>().prop_map(|retryable| EndKind::Fail { retryable }),
        3 => Just(EndKind::Refuse),
        5 => (label, any::<bool>(), any::<bool>())
            .prop_map(|(label, deadline, image)| EndKind::Answer { label, deadline, image }),
        2 => Just(EndKind::Sleep),
        2 => Just(EndKind::Checkpoint),
        1 => Just(EndKind::Nothing),
    ];
    let late = prop::bool::weighted(0.1);
    prop_oneof![
        2 => Just(Draw::Start),
        1 => Just(Draw::Cancel),
        4 => Just(Draw::Time),
        2 => (1..3u8, 1..3u8).prop_map(|(from, by)| Draw::TakeOver(from, by)),
        8 => (aim, data, 0..4u32).prop_map(|(target, data, retries)| Draw::Resume { target, data, retries }),
        20 => (0..6usize, late, kind).prop_map(|(step, late, kind)| Draw::End { step, late, kind }),
    ]
}

fn json(text: &str) -> Json {
    Json::parse(text).unwrap()
}

pub(super) fn event(draw: &Draw, run: &RunState, at: u8) -> Event {
    match draw {
        Draw::Start => {
            let context = BTreeMap::from([("user".to_owned(), json("\"ann\""))]);
            Event::Started(StartRequest { request_context: context, ..StartRequest::default() }, owner(1))
        }
        Draw::Cancel => Event::CancelRequested(Box::default()),
        Draw::Time => Event::TimePassed { owner: owner(1) },
        Draw::TakeOver(from, by) => Event::TakenOver { from: owner(*from), by: owner(*by) },
        Draw::Resume { target, data, retries } => {
            let waiting: Vec<_> = run.answerable().collect();
            let target = match target {
                Aim::Any => Target::default(),
                Aim::Label(label) => Target::label(*label),
                Aim::One(index) if !waiting.is_empty() => {
                    Target::suspension(waiting[index % waiting.len()].1.id)
                }
                Aim::One(_) | Aim::Nothing => Target::step("nothing").unwrap(),
            };
            let request = ResumeRequest {
                target,
                data: Some(json(data)),
                retry_count: *retries,
                ..ResumeRequest::default()
            };
            Event::Resumed(request, owner(1))
        }
        Draw::End { step, late, kind } => {
            let called: Vec<_> = run.steps.iter().filter(|(_, step)| step.owner().is_some()).collect();
            let (path, call) = match called.is_empty() {
                true => (StepPath::root().child("nothing"), 1),
                false => {
                    let (path, step) = called[step % called.len()];
                    (path.clone(), step.calls - u32::from(*late))
                }
            };
            let set = BTreeMap::from([(format!("k{}", at % 3), json("1"))]);
            let (state, request_context) = (set.clone(), set);
            let owner = run.steps.get(&path).and_then(EntryRecord::owner).unwrap_or(owner(1));
            let end = end(*kind, at);
            // Of the delays of `flaky`, the first is sat through, and the second is not.
            let (random, sit_through_ms) = (9, 15_000);
            Event::CallEnded(CallEnded {
                path,
                call,
                owner,
                micros: 0,
                end,
                state,
                request_context,
                random,
                sit_through_ms,
            })
        }
    }
}

fn end(kind: EndKind, at: u8) -> CallEnd {
    let soon = Timestamp(u64::from(at) * 1_000 + 2_500);
    let suspended = |what: Option<WaitFor>, image: bool| CallEnd::Suspended {
        waits: Waits { waits: what.into_iter().map(|what| Wait { id: 0, what }).collect(), wake: Wake::All },
        suspensions: vec![suspension(at)],
        workflows: BTreeMap::new(),
        image: image.then(|| BlobId::from_bytes([at; 16])),
    };
    match kind {
        EndKind::Complete => CallEnd::Completed(json("1")),
        EndKind::Bail => CallEnd::Bailed(json("2")),
        EndKind::Fail { retryable } => CallEnd::Failed(Failure {
            message: "no".to_owned(),
            code: None,
            retryable,
            retry_after_ms: None,
            details: None,
        }),
        EndKind::Refuse => CallEnd::Failed(Failure {
            message: "not so".to_owned(),
            code: Some("bad-answer".to_owned()),
            retryable: false,
            retry_after_ms: None,
            details: Some(json(r#"{"wait":0}"#)),
        }),
        EndKind::Answer { label, deadline, image } => suspended(
            Some(WaitFor::Answer(AnswerWait {
                payload: json(r#"{"reason":"because"}"#),
                labels: label.map(str::to_owned).into_iter().collect(),
                assignees: Vec::new(),
                resume_schema: None,
                deadline: deadline.then_some(Deadline { at: soon, otherwise: DeadlineOutcome::TimeOut }),
            })),
            image,
        ),
        EndKind::Sleep => suspended(Some(WaitFor::Time(soon)), true),
        EndKind::Checkpoint => suspended(Some(WaitFor::Checkpoint), true),
        EndKind::Nothing => suspended(None, true),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happens to whichever workflow, every decision keeps the laws, and is the same when it is made again.
    #[test]
    fn any_events_keep_the_laws(workflow in workflows(), draws in prop::collection::vec(draws(), 0..60)) {
        let mut world = World::new(commit(&workflow).unwrap());
        for (at, draw) in (1u8..).zip(std::iter::once(&Draw::Start).chain(&draws)) {
            let now = Timestamp(u64::from(at) * 1_000);
            let decide = || world.decide(&event(draw, &world.run, at), now);
            let (first, second) = (decide(), decide());
            prop_assert_eq!(format!("{first:?}"), format!("{second:?}"));
            match first {
                Ok(decision) => world.store(&decision),
                Err(refused) => prop_assert!(!refused.to_string().is_empty() && !refused.code().is_empty()),
            }
        }
    }

    /// Left alone, a run always ends: whatever it waits for is given to it, and every call completes.
    #[test]
    fn a_run_can_always_be_brought_to_its_end(workflow in workflows(), draws in prop::collection::vec(draws(), 0..30)) {
        let mut world = World::new(commit(&workflow).unwrap());
        let happen = |world: &mut World, draw: &Draw, at: u8| {
            let now = Timestamp(u64::from(at) * 1_000);
            if let Ok(decision) = world.decide(&event(draw, &world.run, at), now) {
                world.store(&decision);
            }
        };
        for (at, draw) in (1u8..).zip(std::iter::once(&Draw::Start).chain(&draws)) {
            happen(&mut world, draw, at);
        }
        for at in 100..200 {
            let draw = match world.run.status() {
                RunStatus::Running => Draw::End { step: 0, late: false, kind: EndKind::Complete },
                RunStatus::Waiting => Draw::Time,
                RunStatus::Suspended => Draw::answer(),
                _ => break,
            };
            happen(&mut world, &draw, at);
        }
        prop_assert!(world.run.status().is_final(), "{:?}", world.run);
    }
}

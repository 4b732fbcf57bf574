//! A decision in the making: the moves that all transitions share.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::apply::{Closed, Decision, Durability, SuspensionEnd};
use super::{
    Call, Doing, Known, LogEntry, LogKind, Phase, Refused, Reopened, Run, RunStatus, Saved, Step, StepEntry,
    StepStatus, Stop, Suspension,
};
use crate::actor::By;
use crate::effect::Effect;
use crate::id::{MessageId, OwnerId, SnapshotId, SuspensionId};
use crate::json::{Json, JsonError};
use crate::path::StepPath;
use crate::schema::{Schema, Violations};
use crate::step::Failure;
use crate::time::Timestamp;
use crate::trace::{RootSpan, SpanId, SpanRecord, TracingOptions};
use crate::workflow::{Place, Program, StepAt};

/// Most entries that one decision enters. What is left is put off to the next one, so that a loop without a step in it cannot keep
/// a host from everything else.
pub const MOVES_MAX: u32 = 1_000;

/// Most bytes of the request context of a run, and of its shared state: keys and values. Both are written with each decision.
pub const RUN_SETTINGS_BYTES_MAX: usize = 4 << 20;

/// A run while an event is applied to it.
pub(super) struct Change<'w> {
    pub(super) run: Run,
    pub(super) program: &'w Program,
    pub(super) now: Timestamp,
    pub(super) known: &'w Known,
    /// What is to be entered before the decision is complete.
    pub(super) entering: VecDeque<Entering>,
    pub(super) saved: Option<Saved>,
    pub(super) dropped_steps: Vec<StepPath>,
    pub(super) shared_images: Vec<SnapshotId>,
    pub(super) took: Vec<MessageId>,
    pub(super) moves: u32,
    /// Suspensions that entries of the workflow itself have opened.
    own_suspensions: u64,
    status_before: RunStatus,
    touched: BTreeSet<StepPath>,
    /// Records that are not active after this: done, or items whose turn has not come.
    pub(super) inactive: BTreeMap<StepPath, Step>,
    opened: Vec<(StepPath, Suspension)>,
    /// Of those in a fork, what each goes on from.
    pub(super) continues: BTreeMap<SuspensionId, SuspensionId>,
    closed: Vec<Closed>,
    pub(super) reopened: Vec<Reopened>,
    /// How suspensions end whose steps are ended.
    pub(super) closing: SuspensionEnd,
    /// Whether watchers are not told of answers: they have heard of too many that were refused.
    pub(super) is_quiet: bool,
    /// Who has the run end.
    pub(super) stopped_by: By,
    /// Who sent the message that the run gets.
    pub(super) sender: By,
    dropped_images: Vec<SnapshotId>,
    effects: Vec<Effect>,
    log: Vec<LogEntry>,
    must_be_durable: bool,
}

/// An entry that is about to be entered.
pub(super) struct Entering {
    pub(super) path: StepPath,
    pub(super) input: Json,
    pub(super) owner: OwnerId,
}

impl<'w> Change<'w> {
    pub(super) fn new(run: Run, program: &'w Program, now: Timestamp, known: &'w Known) -> Self {
        Self {
            status_before: run.status(),
            run,
            program,
            now,
            known,
            entering: VecDeque::new(),
            saved: None,
            dropped_steps: Vec::new(),
            shared_images: Vec::new(),
            took: Vec::new(),
            moves: 0,
            own_suspensions: 0,
            touched: BTreeSet::new(),
            inactive: BTreeMap::new(),
            opened: Vec::new(),
            continues: BTreeMap::new(),
            closed: Vec::new(),
            reopened: Vec::new(),
            closing: SuspensionEnd::Closed,
            is_quiet: false,
            stopped_by: By::default(),
            sender: By::default(),
            dropped_images: Vec::new(),
            effects: Vec::new(),
            log: Vec::new(),
            must_be_durable: false,
        }
    }

    /// Closes the books. Without a further call to make, whoever brought the event may be told, so the decision must be durable.
    pub(super) fn decide(mut self) -> Decision {
        self.run.version = self.next_version();
        self.run.updated_at = self.now;
        let status = self.run.status();
        if status != self.status_before && status != RunStatus::Running {
            let by = std::mem::take(&mut self.stopped_by);
            self.log_by(&StepPath::root(), LogKind::Stopped { status }, by);
        }
        if self.is_quiet {
            self.log.retain(|entry| !entry.kind.is_of_an_answer());
        }
        let follows = self.effects.iter().any(|effect| !matches!(effect, Effect::Collect { .. }));
        let durable = self.must_be_durable || !follows;
        let mut steps: Vec<_> = self.inactive.into_iter().collect();
        steps.extend(
            self.touched.iter().filter_map(|path| Some((path.clone(), self.run.steps.get(path)?.clone()))),
        );
        Decision {
            run: self.run,
            steps,
            dropped_steps: self.dropped_steps,
            opened: self.opened,
            continues: self.continues,
            closed: self.closed,
            reopened: self.reopened,
            dropped_images: self.dropped_images,
            shared_images: self.shared_images,
            took: self.took,
            saved: self.saved,
            log: self.log,
            effects: self.effects,
            durability: if durable { Durability::Durable } else { Durability::Visible },
        }
    }

    /// The version that the run has after this.
    pub(super) fn next_version(&self) -> u64 {
        self.run.version + 1
    }

    /// Asks for the decision to be durable although a call follows.
    pub(super) fn require_durable(&mut self) {
        self.must_be_durable = true;
    }

    pub(super) fn log(&mut self, path: &StepPath, kind: LogKind) {
        self.log_by(path, kind, By::default());
    }

    /// Logs what a request did, with who made it.
    pub(super) fn log_by(&mut self, path: &StepPath, kind: LogKind, by: By) {
        self.log.push(LogEntry { path: path.clone(), by, kind });
    }

    /// What stands at a path; a run that names an entry which its workflow does not have is damaged.
    pub(super) fn place(&self, path: &StepPath) -> Result<Place<'w>, Refused> {
        self.program.place(&self.run.called, path).ok_or_else(|| misfit(path))
    }

    /// The step of a component at a path.
    pub(super) fn step_at(&self, path: &StepPath) -> Result<StepAt<'w>, Refused> {
        self.place(path)?.step().ok_or_else(|| misfit(path))
    }

    /// A request context as the step or workflow at `path`, and every workflow around it, leave it: checked, defaults filled in.
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

    /// The record of a step that is not done, to be changed.
    pub(super) fn step_mut(&mut self, path: &StepPath) -> Result<&mut Step, Refused> {
        self.touched.insert(path.clone());
        self.run.steps.get_mut(path).ok_or_else(|| misfit(path))
    }

    /// Marks a record as changed.
    pub(super) fn touch(&mut self, path: &StepPath) {
        self.touched.insert(path.clone());
    }

    /// A record of an entry that begins.
    pub(super) fn new_step(&self, payload: Json, doing: Doing) -> Step {
        let entry = StepEntry {
            status: match doing {
                Doing::Queued => StepStatus::Pending,
                Doing::Sleeping(_) => StepStatus::Waiting,
                _ => StepStatus::Running,
            },
            payload,
            output: None,
            error: None,
            started_at: self.now,
            ended_at: None,
            suspend_payload: None,
            suspended_at: None,
            resume_payload: None,
            resumed_at: None,
        };
        Step {
            entry,
            apart: None,
            calls: 0,
            attempt: 0,
            take_overs: 0,
            trials: 0,
            children: 0,
            deadline: None,
            doing,
            span_id: None,
            suspensions: Vec::new(),
        }
    }

    /// Begins an entry.
    pub(super) fn insert(&mut self, path: &StepPath, payload: Json, doing: Doing) -> &mut Step {
        let step = self.new_step(payload, doing);
        self.inactive.remove(path);
        self.touched.insert(path.clone());
        self.log(path, LogKind::Began { called: false });
        match self.run.steps.entry(path.clone()) {
            std::collections::btree_map::Entry::Vacant(entry) => entry.insert(step),
            std::collections::btree_map::Entry::Occupied(mut entry) => {
                entry.insert(step);
                entry.into_mut()
            }
        }
    }

    /// Lets the run go on under the root span of a start or resume; gives what the log keeps of it.
    pub(super) fn begin_span(&mut self, span: RootSpan, options: TracingOptions) -> Option<Box<SpanRecord>> {
        let record = SpanRecord::new(&span, options);
        let is_told = !record.is_plain() && !self.is_quiet;
        self.run.span_noted = if is_told { self.next_version() } else { 0 };
        self.run.span = Some(span);
        Some(Box::new(record))
    }

    /// Has a guest called: by the owner now, or when the run is not paused any more.
    pub(super) fn call(
        &mut self,
        path: &StepPath,
        call: Call,
        owner: OwnerId,
        not_before: Option<Timestamp>,
    ) -> Result<(), Refused> {
        let (paused, span_id) = (self.run.paused, SpanId::of(self.run.id, path, self.next_version()));
        let step = self.step_mut(path)?;
        step.entry.status = StepStatus::Running;
        step.doing = match not_before {
            _ if paused => Doing::Ready(call),
            None => Doing::Calling(owner, call),
            Some(until) => Doing::Retrying(owner, until, call),
        };
        step.span_id = (!paused).then_some(span_id);
        if !paused {
            let called = LogKind::Called { call: step.calls, attempt: step.attempt };
            self.log_call(path, called);
            self.effects.push(Effect::Call { path: path.clone(), not_before });
        }
        Ok(())
    }

    /// Has the log tell of a call: where it tells already that the entry begins or goes on, with that.
    fn log_call(&mut self, path: &StepPath, kind: LogKind) {
        let told =
            self.log.iter_mut().rev().filter(|entry| entry.path == *path).find_map(LogEntry::called_mut);
        match told {
            Some(called) => *called = true,
            None => self.log(path, kind),
        }
    }

    /// Leaves a call that failed for an instant, and for whoever comes then.
    pub(super) fn delay(&mut self, path: &StepPath, call: Call, until: Timestamp) -> Result<(), Refused> {
        let step = self.step_mut(path)?;
        step.entry.status = StepStatus::Waiting;
        step.doing = Doing::Delayed(until, call);
        step.span_id = None;
        Ok(())
    }

    /// Asks for something else to be done.
    pub(super) fn ask(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// An id for a suspension that no call brought.
    pub(super) fn new_suspension(&mut self) -> Result<SuspensionId, Stop> {
        let first = self.known.suspension.ok_or_else(Stop::suspension)?;
        self.own_suspensions += 1;
        Ok(first.after(self.own_suspensions - 1))
    }

    /// Opens a suspension of a step.
    pub(super) fn open(&mut self, path: &StepPath, suspension: Suspension) {
        self.opened.push((path.clone(), suspension));
    }

    /// Ends a suspension.
    pub(super) fn close(&mut self, suspension: &Suspension, end: SuspensionEnd) {
        self.closed.push(Closed::of(suspension, end, &self.sender));
    }

    /// Lets go of a memory.
    pub(super) fn drop_image(&mut self, image: Option<SnapshotId>) {
        self.dropped_images.extend(image);
    }

    /// Takes an entry out of those that are not done, with its suspensions and image.
    pub(super) fn end_step(&mut self, path: &StepPath, status: StepStatus) -> Result<&mut Step, Refused> {
        let mut step = self.run.steps.remove(path).ok_or_else(|| misfit(path))?;
        for suspension in step.suspensions.drain(..).filter(|suspension| suspension.over.is_none()) {
            self.close(&suspension, self.closing);
        }
        self.dropped_images.extend(step.doing.image());
        self.run.called.remove(path);
        step.doing = Doing::Ended;
        (step.deadline, step.span_id) = (None, None);
        step.entry.status = status;
        step.entry.ended_at = Some(self.now);
        step.entry.suspended_at = None;
        if status == StepStatus::Success {
            // What is left of an earlier try that failed.
            step.entry.error = None;
        }
        self.touched.remove(path);
        // What this very decision was about to have done for it.
        let before = self.effects.len();
        self.effects.retain(|effect| effect.path() != path);
        if self.effects.len() < before {
            self.log.retain(|entry| !(matches!(entry.kind, LogKind::Called { .. }) && entry.path == *path));
            let told = self.log.iter_mut().filter(|entry| entry.path == *path);
            told.filter_map(LogEntry::called_mut).for_each(|called| *called = false);
        }
        self.log(path, LogKind::Ended { status });
        self.inactive.insert(path.clone(), step);
        self.inactive.get_mut(path).ok_or_else(|| misfit(path))
    }

    /// The output of an entry, if it is done and was a success.
    pub(super) fn output_of(&self, path: &StepPath) -> Result<Option<Json>, Stop> {
        Ok(self
            .record(path)?
            .filter(|step| step.entry.status == StepStatus::Success)
            .and_then(|s| s.entry.output))
    }

    /// The record of an entry, wherever it is.
    pub(super) fn record(&self, path: &StepPath) -> Result<Option<Step>, Stop> {
        if let Some(step) = self.run.steps.get(path).or_else(|| self.inactive.get(path)) {
            return Ok(Some(step.clone()));
        }
        match self.known.steps.get(path) {
            Some(found) => Ok(found.clone()),
            None => Err(Stop::step(path.clone())),
        }
    }

    /// The input of an entry, wherever its record is.
    pub(super) fn input_of(&self, path: &StepPath) -> Result<Option<Json>, Stop> {
        let Some(step) = self.record(path)? else { return Ok(None) };
        match (step.payload(), self.known.steps.get(path)) {
            (Some(payload), _) => Ok(Some(payload.clone())),
            // It does not change while the entry goes on, so that of whatever moment does.
            (None, Some(found)) => Ok(found.as_ref().map(|found| found.entry.payload.clone())),
            (None, None) => Err(Stop::step(path.clone())),
        }
    }

    /// The input of an entry that is not done; `null` for one that is.
    pub(super) fn input_of_open(&self, path: &StepPath) -> Result<Json, Stop> {
        match self.run.steps.contains_key(path) {
            true => Ok(self.input_of(path)?.unwrap_or_else(Json::null)),
            false => Ok(Json::null()),
        }
    }

    /// Ends the run.
    pub(super) fn end_run(&mut self, phase: Phase) {
        self.run.phase = phase;
        self.run.paused = false;
        self.entering.clear();
    }
}

pub(super) fn misfit(path: &StepPath) -> Refused {
    Refused::Misfit { path: path.clone() }
}

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

/// The failure that data causes which breaks a schema.
pub(super) fn invalid(code: &str, what: &str, violations: &Violations) -> Failure {
    final_failure(code, format!("{what} validation failed:{violations}"))
}

/// A failure that trying again does not help.
pub(super) fn final_failure(code: &str, message: String) -> Failure {
    Failure { message, code: Some(code.to_owned()), retryable: false, retry_after_ms: None, details: None }
}

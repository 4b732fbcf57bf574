//! A decision in the making: the moves that all transitions share.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::decision::{ClosedSuspension, Decision, Durability, ReopenedSuspension, SavedRun, SuspensionEnd};
use super::doing::{Call, Doing};
use super::entry::EntryRecord;
use super::head::RunState;
use super::known::{Known, NoDecision};
use super::log::{LogEntry, LogKind};
use super::refused::{Refused, misfit};
use super::status::{Phase, RunStatus, StepStatus};
use super::suspension::Suspension;
use crate::actor::By;
use crate::effect::Effect;
use crate::id::{BlobId, MessageId, OwnerId, SuspensionId};
use crate::json::Json;
use crate::path::StepPath;
use crate::time::Timestamp;
use crate::trace::{RootSpan, RootSpanRecord, SpanId, TracingOptions};
use crate::workflow::{Place, Program, StepAt};

/// A run while an event is applied to it.
pub(super) struct Change<'w> {
    pub(super) run: RunState,
    pub(super) program: &'w Program,
    pub(super) now: Timestamp,
    pub(super) known: &'w Known,
    /// Who performs what follows.
    pub(super) owner: OwnerId,
    /// What is to be entered before the decision is complete.
    pub(super) entering: VecDeque<Entering>,
    pub(super) saved: Option<SavedRun>,
    pub(super) dropped_steps: Vec<StepPath>,
    pub(super) shared_images: Vec<BlobId>,
    pub(super) took: Vec<MessageId>,
    pub(super) moves: u32,
    /// Suspensions that entries of the workflow itself have opened.
    own_suspensions: u64,
    status_before: RunStatus,
    pub(super) touched: BTreeSet<StepPath>,
    /// Records that are not active after this: done, or items whose turn has not come.
    pub(super) inactive: BTreeMap<StepPath, EntryRecord>,
    opened: Vec<(StepPath, Suspension)>,
    /// Of those in a fork, what each goes on from.
    pub(super) continues: BTreeMap<SuspensionId, SuspensionId>,
    closed: Vec<ClosedSuspension>,
    pub(super) reopened: Vec<ReopenedSuspension>,
    /// How suspensions end whose steps are ended.
    pub(super) closing: SuspensionEnd,
    /// Whether watchers are not told of answers: they have heard of too many that were refused.
    pub(super) is_quiet: bool,
    /// Who has the run end.
    pub(super) stopped_by: By,
    /// Who sent the message that the run gets.
    pub(super) sender: By,
    pub(super) dropped_images: Vec<BlobId>,
    pub(super) effects: Vec<Effect>,
    pub(super) log: Vec<LogEntry>,
    must_be_durable: bool,
}

/// An entry that is about to be entered.
pub(super) struct Entering {
    pub(super) path: StepPath,
    pub(super) input: Json,
}

impl<'w> Change<'w> {
    /// `owner` is the one of the event; without one nothing follows that it would have to perform.
    pub(super) fn new(
        run: RunState,
        program: &'w Program,
        now: Timestamp,
        known: &'w Known,
        owner: Option<OwnerId>,
    ) -> Self {
        Self {
            status_before: run.status(),
            run,
            program,
            now,
            known,
            owner: owner.unwrap_or_else(|| OwnerId::from_bytes([0; 16])),
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

    /// Closes the books. Without a further call to make, whoever brought the event may be told, so the decision must
    /// be durable.
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

    /// Lets the run go on under the root span of a start or resume; gives what the log keeps of it.
    pub(super) fn begin_span(
        &mut self,
        span: RootSpan,
        options: TracingOptions,
    ) -> Option<Box<RootSpanRecord>> {
        let record = RootSpanRecord::new(&span, options);
        let is_told = !record.is_plain() && !self.is_quiet;
        self.run.span_noted = if is_told { self.next_version() } else { 0 };
        self.run.span = Some(span);
        Some(Box::new(record))
    }

    /// Has a guest called: by the owner now, or when the run is neither paused nor blocked any more.
    pub(super) fn call(
        &mut self,
        path: &StepPath,
        call: Call,
        not_before: Option<Timestamp>,
    ) -> Result<(), Refused> {
        let owner = self.owner;
        let is_kept_back = self.run.paused || !self.spends_call();
        let span_id = SpanId::of(self.run.id, path, self.next_version());
        let step = self.step_mut(path)?;
        step.entry.status = StepStatus::Running;
        step.doing = match not_before {
            _ if is_kept_back => Doing::Ready(call),
            None => Doing::Calling(owner, call),
            Some(until) => Doing::Retrying(owner, until, call),
        };
        step.span_id = (!is_kept_back).then_some(span_id);
        if !is_kept_back {
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
    pub(super) fn new_suspension(&mut self) -> Result<SuspensionId, NoDecision> {
        let first = self.known.suspension.ok_or_else(NoDecision::suspension)?;
        self.own_suspensions += 1;
        Ok(first.after(self.own_suspensions - 1))
    }

    /// Opens a suspension of a step.
    pub(super) fn open(&mut self, path: &StepPath, suspension: Suspension) {
        self.opened.push((path.clone(), suspension));
    }

    /// Ends a suspension.
    pub(super) fn close(&mut self, suspension: &Suspension, end: SuspensionEnd) {
        self.closed.push(ClosedSuspension::of(suspension, end, &self.sender));
    }

    /// Lets go of a memory.
    pub(super) fn drop_image(&mut self, image: Option<BlobId>) {
        self.dropped_images.extend(image);
    }

    /// Ends the run.
    pub(super) fn end_run(&mut self, phase: Phase) {
        self.run.phase = phase;
        self.run.paused = false;
        self.run.blocked = None;
        self.entering.clear();
    }
}

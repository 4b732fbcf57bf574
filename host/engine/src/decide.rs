//! Deciding about an event and storing the decision, again and again if somebody else was faster.

use std::sync::Arc;

use reentry_core::effect::Effect;
use reentry_core::event::{CallEnd, Event};
use reentry_core::id::{RunId, SuspensionId, TenantId};
use reentry_core::path::StepPath;
use reentry_core::resume::TargetError;
use reentry_core::run::{
    Decision, Durability, EntryRecord, Known, MOVES_MAX, Missing, NoDecision, Refused, ReopenedSuspension,
    RunQuotas, RunState,
};
use reentry_core::trace::RootSpan;
use reentry_core::workflow::Program;
use reentry_store::{CallLog, CommitError, RequestKey};

use crate::call_epoch::CallEpoch;
use crate::cause::Cause;
use crate::commit::{Images, commit, flaw, new_run_refused};
use crate::counted::{Counted, counted};
use crate::error::Error;
use crate::fault::{FaultPoint, StoredChange};
use crate::flights::InFlight;
use crate::inputs;
use crate::late;
use crate::live::Signal;
use crate::meant::Meant;
use crate::ready::Ready;
use crate::shared::Shared;
use crate::standing::{Standing, load};
use crate::state_parts;
use crate::to_be_called::ready_for;

/// How often a decision is made again because somebody else changed the run first. Each conflict means that somebody
/// else got on, so this many in a row mean that something is wrong.
const CONFLICTS_MAX: usize = 1_000;

/// A run as one driver sees it.
pub(crate) struct Decider {
    pub(crate) host: Arc<Shared>,
    pub(crate) program: Arc<Program>,
    pub(crate) run: Arc<RunState>,
    /// It was not read, but is as this process stored it last: it may have changed since.
    is_recalled: bool,
    /// The record of the workflow itself, if the run ended.
    pub(crate) root: Option<EntryRecord>,
    /// The run is not stored yet.
    pub(crate) is_new: bool,
    /// The caller's key of the request that the next decision answers.
    pub(crate) request: Option<RequestKey>,
    /// What calls need that will follow, fetched and checked already.
    pub(crate) ready: Vec<Ready>,
    /// What has to be done because of what was due, which was stored before what was asked for.
    pub(crate) due: Vec<Effect>,
    /// The version with which this process stored a caller's answer.
    claim: Option<u64>,
    /// The root span of the start or resume before the latest one, if that one was stored here.
    pub(crate) earlier: Option<RootSpan>,
    /// Why the caller is told no, although there were things to do.
    pub(crate) refused: Option<Error>,
    /// Says that this process drives the run.
    _flight: InFlight,
}

impl Decider {
    pub(crate) fn new(host: Arc<Shared>, program: Arc<Program>, run: impl Into<Arc<RunState>>) -> Self {
        let run = run.into();
        let flight = host.flights.begin(run.id);
        Self::of(host, program, run, flight)
    }

    /// For a run as this process stored it last, or as it is stored.
    ///
    /// # Errors
    /// As [`load`].
    pub(crate) async fn recalled(host: &Arc<Shared>, tenant: &TenantId, id: RunId) -> Result<Self, Error> {
        let recalled = host.recent.take(tenant, id);
        let is_recalled = recalled.is_some();
        let run = match recalled {
            Some(run) => run,
            None => load(host, tenant, id).await?.into(),
        };
        let program = host.registry.program(&run).await?;
        Ok(Self { is_recalled, ..Self::new(Arc::clone(host), program, run) })
    }

    /// For a run that is to be forked: it is the new one that this process will drive.
    pub(crate) fn of_fork(
        host: Arc<Shared>,
        program: Arc<Program>,
        from: impl Into<Arc<RunState>>,
        fork: RunId,
    ) -> Self {
        let flight = host.flights.begin(fork);
        Self { is_new: true, ..Self::of(host, program, from.into(), flight) }
    }

    fn of(host: Arc<Shared>, program: Arc<Program>, run: Arc<RunState>, _flight: InFlight) -> Self {
        Self {
            host,
            program,
            run,
            is_recalled: false,
            root: None,
            is_new: false,
            request: None,
            ready: Vec::new(),
            due: Vec::new(),
            claim: None,
            earlier: None,
            refused: None,
            _flight,
        }
    }

    /// Decides about an event and stores the decision. Returns what has to be done now.
    ///
    /// Everything that the calls need which follow from the event is checked before it is stored, each time that the
    /// run turns out to have changed.
    ///
    /// # Errors
    /// [`Error::Refused`] when the event does not fit the run, and whatever is wrong with what the calls need;
    /// nothing was stored then.
    pub(crate) async fn step(&mut self, cause: &Cause, images: Images) -> Result<Vec<Effect>, Error> {
        let what = match cause {
            Cause::Event(event) | Cause::CallEnded(event, ..) => StoredChange::of(event),
            Cause::Fork(_) => StoredChange::Created,
        };
        let quotas = self.quotas(cause).await?;
        let mut known = Known::of(quotas);
        let mut meant = Meant::by(cause, &self.run);
        for _ in 0..CONFLICTS_MAX {
            self.learn(cause).await?;
            self.make_ready(cause).await?;
            let decided = match self.decide(cause, &mut known).await {
                Err(_) if self.is_recalled => {
                    self.reload().await?;
                    (known, meant) = (Known::of(quotas), Meant::by(cause, &self.run));
                    continue;
                }
                Err(Error::Refused(Refused::Target(error))) => {
                    let (error, over) = meant.told(&self.host, &self.run, error).await?;
                    if let Some(suspension) = over {
                        self.came_late(cause, suspension, &error).await?;
                    }
                    return Err(Refused::Target(error).into());
                }
                decided => decided?,
            };
            let Some(mut decision) = decided else {
                self.let_due_happen().await?;
                known = Known::of(quotas);
                continue;
            };
            if self.host.durability == Durability::Visible {
                decision.durability = Durability::Visible;
            }
            let call_log = match cause {
                Cause::CallEnded(_, _, log) => log.clone(),
                _ => None,
            };
            let before = Arc::clone(&self.run);
            match self.store(what, decision, images.clone(), call_log).await? {
                Some(effects) => {
                    for counted in counted(cause, &before, &self.run) {
                        self.host.observer.count(&self.run.tenant, counted);
                    }
                    return Ok(effects);
                }
                None => {
                    self.host.observer.count(&self.run.tenant, Counted::Conflicted);
                    let was_recalled = self.is_recalled;
                    self.reload().await?;
                    known = Known::of(quotas);
                    if was_recalled {
                        meant = Meant::by(cause, &self.run);
                    }
                }
            }
        }
        Err(self.interrupted(&"it is changed by others all the time"))
    }

    /// What the run may use. It can be canceled whatever that is.
    async fn quotas(&self, cause: &Cause) -> Result<RunQuotas, Error> {
        match cause {
            Cause::Event(Event::CancelRequested(_)) => Ok(RunQuotas::default()),
            _ => Ok(self.host.policy(&self.run.tenant).await?.quotas),
        }
    }

    /// Notes an answer that came when its suspension was over, unless the very same request has given the one that
    /// counts.
    async fn came_late(&self, cause: &Cause, over: SuspensionId, error: &TargetError) -> Result<(), Error> {
        let (Cause::Event(Event::Resumed(request, _)), Some(reason)) = (cause, error.over()) else {
            return Ok(());
        };
        let (store, tenant) = (&self.host.store, &self.run.tenant);
        if let Some(request) = &self.request
            && store.request(tenant, &request.key).await?.is_some()
        {
            return Ok(());
        }
        late::came_late(&self.host, &self.run, over, reason, request.by.clone()).await;
        Ok(())
    }

    /// Stores what is due in the run; what has to be done then is added to `due`.
    async fn let_due_happen(&mut self) -> Result<(), Error> {
        let passed = Cause::Event(Event::TimePassed { owner: self.host.owner });
        // The request is another one's.
        let request = self.request.take();
        let happened = Box::pin(self.step(&passed, Vec::new())).await;
        self.request = request;
        match happened {
            Ok(effects) => self.due.extend(effects),
            // Another process was faster.
            Err(Error::Refused(Refused::Idle)) => self.reload().await?,
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Fetches and checks what the calls need that follow.
    ///
    /// The memory of a step that somebody else brings on meanwhile goes away under our hands. That is no damage: the
    /// run has changed then, and is looked at again.
    async fn make_ready(&mut self, cause: &Cause) -> Result<(), Error> {
        loop {
            let error = match ready_for(&self.host, &self.run, &self.program, cause).await {
                Ok(ready) => {
                    self.ready = ready;
                    return Ok(());
                }
                Err(error) => error,
            };
            let version = self.run.version;
            if !self.is_new {
                self.reload().await?;
            }
            if self.run.version == version {
                return Err(error);
            }
        }
    }

    /// Decides, and fetches what the decision needs to know. `None` when something is due that comes first.
    async fn decide(&self, cause: &Cause, known: &mut Known) -> Result<Option<Decision>, Error> {
        self.check(cause)?;
        loop {
            let (run, now) = (RunState::clone(&self.run), self.host.clock.now());
            match self.decision(cause, run, now, known).await? {
                Ok(decision) => return Ok(Some(decision)),
                Err(NoDecision::Due) => return Ok(None),
                Err(NoDecision::Refused(refused)) => return Err(refused.into()),
                Err(NoDecision::Missing(missing)) => self.fetch(missing, known).await?,
            }
        }
    }

    /// Refuses what only this process can know to be of no interest.
    fn check(&self, cause: &Cause) -> Result<(), Refused> {
        match cause {
            // A run that went back may make a call of the same number, which is another one.
            Cause::CallEnded(Event::CallEnded(ended), epoch, _)
                if self
                    .run
                    .steps
                    .get(&ended.path)
                    .is_some_and(|step| CallEpoch::now(&self.run, step) != *epoch) =>
            {
                Err(Refused::Stale { path: ended.path.clone(), call: ended.call })
            }
            // Its own calls are given up only when nobody else drives the run here. Whoever does began before the
            // version that this builds on was stored, and is gone only when a later one is.
            Cause::Event(Event::TakenOver { from, by }) if from == by => {
                if self.host.flights.of(self.run.id) > 1 { Err(Refused::Idle) } else { Ok(()) }
            }
            _ => Ok(()),
        }
    }

    async fn fetch(&self, missing: Missing, known: &mut Known) -> Result<(), Error> {
        fetch(&self.host, (&self.run.tenant, self.run.id), missing, known).await
    }

    /// Stores a decision. `None` when somebody else was faster.
    async fn store(
        &mut self,
        what: StoredChange,
        mut decision: Decision,
        images: Images,
        call_log: Option<CallLog>,
    ) -> Result<Option<Vec<Effect>>, Error> {
        let effects = std::mem::take(&mut decision.effects);
        inputs::set_apart(&self.run, &mut decision);
        let root = decision.steps.iter().find(|(path, step)| path.is_root() && !step.is_active());
        let root = root.map(|(_, step)| step.clone());
        let reopened = decision.reopened.clone();
        let expected = (!self.is_new).then_some(self.run.version);
        let parts = state_parts::set_apart(&self.run, self.is_new, &mut decision.run);
        let mut commit = commit(expected, decision, images, self.host.savepoints_max)?;
        commit.parts = parts.kept;
        commit.dropped_images.extend(parts.dropped);
        commit.was_blocked = self.run.blocked.is_some();
        debug_assert_eq!(flaw(&self.run, &commit), None, "run {}", self.run.id);
        let run = Arc::clone(&commit.run);
        commit.run = state_parts::stored(&run);
        commit.request = self.request.clone();
        commit.call_log = call_log;
        self.host.fault(FaultPoint::BeforeCommit(what));
        match self.host.store.commit(commit).await {
            Ok(()) => {}
            Err(CommitError::Store(error)) => return Err(error.into()),
            Err(CommitError::RequestKnown { key }) => return Err(Error::RequestKnown { key }),
            Err(CommitError::MessageTaken { .. }) => return Err(Refused::Idle.into()),
            // Decided anew it would be the same, as nothing of it is stored.
            Err(error) if self.is_new => return Err(new_run_refused(run.id, error)),
            Err(_) => return Ok(None),
        }
        self.host.fault(FaultPoint::AfterCommit(what));
        self.host.recent.note(&run);
        self.host.live.tell(run.id, Signal::Committed(Some(Arc::clone(&run))));
        if matches!(what, StoredChange::Resumed | StoredChange::Created) {
            self.claim = Some(run.version);
            self.earlier.clone_from(&self.run.span);
        }
        // Of several answers that one request gave, the first that is refused is told.
        if let Some(reopened) = reopened.into_iter().find(|reopened| Some(reopened.claim) == self.claim) {
            let ReopenedSuspension { path, suspension, message: reason, .. } = reopened;
            self.refused.get_or_insert(Error::AnswerRefused { run: run.id, path, suspension, reason });
        }
        (self.run, self.root, self.is_new, self.request) = (run, root, false, None);
        self.is_recalled = false;
        Ok(Some(effects))
    }

    /// Sees to it that the workflows which an event names are at hand.
    async fn learn(&mut self, cause: &Cause) -> Result<(), Error> {
        match cause {
            Cause::CallEnded(Event::CallEnded(ended), ..) => {
                let CallEnd::Suspended { workflows, .. } = &ended.end else { return Ok(()) };
                for digest in workflows.values() {
                    if !self.program.called.contains_key(digest) {
                        let workflow = self.host.registry.workflow(*digest).await?;
                        Arc::make_mut(&mut self.program).called.insert(*digest, workflow);
                    }
                }
            }
            // What was called then is not what is called now.
            Cause::Event(Event::Restarted(restarted)) => {
                self.program = self.host.registry.program(&restarted.saved).await?;
            }
            Cause::Event(Event::Migrated(migrated)) => {
                let called = &self.run.called;
                self.program = self.host.registry.program_of(migrated.to, called).await?;
            }
            _ => {}
        }
        Ok(())
    }

    pub(crate) async fn reload(&mut self) -> Result<(), Error> {
        let Standing { run, program, root } =
            Standing::stored(&self.host, &self.run.tenant, self.run.id).await?;
        (self.run, self.program, self.root, self.is_recalled) = (run, program, root, false);
        Ok(())
    }

    pub(crate) fn interrupted(&self, reason: &dyn std::fmt::Display) -> Error {
        Error::Interrupted { run: self.run.id, reason: reason.to_string() }
    }
}

/// Reads the records that a decision about a run needs to know.
pub(crate) async fn fetch(
    host: &Shared,
    (tenant, run): (&TenantId, RunId),
    missing: Missing,
    known: &mut Known,
) -> Result<(), Error> {
    if missing.suspension {
        let count = usize::try_from(MOVES_MAX).unwrap_or(usize::MAX);
        known.suspension = Some(host.chance.suspension_ids(host.clock.now(), count));
    }
    let paths: Vec<StepPath> = missing.steps.into_iter().collect();
    if !paths.is_empty() {
        known.steps.extend(host.store.outputs(tenant, run, &paths).await?);
    }
    for path in missing.repetitions {
        let all = host.store.children(tenant, run, &path).await?;
        known.repetitions.insert(path, all);
    }
    Ok(())
}

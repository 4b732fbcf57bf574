//! Deciding about an event and storing the decision, again and again if somebody else was faster.

use std::sync::Arc;

use reentry_core::effect::Effect;
use reentry_core::event::{CallEnd, Event};
use reentry_core::id::{RunId, SnapshotId, TenantId};
use reentry_core::path::StepPath;
use reentry_core::run::{Decision, Durability, Known, Missing, Run, Step, Stop, apply};
use reentry_core::workflow::Program;
use reentry_store::{CommitError, RequestKey};

use crate::commit::commit;
use crate::error::Error;
use crate::fault::{FaultPoint, Stored};
use crate::host::Inner;
use crate::trace;

/// How often a decision is made again because somebody else changed the run first. Each conflict means that somebody else got
/// on, so this many in a row mean that something is wrong.
const CONFLICTS_MAX: usize = 1_000;

/// A run as one driver sees it.
pub(crate) struct Decider {
    pub(crate) host: Arc<Inner>,
    pub(crate) program: Arc<Program>,
    pub(crate) run: Run,
    /// The record of the workflow itself, if the run ended.
    pub(crate) root: Option<Step>,
    /// The run is not stored yet.
    pub(crate) is_new: bool,
    /// The caller's key of the request that the next decision answers.
    pub(crate) request: Option<RequestKey>,
}

impl Decider {
    pub(crate) fn new(host: Arc<Inner>, program: Arc<Program>, run: Run) -> Self {
        Self { host, program, run, root: None, is_new: false, request: None }
    }

    /// Decides about an event and stores the decision. Returns what has to be done now.
    ///
    /// # Errors
    /// [`Error::Refused`] when the event does not fit the run; nothing was stored then.
    pub(crate) async fn step(
        &mut self,
        event: Event,
        image: Option<(SnapshotId, Vec<u8>)>,
    ) -> Result<Vec<Effect>, Error> {
        let what = Stored::of(&event);
        self.learn(&event).await?;
        let mut known = Known::default();
        for _ in 0..CONFLICTS_MAX {
            let mut decision = self.decide(&event, &mut known).await?;
            if self.host.durability == Durability::Visible {
                decision.durability = Durability::Visible;
            }
            match self.store(what, decision, image.clone()).await? {
                Some(effects) => return Ok(effects),
                None => {
                    known = Known::default();
                    self.reload().await?;
                }
            }
        }
        Err(self.interrupted(&"it is changed by others all the time"))
    }

    /// Decides, and fetches what the decision needs to know.
    async fn decide(&self, event: &Event, known: &mut Known) -> Result<Decision, Error> {
        loop {
            let now = self.host.clock.now();
            match apply(self.run.clone(), &self.program, event.clone(), now, known) {
                Ok(decision) => return Ok(decision),
                Err(Stop::Refused(refused)) => return Err(refused.into()),
                Err(Stop::Missing(missing)) => self.fetch(missing, known).await?,
            }
        }
    }

    async fn fetch(&self, missing: Missing, known: &mut Known) -> Result<(), Error> {
        fetch(&self.host, self.run.id, missing, known).await
    }

    /// Stores a decision. `None` when somebody else was faster.
    async fn store(
        &mut self,
        what: Stored,
        mut decision: Decision,
        image: Option<(SnapshotId, Vec<u8>)>,
    ) -> Result<Option<Vec<Effect>>, Error> {
        let effects = std::mem::take(&mut decision.effects);
        let root = decision.steps.iter().find(|(path, step)| path.is_root() && !step.is_active());
        let (root, run) = (root.map(|(_, step)| step.clone()), decision.run.clone());
        let expected = (!self.is_new).then_some(self.run.version);
        let mut commit = commit(expected, decision, image)?;
        commit.request = self.request.clone();
        self.host.fault(FaultPoint::BeforeCommit(what));
        match self.host.store.commit(commit).await {
            Ok(()) => {}
            Err(CommitError::Store(error)) => return Err(error.into()),
            Err(CommitError::RequestKnown { key }) => return Err(Error::RequestKnown { key }),
            Err(CommitError::MessageTaken { .. }) => return Err(reentry_core::run::Refused::Idle.into()),
            Err(_) if self.is_new => return Err(self.interrupted(&"its id is taken")),
            Err(_) => return Ok(None),
        }
        self.host.fault(FaultPoint::AfterCommit(what));
        self.host.commits.notify(run.id);
        if let (Stored::Started | Stored::Resumed, Some(span)) = (what, &run.span) {
            trace::record(span);
        }
        (self.run, self.root, self.is_new, self.request) = (run, root, false, None);
        Ok(Some(effects))
    }

    /// Sees to it that the workflows which an event names are at hand.
    async fn learn(&mut self, event: &Event) -> Result<(), Error> {
        if let Event::CallEnded(ended) = event
            && let CallEnd::Suspended { workflows, .. } = &ended.end
        {
            for digest in workflows.values() {
                if !self.program.called.contains_key(digest) {
                    let workflow = self.host.registry.workflow(*digest).await?;
                    Arc::make_mut(&mut self.program).called.insert(*digest, workflow);
                }
            }
        }
        Ok(())
    }

    pub(crate) async fn reload(&mut self) -> Result<(), Error> {
        self.run = load(&self.host, &self.run.tenant, self.run.id).await?;
        self.program = self.host.registry.program(&self.run).await?;
        self.root = match self.run.status().is_final() {
            true => self.host.store.step(self.run.id, &StepPath::root()).await?,
            false => None,
        };
        Ok(())
    }

    pub(crate) fn interrupted(&self, reason: &dyn std::fmt::Display) -> Error {
        Error::Interrupted { run: self.run.id, reason: reason.to_string() }
    }
}

/// Reads the records that a decision about a run needs to know.
pub(crate) async fn fetch(host: &Inner, run: RunId, missing: Missing, known: &mut Known) -> Result<(), Error> {
    let paths: Vec<StepPath> = missing.steps.into_iter().collect();
    if !paths.is_empty() {
        known.steps.extend(host.store.outputs(run, &paths).await?);
    }
    for path in missing.repetitions {
        let all = host.store.children(run, &path).await?;
        known.repetitions.insert(path, all);
    }
    Ok(())
}

/// Reads a run.
pub(crate) async fn load(host: &Inner, tenant: &TenantId, id: RunId) -> Result<Run, Error> {
    host.store.run(tenant, id).await?.ok_or(Error::NoRun(id))
}

//! Runs that are paused, restarted, forked, sent back, deleted.

use std::sync::Arc;

use reentry_core::event::{Event, Restarted, Traveled};
use reentry_core::id::{RunId, SuspensionId};
use reentry_core::json::Json;
use reentry_core::path::StepPath;
use reentry_core::resume::Target;
use reentry_core::run::{Fork, Known, Refused, Run as RunState, Stop, apply};
use reentry_core::time::Timestamp;
use reentry_core::trace::TracingOptions;
use reentry_store::SavepointKind;

use crate::decide::{Cause, Decider};
use crate::drive::{Task, begin};
use crate::error::Error;
use crate::host::Host;
use crate::options::{OutputOptions, ResumeOptions};
use crate::output::RunResult;
use crate::run::Run;
use crate::{saved, trace};

/// How a run is forked.
#[derive(Clone, Debug, Default)]
pub struct ForkOptions {
    /// The suspension at which the new run stands, before that was answered; `None` where the run stands now.
    pub at: Option<SuspensionId>,
    /// The answer that the new run gets. Without a target it is meant for the suspension of `at`.
    pub answer: Option<ResumeOptions>,
}

/// How a run is sent back.
#[derive(Clone, Debug)]
pub struct TravelOptions {
    /// The entry that is done again, with all that follows it.
    pub to: StepPath,
    /// Its input; `None` for the recorded one.
    pub input: Option<Json>,
    /// The answer that it gets when it suspends.
    pub answer: Option<ResumeOptions>,
}

impl Run {
    /// Has no further guest called: calls in flight end, answers and timers are taken. Durable on return.
    ///
    /// # Errors
    /// `Conflict` for a run that is paused, has not begun or has ended.
    pub async fn pause(&self) -> Result<RunResult, Error> {
        self.bring("workflow run (paused)", Event::PauseRequested).await
    }

    /// Lets a paused run go on, and returns when it has ended or waits.
    ///
    /// # Errors
    /// `Conflict` for a run that is not paused.
    pub async fn unpause(&self) -> Result<RunResult, Error> {
        self.bring("workflow run (unpaused)", Event::Unpaused { owner: self.host.inner.owner }).await
    }

    /// Has a run that failed or was cancelled go on from where it was right before: what failed is tried again. Returns when it has ended
    /// or waits.
    ///
    /// # Errors
    /// `Conflict` for a run that did not end so, or of which no savepoint is kept.
    pub async fn restart(&self) -> Result<RunResult, Error> {
        let run = self.load().await?;
        let point = self.host.inner.store.last_savepoint(self.id, SavepointKind::Failure).await?;
        let refused = Refused::NotRestartable { status: run.status() };
        let saved = Box::new(saved::run_of(&*self.host.inner.store, &point.ok_or(refused)?).await?);
        let (owner, seed) = (self.host.inner.owner, self.host.inner.chance.bytes());
        let event = Event::Restarted(Restarted { saved, owner, seed });
        self.bring("workflow run (restarted)", event).await
    }

    /// Sends the run back to one of its entries, which is done again with all that follows. Returns when it has ended or waits.
    ///
    /// # Errors
    /// `Refused` for an entry to which it cannot go back; the run stays as it is. When it went back and the answer was refused, the
    /// error is that of the answer.
    pub async fn time_travel(&self, options: TravelOptions) -> Result<RunResult, Error> {
        let TravelOptions { to, input, answer } = options;
        let owner = self.host.inner.owner;
        let event = Event::Traveled(Traveled { to, input, owner });
        let result = self.bring("workflow run (sent back)", event).await?;
        match answer {
            Some(answer) => self.resume(answer).await,
            None => Ok(result),
        }
    }

    /// Makes a new run that stands where this one stands, or stood before a suspension was answered. What was done before is shared. The
    /// new run goes on by itself; with an answer, this returns when it has been given and the run has ended or waits again.
    ///
    /// # Errors
    /// `NotFound` when no savepoint of that suspension is kept; `Conflict` for a run that has not begun or has ended; as
    /// [`Self::resume`] for an answer that is refused. There is no new run in these cases.
    pub async fn fork(&self, options: ForkOptions) -> Result<Run, Error> {
        let host = &self.host.inner;
        let from = match options.at {
            None => self.load().await?,
            Some(at) => {
                self.load().await?;
                let point = host.store.savepoint(self.id, at).await?;
                let point = point.ok_or(Error::NoSavepoint { run: self.id, suspension: at })?;
                saved::run_of(&*host.store, &point).await?
            }
        };
        let program = host.registry.program(&from).await?;
        let answer = options.answer.map(|answer| meant_for(answer, options.at));
        if let Some(answer) = &answer {
            let event = Event::Resumed(answer.clone().request(), self.caller());
            // What is missing is asked for only once everything is checked.
            if let Err(Stop::Refused(refused)) =
                apply(from.clone(), &program, event, host.clock.now(), &Known::default())
            {
                return Err(refused.into());
            }
        }
        let id = host.chance.run_id(host.clock.now());
        let cause = Cause::Fork(Fork { id, seed: host.chance.bytes(), owner: host.owner });
        let decider = Decider::of_fork(Arc::clone(host), program, from.clone(), id);
        let span = tracing::info_span!("reentry", otel.name = "workflow run (forked)", run = %id);
        let driver = begin(Task { decider, cause, images: Vec::new(), ready: Vec::new() }).await?;
        let new = Run::new(self.host.clone(), id);
        let going = tokio::spawn(tracing::Instrument::instrument(driver.go_on(), span));
        if let Some(answer) = answer {
            let target = same(&from, &new.load().await?, answer.step.clone());
            new.resume(ResumeOptions { step: target, ..answer }).await?;
        } else {
            // What it does is its own; only what is called at once is waited for by those who ask.
            drop(going);
        }
        Ok(new)
    }

    pub(crate) async fn bring(&self, name: &'static str, event: Event) -> Result<RunResult, Error> {
        let run = self.load().await?;
        let program = self.host.inner.registry.program(&run).await?;
        let span = trace::root(name, &run, &TracingOptions::default(), &std::collections::BTreeMap::new());
        self.drive(span, run, program, event, OutputOptions::default()).await
    }
}

/// An answer without a target is meant for the suspension at which the fork begins.
fn meant_for(answer: ResumeOptions, at: Option<SuspensionId>) -> ResumeOptions {
    match at {
        Some(at) if answer.step == Target::default() => answer.step(Target::suspension(at)),
        _ => answer,
    }
}

/// The target in the fork for a target in the run that it was forked from: its suspensions have ids of their own.
fn same(from: &RunState, fork: &RunState, target: Target) -> Target {
    let meant = from.waiting().find(|(_, open)| Some(open.id) == target.suspension);
    let found = meant.and_then(|(path, open)| {
        fork.waiting().find(|(other, new)| *other == path && new.wait.id == open.wait.id)
    });
    match found {
        Some((_, new)) => Target::suspension(new.id),
        None => target,
    }
}

impl Host {
    /// Deletes a run that has ended, with all that is kept of it. Durable on return.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when it has not ended, or when there are forks of it.
    pub async fn delete_run(&self, id: RunId) -> Result<(), Error> {
        Ok(self.inner.store.delete_run(&self.tenant, id).await?)
    }

    /// Deletes runs, of all tenants, that have ended and changed last before an instant, the longest ago first; at most `limit`. Those of
    /// which there are forks are left out. Returns the deleted ones.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn delete_runs_before(&self, before: Timestamp, limit: usize) -> Result<Vec<RunId>, Error> {
        Ok(self.inner.store.delete_runs_before(before, limit).await?)
    }
}

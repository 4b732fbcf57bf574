//! Runs that begin where another one stands or stood.

use std::sync::Arc;

use reentry_core::actor::By;
use reentry_core::id::{RunId, SuspensionId};
use reentry_core::resume::Target;
use reentry_core::run::{Fork, RunState};
use reentry_core::workflow::Program;
use tracing::Instrument;

use crate::cause::Cause;
use crate::decide::Decider;
use crate::drive::{Driver, Task, begin};
use crate::error::Error;
use crate::options::{ActOptions, ResumeOptions};
use crate::run::Run;
use crate::work::Work;
use crate::{saved, who};

/// How often a run is forked anew because it went on meanwhile. Each time means that it got on, so this many mean
/// that something is wrong.
const TRIES_MAX: usize = 100;

/// How a run is forked.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ForkOptions {
    /// The suspension at which the new run stands, before that was answered; `None` where the run stands now.
    pub at: Option<SuspensionId>,
    /// The answer that the new run gets. Without a target it is meant for the suspension of `at`.
    pub answer: Option<ResumeOptions>,
}

reentry_core::setters!(ForkOptions {
    at: Option<SuspensionId>,
    answer: Option<ResumeOptions>,
});

impl Run {
    /// Makes a new run that stands where this one stands, or stood before a suspension was answered. What was done
    /// before is shared. The new run goes on by itself. With an answer, it begins with that, and this returns when it
    /// has ended or waits again; the answer's idempotency key is not looked at, as each call makes a run of its own.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/doc.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use reentry::{ForkOptions, ResumeOptions, RunStatus, StartOptions};
    /// # use serde_json::json;
    ///
    /// # let (host, tenant, ask) = asks().await?;
    /// # let workflow = tenant.workflow("approval").then(ask.step("ask")).commit().await?;
    /// # let run = workflow.new_run().start(StartOptions::input(json!({"amount": 120}))).await?.run;
    /// let fork = run.fork(ForkOptions::default()).await?;
    /// run.resume(ResumeOptions::data(json!({"approved": true}))).await?;
    /// // The fork still waits, and takes another answer.
    /// let result = fork.resume(ResumeOptions::data(json!({"approved": false}))).await?;
    /// assert_eq!(result.result.unwrap().text(), r#"{"approved":false}"#);
    /// assert_eq!(run.status().await?, RunStatus::Success);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `NotFound` when no savepoint of that suspension is kept; `Conflict` for a run that has not begun or has ended;
    /// as [`Self::resume`] for an answer that is refused. There is no new run in these cases. When the step itself
    /// refuses the answer ([`Error::AnswerRefused`], which names the new run), that run is there, and its question is
    /// open.
    pub async fn fork(&self, options: ForkOptions) -> Result<Run, Error> {
        self.fork_with(options, ActOptions::default()).await
    }

    /// Makes a new run as [`Self::fork`] does, and records who asked for it: by default the one who gives
    /// the answer.
    ///
    /// # Errors
    /// As [`Self::fork`]; `Refused` for a name or a comment that is too long.
    pub async fn fork_with(&self, options: ForkOptions, act: ActOptions) -> Result<Run, Error> {
        let answer = options.answer.map(|answer| meant_for(answer, options.at));
        let by = who::acting_with(act, answer.as_ref())?;
        self.tenant.shared.check_active(&self.tenant.id).await?;
        let policy = self.tenant.policy().await?;
        answer.iter().try_for_each(|answer| policy.answer_bounded(answer))?;
        let mut tries = 0;
        let (id, driver) = loop {
            let from = self.to_fork(options.at).await?;
            let version = from.0.version;
            let id = self.tenant.shared.chance.run_id(self.tenant.shared.clock.now());
            let work = Work::on(&self.tenant.shared, "workflow run (forked)", id);
            let span = work.told();
            match self.begin_fork(id, from, answer.clone(), by.clone(), work).instrument(span).await {
                Ok(driver) => break (id, driver),
                Err(error) if tries == TRIES_MAX || self.stands_at(version, options.at).await? => {
                    return Err(error);
                }
                // It went on, or the savepoint went to make room, and what it referred to may be gone.
                Err(_) => tries += 1,
            }
        };
        let seen = match answer {
            Some(_) => driver.spawned().await?.run.version,
            // What it does is its own: those who ask wait for it.
            None => {
                driver.left_alone();
                1
            }
        };
        Ok(Run::new(self.tenant.clone(), id, seen))
    }

    /// The run to begin with.
    async fn to_fork(&self, at: Option<SuspensionId>) -> Result<(RunState, Arc<Program>), Error> {
        let (host, now) = (&self.tenant.shared, self.load().await?);
        let from = match at {
            None => now,
            Some(at) => {
                let point = async || host.store.savepoint(&self.tenant.id, self.id, at).await;
                let none = || Error::NoSavepoint { run: self.id, suspension: at };
                let found = saved::run_of(&*host.store, &point().await?.ok_or_else(none)?).await;
                // Its parts go with it.
                if found.is_err() && point().await?.is_none() {
                    return Err(none());
                }
                found?
            }
        };
        let program = host.registry.program(&from).await?;
        Ok((from, program))
    }

    /// Whether the run, or its savepoint of a suspension, is still of this version.
    async fn stands_at(&self, version: u64, at: Option<SuspensionId>) -> Result<bool, Error> {
        let now = match at {
            None => Some(self.load().await?.version),
            Some(at) => {
                let point = self.tenant.shared.store.savepoint(&self.tenant.id, self.id, at).await?;
                point.map(|point| point.version)
            }
        };
        Ok(now == Some(version))
    }

    /// Stores the new run, its answer given.
    async fn begin_fork(
        &self,
        id: RunId,
        (from, program): (RunState, Arc<Program>),
        answer: Option<ResumeOptions>,
        by: By,
        work: Work,
    ) -> Result<Driver, Error> {
        let host = &self.tenant.shared;
        let answer = match answer {
            Some(answer) => {
                let by = who::answerer(&answer)?;
                Some(Box::new(answer.request(by)))
            }
            None => None,
        };
        let now = host.clock.now();
        let how = Fork {
            id,
            suspension: host.chance.suspension_ids(now, from.suspensions_of_fork().count()),
            owner: host.owner,
            answer,
            by,
        };
        let decider = Decider::of_fork(Arc::clone(host), program, from, id);
        begin(Task { decider, cause: Cause::Fork(how), images: Vec::new(), work }).await
    }
}

/// An answer without a target is meant for the suspension at which the fork begins.
fn meant_for(answer: ResumeOptions, at: Option<SuspensionId>) -> ResumeOptions {
    match at {
        Some(at) if answer.step == Target::default() => answer.step(Target::suspension(at)),
        _ => answer,
    }
}

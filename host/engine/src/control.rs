//! Runs that are canceled, paused, restarted, sent back, deleted.

use reentry_core::actor::By;
use reentry_core::event::{Event, Restarted, Traveled};
use reentry_core::failure;
use reentry_core::id::RunId;
use reentry_core::json::Json;
use reentry_core::path::StepPath;
use reentry_core::run::{Refused, RunStatus};
use reentry_store::{DeleteError, SavepointKind};

use crate::error::Error;
use crate::options::{ActOptions, OutputOptions, ResumeOptions};
use crate::output::RunResult;
use crate::run::Run;
use crate::standing::load_with_program;
use crate::tenant::Tenant;
use crate::work::Work;
use crate::{saved, trouble, who};

/// How a run is sent back.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TravelOptions {
    /// The entry that is done again, with all that follows it.
    pub to: StepPath,
    /// Its input; `None` for the recorded one.
    pub input: Option<Json>,
    /// The answer that it gets when it suspends.
    pub answer: Option<ResumeOptions>,
}

reentry_core::setters!(TravelOptions {
    input: Option<Json>,
    answer: Option<ResumeOptions>,
});

impl TravelOptions {
    /// Makes the options of sending a run back to an entry.
    pub fn to(entry: StepPath) -> Self {
        Self { to: entry, input: None, answer: None }
    }
}

impl Run {
    /// Ends the run as canceled. Steps that wait are closed. A call that is in flight learns of it when it asks, and
    /// its end does not count. Durable on return.
    ///
    /// # Errors
    /// `Conflict` when the run has ended; `Damaged` when it cannot be read: it is blocked then, and can be deleted.
    pub async fn cancel(&self) -> Result<RunResult, Error> {
        self.cancel_with(ActOptions::default()).await
    }

    /// Ends the run as [`Self::cancel`] does, and records who asked for it.
    ///
    /// # Errors
    /// As [`Self::cancel`]; `Refused` for a name or a comment that is too long.
    pub async fn cancel_with(&self, options: ActOptions) -> Result<RunResult, Error> {
        let by = Box::new(who::acting(options)?);
        let name = "workflow run (canceled)";
        match self.bring(name, Event::CancelRequested(by)).await {
            Err(error) if error.is_unreadable() => {
                let (tenant, why) = (&self.tenant, trouble::verdict(&failure::UNREADABLE, &error));
                match trouble::block(&tenant.shared, &tenant.id, self.id, &why).await {
                    true => Err(Error::Unreadable { run: self.id, source: Box::new(error) }),
                    false => Err(error),
                }
            }
            ended => ended,
        }
    }

    /// Has no further guest called: calls in flight end, answers and timers are taken. Durable on return.
    ///
    /// # Errors
    /// `Conflict` for a run that is paused, has not begun or has ended.
    pub async fn pause(&self) -> Result<RunResult, Error> {
        self.pause_with(ActOptions::default()).await
    }

    /// Pauses the run as [`Self::pause`] does, and records who asked for it.
    ///
    /// # Errors
    /// As [`Self::pause`]; `Refused` for a name or a comment that is too long.
    pub async fn pause_with(&self, options: ActOptions) -> Result<RunResult, Error> {
        let by = Box::new(who::acting(options)?);
        self.bring("workflow run (paused)", Event::PauseRequested(by)).await
    }

    /// Lets a paused run go on, and returns when it has ended or waits.
    ///
    /// # Errors
    /// `Conflict` for a run that is not paused.
    pub async fn unpause(&self) -> Result<RunResult, Error> {
        self.unpause_with(ActOptions::default()).await
    }

    /// Lets the run go on as [`Self::unpause`] does, and records who asked for it.
    ///
    /// # Errors
    /// As [`Self::unpause`]; `Refused` for a name or a comment that is too long.
    pub async fn unpause_with(&self, options: ActOptions) -> Result<RunResult, Error> {
        let (owner, by) = (self.tenant.shared.owner, Box::new(who::acting(options)?));
        self.bring("workflow run (unpaused)", Event::Unpaused { owner, by }).await
    }

    /// Lets a run go on that is paused or blocked, and returns when it has ended or waits. One that is blocked is tried
    /// once more from where it stands: what was under way or was not begun is called. It stays blocked, and paused if
    /// it was, as long as what blocked it is still so; nothing is stored then.
    ///
    /// # Errors
    /// `Conflict` for a run that is neither, and for one that would be blocked again at once.
    pub async fn go_on(&self) -> Result<RunResult, Error> {
        self.go_on_with(ActOptions::default()).await
    }

    /// Lets the run go on as [`Self::go_on`] does, and records who asked for it.
    ///
    /// # Errors
    /// As [`Self::go_on`]; `Refused` for a name or a comment that is too long.
    pub async fn go_on_with(&self, options: ActOptions) -> Result<RunResult, Error> {
        match self.status().await? {
            RunStatus::Blocked => self.unblock(who::acting(options)?).await,
            _ => self.unpause_with(options).await,
        }
    }

    async fn unblock(&self, by: By) -> Result<RunResult, Error> {
        let event = Event::Unblocked { owner: self.tenant.shared.owner, by: Box::new(by) };
        self.bring("workflow run (restarted)", event).await
    }

    /// Has a run that failed or was canceled go on from where it was right before: what failed is tried again. A
    /// blocked run goes on as with [`Self::go_on`]. Returns when it has ended or waits.
    ///
    /// # Errors
    /// `Conflict` for a run that did not end so, or of which no savepoint is kept.
    pub async fn restart(&self) -> Result<RunResult, Error> {
        self.restart_with(ActOptions::default()).await
    }

    /// Restarts the run as [`Self::restart`] does, and records who asked for it.
    ///
    /// # Errors
    /// As [`Self::restart`]; `Refused` for a name or a comment that is too long.
    pub async fn restart_with(&self, options: ActOptions) -> Result<RunResult, Error> {
        self.tenant.shared.check_active(&self.tenant.id).await?;
        let by = who::acting(options)?;
        let run = self.load().await?;
        if run.status() == RunStatus::Blocked {
            return self.unblock(by).await;
        }
        let point =
            self.tenant.shared.store.last_savepoint(&self.tenant.id, self.id, SavepointKind::Failure).await?;
        let refused = match run.status() {
            RunStatus::Failed | RunStatus::Canceled => Refused::NotSaved,
            status => Refused::NotRestartable { status },
        };
        let store = &*self.tenant.shared.store;
        let saved = Box::new(saved::run_of(store, &point.ok_or(refused)?).await?);
        let host = &self.tenant.shared;
        let suspension = host.chance.suspension_ids(host.clock.now(), saved.waiting().count());
        let event = Event::Restarted(Restarted { saved, owner: host.owner, suspension, by });
        self.bring("workflow run (restarted)", event).await
    }

    /// Sends the run back to one of its entries, which is done again with all that follows. Returns when it has ended
    /// or waits.
    ///
    /// # Errors
    /// `Refused` for an entry to which it cannot go back; the run stays as it is. When it went back and the answer
    /// was refused, the error is that of the answer.
    pub async fn travel(&self, options: TravelOptions) -> Result<RunResult, Error> {
        self.travel_with(options, ActOptions::default()).await
    }

    /// Sends the run back as [`Self::travel`] does, and records who asked for it: by default the one who gives the
    /// answer.
    ///
    /// # Errors
    /// As [`Self::travel`]; `Refused` for a name or a comment that is too long.
    pub async fn travel_with(&self, options: TravelOptions, act: ActOptions) -> Result<RunResult, Error> {
        let TravelOptions { to, input, answer } = options;
        let by = who::acting_with(act, answer.as_ref())?;
        self.tenant.shared.check_active(&self.tenant.id).await?;
        let policy = self.tenant.policy().await?;
        policy.bounded("input", input.as_ref())?;
        answer.iter().try_for_each(|answer| policy.answer_bounded(answer))?;
        let owner = self.tenant.shared.owner;
        let event = Event::Traveled(Traveled { to, input, owner, by });
        let result = self.bring("workflow run (sent back)", event).await?;
        match answer {
            Some(answer) => self.resume(answer).await,
            None => Ok(result),
        }
    }

    pub(crate) async fn bring(&self, name: &'static str, event: Event) -> Result<RunResult, Error> {
        let (run, program) = load_with_program(&self.tenant.shared, &self.tenant.id, self.id).await?;
        let work = Work::on(&self.tenant.shared, name, run.id);
        self.drive(work, run, program, event, OutputOptions::default()).await
    }
}

impl Tenant {
    /// Deletes a run that has ended, is blocked or cannot be read, with all that is kept of it. Durable on return.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when it has not ended, or when there are forks of it.
    pub async fn delete_run(&self, id: RunId) -> Result<(), Error> {
        let (shared, tenant) = (&self.shared, &self.id);
        let not_final = match shared.store.delete_run(tenant, id).await {
            Err(error @ DeleteError::NotFinal { .. }) => error,
            done => return Ok(done?),
        };
        match load_with_program(shared, tenant, id).await {
            // Blocked first, so that nobody brings it on meanwhile.
            Err(error) if error.is_unreadable() => {
                trouble::block(shared, tenant, id, &trouble::verdict(&failure::UNREADABLE, &error)).await;
                Ok(shared.store.delete_run(tenant, id).await?)
            }
            _ => Err(not_final.into()),
        }
    }
}

//! Ending entries badly: everything within is closed, and the failure goes up to whatever catches it, or ends the run.

use crate::failure::{self, FailureCode};
use crate::schema::Violations;
use serde::Serialize;

use super::change::Change;
use super::decision::SuspensionEnd;
use super::doing::{Doing, Held};
use super::known::NoDecision;
use super::refused::misfit;
use super::status::{Phase, StepStatus};
use crate::json::Json;
use crate::path::StepPath;
use crate::step::Failure;
use crate::workflow::node::Kind;

/// What `catch` is given. Values in it stay the texts they are.
#[derive(Serialize)]
struct Given<'a> {
    error: Caught<'a>,
    input: Option<Json>,
}

#[derive(Serialize)]
struct Caught<'a> {
    code: Option<&'a str>,
    details: Option<&'a Json>,
    message: &'a str,
    step: &'a StepPath,
}

impl Change<'_> {
    /// Ends an entry with an error, and with it everything around it up to a way out: a try, a parallel that can do
    /// without the arm, or the step on whose behalf it runs. Without one the run fails.
    pub(super) fn fail(&mut self, path: &StepPath, failure: Failure) -> Result<(), NoDecision> {
        if !self.is_caught(path)? {
            self.enter_again_after_end(path)?;
        }
        self.fail_up(path, &failure)
    }

    /// The same for an entry whose time is over: what it did was not wrong, so that a restart goes on where it was,
    /// without the deadline.
    pub(super) fn time_out(&mut self, path: &StepPath, failure: Failure) -> Result<(), NoDecision> {
        if !self.is_caught(path)? {
            self.save_before_end();
        }
        self.closing = SuspensionEnd::Elapsed;
        let ended = self.fail_up(path, &failure);
        self.closing = SuspensionEnd::Closed;
        ended
    }

    fn fail_up(&mut self, path: &StepPath, failure: &Failure) -> Result<(), NoDecision> {
        let mut at = path.clone();
        loop {
            let holder = self.holder(&at)?;
            self.close_within(&at)?;
            self.end_step(&at, StepStatus::Failed)?.entry.error = Some(failure.clone());
            let Some(holder) = holder else {
                self.end_run(Phase::Failed);
                return Ok(());
            };
            match self.run.steps.get(&holder).map(|step| &step.doing) {
                Some(Doing::Holding(Held::Try { caught: false })) => {
                    return self.catch(&holder, path, failure);
                }
                Some(Doing::Holding(held)) => match held.without_an_arm() {
                    Some(held) => return Ok(self.hold(&holder, held)?),
                    None => at = holder,
                },
                _ => return self.child_ended(&holder, &at, Err(failure.clone())),
            }
        }
    }

    /// Whether a failure of an entry leaves the run alive.
    fn is_caught(&self, path: &StepPath) -> Result<bool, NoDecision> {
        let mut holder = self.holder(path)?;
        while let Some(at) = holder {
            match self.run.steps.get(&at).map(|step| &step.doing) {
                Some(Doing::Holding(Held::Try { caught: false })) => return Ok(true),
                Some(Doing::Holding(held)) if held.without_an_arm().is_some() => return Ok(true),
                Some(Doing::Holding(_)) | None => {}
                Some(_) => return Ok(true),
            }
            holder = self.holder(&at)?;
        }
        Ok(false)
    }

    /// Saves the run, so that a restart makes the failed call again, or enters a block that failed again.
    fn enter_again_after_end(&mut self, path: &StepPath) -> Result<(), NoDecision> {
        self.save_before_end();
        let Some(saved) = &mut self.saved else { return Ok(()) };
        let failed = saved.run.steps.get_mut(path);
        let Some(failed) = failed.filter(|step| matches!(step.doing, Doing::Holding(_))) else {
            return Ok(());
        };
        failed.doing = Doing::Continuing(self.owner);
        let mut within = Vec::new();
        for other in self.run.steps.keys() {
            if self.is_within(other, path)? {
                within.push(other.clone());
            }
        }
        if let Some(saved) = &mut self.saved {
            saved.run.steps.retain(|other, _| !within.contains(other));
        }
        Ok(())
    }

    fn catch(&mut self, block: &StepPath, failed: &StepPath, failure: &Failure) -> Result<(), NoDecision> {
        let (scope, Kind::Try(node)) = self.block_at(block)? else {
            return Err(misfit(block).into());
        };
        self.hold(block, Held::Try { caught: true })?;
        let input = self.input_of(block)?;
        let Failure { message, code, details, .. } = failure;
        let error = Caught { code: code.as_deref(), details: details.as_ref(), message, step: failed };
        let first = scope.at(node.catch.first).ok_or_else(|| misfit(block))?;
        match Json::of(&Given { error, input }) {
            Ok(given) => {
                self.enter(block.sibling(&first.id), given);
                Ok(())
            }
            Err(error) => {
                self.block_failed(block, &failure::INVALID_INPUT, format!("the input of `catch` is {error}"))
            }
        }
    }
}

/// The failure that data causes which breaks a schema.
pub(super) fn invalid(code: &'static FailureCode, what: &str, violations: &Violations) -> Failure {
    Failure::of(code, format!("{what} validation failed:{violations}"))
}

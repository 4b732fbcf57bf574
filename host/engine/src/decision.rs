//! On which thread a decision is made: at once where all runs are driven, or apart from them when it goes through large
//! schemas or much data.

use std::sync::Arc;

use reentry_core::run::{Decision, Known, NoDecision, RunState, apply, fork, weight};
use reentry_core::time::Timestamp;
use reentry_core::workflow::Program;

use crate::cause::Cause;
use crate::checks::AT_ONCE_BYTES_MAX;
use crate::decide::Decider;
use crate::error::Error;
use crate::fault::FaultPoint;

impl Decider {
    /// Decides about a cause, by what is known.
    ///
    /// # Errors
    /// When the program is ending; what the decision itself ends with is inside.
    pub(crate) async fn decision(
        &self,
        cause: &Cause,
        run: RunState,
        now: Timestamp,
        known: &mut Known,
    ) -> Result<Result<Decision, NoDecision>, Error> {
        let (clock, checks, tenant) = (&self.host.clock, &self.host.checks, &self.run.tenant);
        let is_light = self.is_light(cause);
        if is_light && !checks.is_slow(tenant) {
            let begun = clock.uptime();
            let decided = decide(cause, run, &self.program, now, known);
            checks.took(tenant, clock.uptime().saturating_sub(begun));
            return Ok(decided);
        }
        let (program, cause, facts) = (Arc::clone(&self.program), cause.clone(), std::mem::take(known));
        let host = Arc::clone(&self.host);
        let work = move || {
            if !is_light {
                host.fault(FaultPoint::Deciding);
            }
            let begun = host.clock.uptime();
            let decided = decide(&cause, run, &program, now, &facts);
            (decided, facts, host.clock.uptime().saturating_sub(begun))
        };
        let done = checks.perform(Some(tenant), work).await;
        let (decided, facts, took) = done.ok_or_else(|| self.interrupted(&"the program is ending"))?;
        checks.took(tenant, took);
        *known = facts;
        Ok(decided)
    }

    fn is_light(&self, cause: &Cause) -> bool {
        let weight = match cause {
            Cause::Event(event) | Cause::CallEnded(event, ..) => weight(&self.run, &self.program, event),
            Cause::Fork(how) if how.answer.is_some() => return false,
            Cause::Fork(_) => self.program.largest_schema_bytes(),
        };
        weight <= AT_ONCE_BYTES_MAX
    }
}

fn decide(
    cause: &Cause,
    run: RunState,
    program: &Program,
    now: Timestamp,
    known: &Known,
) -> Result<Decision, NoDecision> {
    match cause {
        Cause::Event(event) | Cause::CallEnded(event, ..) => apply(run, program, event.clone(), now, known),
        Cause::Fork(how) => fork(run, program, how.clone(), now, known),
    }
}

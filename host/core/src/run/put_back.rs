//! An answer that its step refuses: what the call did is dropped, and the suspension is open again as it was.

use super::change::Change;
use super::decision::ReopenedSuspension;
use super::doing::{Call, Doing, ResumeCall, Waiting};
use super::known::NoDecision;
use super::limits::REFUSALS_TOLD_MAX;
use super::log::LogKind;
use super::refused::misfit;
use super::suspension::{Claim, Suspension};
use crate::failure;
use crate::path::StepPath;
use crate::step::{Failure, Resolution};

/// Most bytes of a guest's reason that the log keeps.
const REASON_BYTES_MAX: usize = 1_000;

/// What a failure of a call says of the answers that the call was told.
pub(super) enum Refusal {
    /// It refuses that of this suspension of the call, for this reason.
    Answer(usize, String),
    /// It is a failure like any other.
    None(Failure),
}

/// Reads whether a failure refuses an answer of the call that it ends. Only a caller's answer can be given back:
/// nobody is there to give another default, event or result, so that one that is refused fails the step, under a code
/// of its own.
pub(super) fn refused(call: &Call, mut failure: Failure) -> Refusal {
    let (Call::Resume(call), true) = (call, failure.code.as_deref() == Some(failure::BAD_ANSWER.word)) else {
        return Refusal::None(failure);
    };
    let Some(wait) = refused_wait(&failure).filter(|_| !failure.retryable) else {
        return Refusal::None(failure);
    };
    let found = call.over.iter().position(|suspension| suspension.wait.id == wait);
    let code = match found.and_then(|at| call.over.get(at)) {
        Some(Suspension { claim: Some(_), .. }) => {
            return Refusal::Answer(found.unwrap_or_default(), failure.message);
        }
        Some(Suspension { over: Some(Resolution::Answered(_)), .. }) => &failure::BAD_DEFAULT,
        Some(Suspension { over: Some(Resolution::Received(_)), .. }) => &failure::BAD_EVENT,
        Some(Suspension { over: Some(Resolution::Completed(_) | Resolution::Failed(_)), .. }) => {
            &failure::BAD_RESULT
        }
        _ => return Refusal::None(failure),
    };
    failure.code = Some(code.word.to_owned());
    Refusal::None(failure)
}

/// Whether a failure refuses an answer of the call that it ends: the suspension is open again then, and the step has
/// not failed.
pub fn refuses_answer(call: &Call, failure: &Failure) -> bool {
    matches!(refused(call, failure.clone()), Refusal::Answer(..))
}

/// The guest's number of the wait whose answer it refuses.
fn refused_wait(failure: &Failure) -> Option<u32> {
    #[derive(serde::Deserialize)]
    struct Details {
        wait: u32,
    }
    failure.details.as_ref()?.decode::<Details>().ok().map(|details| details.wait)
}

impl Change<'_> {
    /// Gives the answer to a suspension of a call back: all that the call and the answer changed is as it was. The
    /// other things that the call was told stay over: the step is called again with them, if they are what it asked
    /// for.
    pub(super) fn put_back(
        &mut self,
        path: &StepPath,
        call: Call,
        at: usize,
        message: &str,
    ) -> Result<(), NoDecision> {
        let Call::Resume(ResumeCall { image, mut over, wake, .. }) = call else {
            return Err(misfit(path).into());
        };
        let refused = over.get_mut(at).ok_or_else(|| misfit(path))?;
        let (answer, claim) = (refused.over.take(), refused.claim.take());
        let mut claim = *claim.ok_or_else(|| misfit(path))?;
        let (suspension, since) = (refused.id, refused.since);
        refused.refusals = refused.refusals.saturating_add(1);
        self.is_quiet = refused.refusals > REFUSALS_TOLD_MAX;
        self.forget_context(&claim);

        let given = match answer {
            Some(Resolution::Answered(data)) => Some((data, claim.at)),
            _ => None,
        };
        // Of several answers that came at once, another one may be the latest.
        let later = over.iter_mut().filter_map(|other| other.claim.as_mut());
        let later = later.filter(|other| given.is_some() && other.earlier == given).last();
        let is_latest = later.is_none();
        let earlier = claim.earlier.take();
        if let Some(later) = later {
            later.earlier.clone_from(&earlier);
        }
        let step = self.step_mut(path)?;
        let shown = step.entry.resume_payload.take().zip(step.entry.resumed_at.take());
        let shown = if is_latest && shown == given { earlier } else { shown };
        (step.entry.resume_payload, step.entry.resumed_at) = shown.unzip();
        step.entry.suspended_at = Some(since);
        step.entry.error = None;
        step.attempt = 0;
        step.take_overs = 0;
        step.span_id = None;
        over.append(&mut step.suspensions);
        over.sort_by_key(Suspension::opened);
        step.suspensions = over;
        step.doing = Doing::Waiting(Waiting { image, wake });

        let message = shortened(message);
        self.log(path, LogKind::AnswerRefused { suspension, message: message.clone() });
        self.reopened.push(ReopenedSuspension {
            path: path.clone(),
            suspension,
            claim: claim.version,
            request: claim.request,
            message,
        });
        self.show_wait(path)?;
        self.wake(path)
    }

    /// Undoes what an answer set in the request context, but for what was set to something else since.
    fn forget_context(&mut self, claim: &Claim) {
        let context = &mut self.run.request_context;
        for (key, replaced) in &claim.context {
            if context.get(key) != Some(&replaced.since) {
                continue;
            }
            match &replaced.before {
                Some(before) => drop(context.insert(key.clone(), before.clone())),
                None => drop(context.remove(key)),
            }
        }
    }
}

/// The beginning of a reason.
fn shortened(message: &str) -> String {
    match message.char_indices().find(|(at, _)| *at >= REASON_BYTES_MAX) {
        None => message.to_owned(),
        Some((at, _)) => format!("{}...", message.split_at(at).0),
    }
}

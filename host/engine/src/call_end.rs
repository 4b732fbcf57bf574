//! How a call ended, as a run is told.

use reentry_core::failure;
use std::collections::BTreeMap;

use reentry_core::digest::WorkflowDigest;
use reentry_core::event::CallEnd;
use reentry_core::id::BlobId;
use reentry_core::json::Json;
use reentry_core::path::StepPath;
use reentry_core::run::RunState;
use reentry_core::step::{Failure, Outcome, RunTarget, RunWait, WaitFor, Waits};
use reentry_core::time::Timestamp;
use reentry_wasm::{CallError, CallResult};

use crate::error::Error;
use crate::shared::Shared;

/// The end of a call that a guest has returned from, with its memory if it waits now.
pub(crate) async fn end_of(
    host: &Shared,
    run: &RunState,
    result: CallResult,
    now: Timestamp,
) -> Result<(CallEnd, Option<(BlobId, Vec<u8>)>), Error> {
    Ok(match result.outcome {
        Err(failure) => (CallEnd::Failed(failure), None),
        Ok(Outcome::Completed(output)) => (CallEnd::Completed(output), None),
        Ok(Outcome::Bailed(value)) => (CallEnd::Bailed(value), None),
        Ok(Outcome::Suspended(waits)) => {
            let image = result.image.map(|bytes| (host.chance.snapshot_id(now), bytes));
            let suspensions = waits.waits.iter().map(|_| host.chance.suspension_id(now)).collect();
            let workflows = called_workflows(host, run, &waits).await?;
            let id = image.as_ref().map(|(id, _)| *id);
            (CallEnd::Suspended { waits, suspensions, image: id, workflows }, image)
        }
    })
}

/// The current versions of the workflows that a step wants to have run; those that are not applied are left out.
async fn called_workflows(
    host: &Shared,
    run: &RunState,
    waits: &Waits,
) -> Result<BTreeMap<String, WorkflowDigest>, Error> {
    let mut found = BTreeMap::new();
    for wait in &waits.waits {
        if let WaitFor::Run(RunWait { target: RunTarget::Workflow(name), .. }) = &wait.what
            && let Some(digest) = host.store.current_workflow(&run.tenant, name).await?
        {
            found.insert(name.clone(), digest);
        }
    }
    Ok(found)
}

/// A call that went wrong as a failure of the step, or the error back when the guest is not to blame. A call that
/// took all the time there was is not made again.
pub(crate) fn failure_of(error: CallError, is_last: bool) -> Result<Failure, CallError> {
    let (code, retryable) = match &error {
        CallError::Trap { .. } => (&failure::TRAP, true),
        CallError::TimedOut { .. } => (&failure::TIMEOUT, !is_last),
        CallError::Contract(_) => (&failure::CONTRACT, false),
        CallError::Limit(_) => (&failure::LIMIT, false),
        CallError::LiveResources { .. } => (&failure::LIVE_RESOURCES, false),
        CallError::UnknownStep { .. } => (&failure::UNKNOWN_STEP, false),
        _ => return Err(error),
    };
    let (message, details) = told(error.to_string());
    Ok(Failure { retryable, details, ..Failure::of(code, message) })
}

/// What went wrong in one line; what was said beyond it, as by a panic or with a trace, is the details.
fn told(words: String) -> (String, Option<Json>) {
    match words.trim_end().split_once('\n') {
        Some((first, more)) => {
            let more = [("more", &Json::from(more.to_owned()))];
            (first.trim_end().to_owned(), Some(Json::object(more)))
        }
        None => (words, None),
    }
}

/// The host could not make a call.
pub(crate) fn host_fault(run: &RunState, path: &StepPath, error: CallError) -> Error {
    match error {
        CallError::Image(source) => Error::Snapshot { run: run.id, path: path.to_string(), source },
        other => Error::Interrupted { run: run.id, reason: format!("step `{path}`: {other}") },
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_s_words_are_the_message_in_one_line() {
        let failed = |message: &str| {
            let frames = Vec::new();
            let trap = CallError::Trap { message: message.to_owned(), code: "unreachable".into(), frames };
            let failure = failure_of(trap, false).unwrap();
            (failure.message, failure.details.map(|details| details.text().to_owned()))
        };
        let said = failed("panicked at src/lib.rs:7:5: assertion failed\n  left: 1\n right: 2\n");
        let more = r#"{"more":"  left: 1\n right: 2"}"#;
        assert_eq!(said, ("panicked at src/lib.rs:7:5: assertion failed".to_owned(), Some(more.to_owned())));
        assert_eq!(failed("boom"), ("boom".to_owned(), None));
    }
}

//! What a step is told of its call, and how long that may take.

use std::time::Duration;

use reentry_core::path::StepPath;
use reentry_core::run::{EntryRecord, RunState};
use reentry_core::step::{CallTrace, Facts};
use reentry_core::time::Timestamp;
use reentry_core::workflow::StepAt;

use crate::shared::Shared;

/// What a step is told.
pub(crate) fn facts(
    host: &Shared,
    run: &RunState,
    path: &StepPath,
    node: StepAt<'_>,
    step: &EntryRecord,
    trace: CallTrace,
) -> Facts {
    Facts {
        step: node.contract.descriptor.id.clone(),
        run_id: run.id.to_string(),
        workflow_id: run.workflow_id.clone(),
        path: path.to_string(),
        attempt: step.attempt,
        resource_id: run.resource_id.clone(),
        idempotency_key: idempotency_key(run, path, step),
        now: host.clock.now(),
        entropy: host.chance.bytes(),
        trace: Some(trace),
    }
}

/// The key of a call. The attempt is left out on purpose: a call that is made again is recognisable by its key. A run
/// that went back to an earlier entry does its work anew, under new keys.
fn idempotency_key(run: &RunState, path: &StepPath, step: &EntryRecord) -> String {
    let key = format!("{}/{path}/{}", run.id, step.calls);
    if run.travels == 0 { key } else { format!("{key}~{}", run.travels) }
}

/// How long a call may run: as long as its step says, and not beyond the deadline of the step and of all around it,
/// which has not passed; and whether it is the deadline that ends it.
pub(crate) fn timeout(
    node: StepAt<'_>,
    deadline: Option<Timestamp>,
    now: Timestamp,
) -> (Option<Duration>, bool) {
    // The clock may have gone on since the deadline was looked at.
    let left = deadline.map(|at| at.ms_since(now).max(1));
    let ms = node.timeout_ms.into_iter().chain(left).min();
    (ms.map(Duration::from_millis), left.is_some() && ms == left)
}

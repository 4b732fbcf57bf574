//! Calls into a guest below the engine: a host that has no run, and facts that are always the same.

use std::sync::Arc;

use reentry::core::step::Facts;
use reentry::core::time::Timestamp;
use reentry::wasm::NoRun;

/// A host that has no run, but a real time, without which the library of Go does not go on.
pub fn no_run() -> Arc<NoRun> {
    Arc::new(NoRun(1_800_000_000_000))
}

/// Facts of the same call, whoever asks.
pub fn facts(step: &str) -> Facts {
    Facts {
        step: step.into(),
        run_id: "run".into(),
        workflow_id: "workflow".into(),
        path: "step".into(),
        attempt: 0,
        resource_id: None,
        idempotency_key: "key".into(),
        now: Timestamp(0),
        entropy: [0; 32],
        trace: None,
    }
}

//! Large inputs: kept apart from the records of their steps, so that a run is read, saved and forked without them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use reentry_core::id::BlobId;
use reentry_core::json::Json;
use reentry_core::path::StepPath;
use reentry_core::run::{Decision, Doing, EntryRecord, RunState};
use reentry_store::Blobs;
pub(crate) use reentry_store::past::WITHIN_BYTES_MAX;

use crate::error::Error;

/// Most bytes of inputs that are held.
const HELD_BYTES_MAX: usize = 16 << 20;

/// The large inputs of workflows that were written or read lately: every call into a guest may ask for that of its
/// workflow.
#[derive(Debug, Default)]
pub(crate) struct Inputs(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    texts: HashMap<BlobId, Json>,
    bytes: usize,
}

impl Inputs {
    /// The input of the workflow that a run is of; `null` for a run that has not begun.
    ///
    /// # Errors
    /// As [`read`].
    pub(crate) async fn of_workflow(&self, store: &dyn Blobs, run: &RunState) -> Result<Json, Error> {
        let root = StepPath::root();
        let Some(step) = run.steps.get(&root) else { return Ok(Json::null()) };
        let Some(part) = step.apart else { return Ok(step.entry.payload.clone()) };
        if let Some(held) = self.held(part) {
            return Ok(held);
        }
        let text = read(store, run, &root, step).await?;
        self.hold(part, text.clone());
        Ok(text)
    }

    fn held(&self, part: BlobId) -> Option<Json> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).texts.get(&part).cloned()
    }

    fn hold(&self, part: BlobId, text: Json) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = text.text().len();
        if held.bytes + bytes > HELD_BYTES_MAX {
            *held = Held::default();
        }
        // One that is larger than all that may be held is read each time.
        if bytes <= HELD_BYTES_MAX && held.texts.insert(part, text).is_none() {
            held.bytes += bytes;
        }
    }
}

/// The input of a step that is not done, read from where it is kept if it is not here.
///
/// # Errors
/// [`Error::Damaged`] when it is not there; the store's.
pub(crate) async fn read(
    store: &dyn Blobs,
    run: &RunState,
    path: &StepPath,
    step: &EntryRecord,
) -> Result<Json, Error> {
    let part = match (step.payload(), step.apart) {
        (Some(payload), _) => return Ok(payload.clone()),
        (None, Some(part)) => part,
        (None, None) => return Ok(Json::null()),
    };
    let damaged = |reason: String| Error::Damaged {
        what: format!("input {part} of step `{path}` of run {}", run.id),
        reason,
    };
    let text = store.blob(part).await?.ok_or_else(|| damaged("it is missing".to_owned()))?;
    let text = String::from_utf8(text).map_err(|error| damaged(error.to_string()))?;
    Json::stored(text).map_err(|error| damaged(error.to_string()))
}

/// Has the large inputs of entries that begin kept apart. The run goes on without those of entries that hold others:
/// they are looked at seldom, and would be written and copied at each change.
pub(crate) fn set_apart(before: &RunState, decision: &mut Decision) {
    let Decision { run, steps, .. } = decision;
    // The store keeps that of an entry which was there before where it is.
    for (path, step) in steps.iter_mut().filter(|(path, _)| !before.steps.contains_key(path)) {
        let text = step.entry.payload.text();
        if step.apart.is_some() || text.len() <= WITHIN_BYTES_MAX {
            continue;
        }
        step.apart = Some(BlobId::of_part(run.id, text));
        if let Some(open) = run.steps.get_mut(path) {
            open.apart = step.apart;
            if matches!(open.doing, Doing::Holding(_)) {
                open.entry.payload = Json::null();
            }
        }
    }
}

//! Saved runs, there and back.
//!
//! A run is saved each time somebody answers, so that what is saved must not hold again and again what does not change: a payload that
//! is large, such as the array of a `foreach`, is kept once for all savepoints of the run.

use std::collections::BTreeMap;

use reentry_core::id::{RunId, SnapshotId};
use reentry_core::json::Json;
use reentry_core::path::StepPath;
use reentry_core::run::{Run, Saved, SavedKind, Step};
use reentry_store::{Savepoint, SavepointKind, Store};
use serde::{Deserialize, Serialize};

use crate::commit::unwritable;
use crate::error::Error;

/// Largest payload of a step that a savepoint holds itself, in bytes.
const PAYLOAD_WITHIN_BYTES_MAX: usize = 1 << 10;

/// A run with its open entries, as one text.
#[derive(Serialize, Deserialize)]
struct State {
    head: Run,
    steps: BTreeMap<StepPath, Step>,
    /// The payloads that are kept apart, by their step.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    apart: BTreeMap<StepPath, SnapshotId>,
}

/// What is stored of a run that was saved.
///
/// # Errors
/// [`Error::Damaged`] for a run that cannot be written as JSON.
pub(crate) fn savepoint(saved: &Saved) -> Result<Savepoint, Error> {
    let (suspension, kind) = match saved.kind {
        SavedKind::Suspension(id) => (Some(id), SavepointKind::Suspension),
        SavedKind::End => (None, SavepointKind::Failure),
    };
    let run = &saved.run;
    let mut state = State { head: run.clone(), steps: run.steps.clone(), apart: BTreeMap::new() };
    let (mut images, mut parts) = (saved.images(), Vec::new());
    for (path, step) in &mut state.steps {
        let payload = &mut step.entry.payload;
        if payload.text().len() > PAYLOAD_WITHIN_BYTES_MAX {
            let id = part_id(run.id, payload);
            let text = std::mem::replace(payload, Json::null());
            state.apart.insert(path.clone(), id);
            if !images.contains(&id) {
                images.push(id);
                parts.push((id, text.text().as_bytes().to_vec()));
            }
        }
    }
    let state = Json::of(&state).map_err(|error| unwritable(run, error))?;
    Ok(Savepoint { suspension, version: run.version, kind, state, images, parts })
}

/// The run that a savepoint shows.
///
/// # Errors
/// [`Error::Damaged`] for what is no saved run, or lacks a part; the store's.
pub(crate) async fn run_of(store: &dyn Store, savepoint: &Savepoint) -> Result<Run, Error> {
    let damaged = |reason: String| Error::Damaged {
        what: format!("savepoint of version {}", savepoint.version),
        reason,
    };
    let State { head, mut steps, apart } =
        savepoint.state.decode().map_err(|error| damaged(error.to_string()))?;
    for (path, id) in apart {
        let part =
            store.image(id).await?.ok_or_else(|| damaged(format!("the payload of {path} is missing")))?;
        let text = String::from_utf8(part).map_err(|error| damaged(error.to_string()))?;
        let step = steps.get_mut(&path).ok_or_else(|| damaged(format!("there is no step {path}")))?;
        step.entry.payload = Json::parse(text).map_err(|error| damaged(error.to_string()))?;
    }
    Ok(Run { steps, ..head })
}

/// The id of a payload of a run: the same for the same text.
fn part_id(run: RunId, payload: &Json) -> SnapshotId {
    let mut id = [0; 16];
    blake3::Hasher::new()
        .update(run.as_bytes())
        .update(payload.text().as_bytes())
        .finalize_xof()
        .fill(&mut id);
    SnapshotId::from_bytes(id)
}

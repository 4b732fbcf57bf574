//! Saved runs, there and back.
//!
//! A run is saved each time somebody answers, so that what is saved must not hold again and again what does not
//! change: an input that is large, such as the array of a `foreach`, is kept apart, once for its step and all
//! savepoints of the run. So is a large value of the shared state.

use std::collections::BTreeMap;

use reentry_core::id::BlobId;
use reentry_core::json::Json;
use reentry_core::path::StepPath;
use reentry_core::run::{EntryRecord, RunState, SaveReason, SavedRun};
use reentry_store::{Blobs, Savepoint, SavepointKind};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::inputs::WITHIN_BYTES_MAX;

/// A run with its open entries, as one text.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct State {
    head: RunState,
    steps: BTreeMap<StepPath, EntryRecord>,
    /// The payloads that are kept apart, by their step.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    apart: BTreeMap<StepPath, BlobId>,
    /// The values of the shared state that are kept apart, by their key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    state_apart: BTreeMap<String, BlobId>,
}

/// What is stored of a run that was saved.
///
/// # Errors
/// [`Error::Damaged`] for a run that cannot be written as JSON.
pub(crate) fn savepoint(saved: &SavedRun) -> Result<Savepoint, Error> {
    let (suspension, kind) = match saved.kind {
        SaveReason::Suspension(id) => (Some(id), SavepointKind::Suspension),
        SaveReason::End => (None, SavepointKind::Failure),
    };
    let run = &saved.run;
    let (apart, state_apart) = (BTreeMap::new(), BTreeMap::new());
    let mut state = State { head: run.clone(), steps: run.steps.clone(), apart, state_apart };
    let (mut images, mut parts) = (saved.images(), Vec::new());
    state.head.state_apart.clear();
    for (key, value) in &mut state.head.state {
        let text = value.text();
        if text.len() > WITHIN_BYTES_MAX {
            let kept = run.state_apart.get(key).copied();
            let part = kept.unwrap_or_else(|| BlobId::of_part(run.id, text));
            if !images.contains(&part) {
                images.push(part);
                parts.extend(kept.is_none().then(|| (part, text.as_bytes().to_vec())));
            }
            state.state_apart.insert(key.clone(), part);
            *value = Json::null();
        }
    }
    for (path, step) in &mut state.steps {
        let text = step.entry.payload.text();
        let (part, is_kept) = match step.apart {
            Some(part) => (part, true),
            None if text.len() > WITHIN_BYTES_MAX => (BlobId::of_part(run.id, text), false),
            None => continue,
        };
        if !images.contains(&part) {
            images.push(part);
            parts.extend((!is_kept).then(|| (part, text.as_bytes().to_vec())));
        }
        step.entry.payload = Json::null();
        state.apart.insert(path.clone(), part);
    }
    let state = Json::record(&state).map_err(|error| Error::unwritable(run.id, error))?;
    Ok(Savepoint { suspension, version: run.version, kind, state, images, parts })
}

/// The run that a savepoint shows. Large inputs stay where they are kept.
///
/// # Errors
/// [`Error::Damaged`] for what is no saved run, or lacks a part that was dropped with the savepoint; the store's.
pub(crate) async fn run_of(store: &dyn Blobs, savepoint: &Savepoint) -> Result<RunState, Error> {
    let damaged = |reason: String| Error::Damaged {
        what: format!("savepoint of version {}", savepoint.version),
        reason,
    };
    let State { mut head, mut steps, apart, state_apart } =
        savepoint.state.decode().map_err(|error| damaged(error.to_string()))?;
    for (path, part) in apart {
        let step = steps.get_mut(&path).ok_or_else(|| damaged(format!("there is no step {path}")))?;
        step.apart = Some(part);
    }
    head.state_apart.clone_from(&state_apart);
    for (key, part) in state_apart {
        let text = store
            .blob(part)
            .await?
            .ok_or_else(|| damaged(format!("value `{key}` of the state is missing")))?;
        let text = String::from_utf8(text).map_err(|error| damaged(error.to_string()))?;
        head.state.insert(key, Json::stored(text).map_err(|error| damaged(error.to_string()))?);
    }
    Ok(RunState { steps, ..head })
}

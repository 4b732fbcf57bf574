//! Large values of the shared state: kept apart from the head, which is written at each decision.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use reentry_core::id::{BlobId, RunId, TenantId};
use reentry_core::json::Json;
use reentry_core::run::RunState;

use crate::error::Error;
use crate::inputs::WITHIN_BYTES_MAX;
use crate::shared::Shared;

/// How often a run is read again because a value of its state was replaced while it was read.
const READS_MAX: usize = 100;

/// What a decision changes of the values that are kept apart.
pub(crate) struct Parts {
    pub(crate) kept: Vec<(BlobId, Json)>,
    pub(crate) dropped: Vec<BlobId>,
}

/// Notes which values of a run are kept apart from now on. One that was there `before` stays where it is; a run that
/// `is_new`, a fork, shares those of the other one.
pub(crate) fn set_apart(before: &RunState, is_new: bool, after: &mut RunState) -> Parts {
    let place = |key: &String, value: &Json| match before.state_apart.get(key) {
        Some(part) if before.state.get(key) == Some(value) => *part,
        _ => BlobId::of_part(after.id, value.text()),
    };
    let large = after.state.iter().filter(|(_, value)| value.text().len() > WITHIN_BYTES_MAX);
    let apart: BTreeMap<String, BlobId> =
        large.map(|(key, value)| (key.clone(), place(key, value))).collect();
    let there: BTreeSet<BlobId> = match is_new {
        true => BTreeSet::new(),
        false => before.state_apart.values().copied().collect(),
    };
    let here: BTreeMap<BlobId, &String> = apart.iter().map(|(key, part)| (*part, key)).collect();
    let text = |key: &String| after.state.get(key).cloned().unwrap_or_else(Json::null);
    let kept = here.iter().filter(|(part, _)| !there.contains(part)).map(|(part, key)| (*part, text(key)));
    let kept = kept.collect();
    let dropped = there.into_iter().filter(|part| !here.contains_key(part)).collect();
    after.state_apart = apart;
    Parts { kept, dropped }
}

/// The run as its head is stored: without the values that are kept apart.
pub(crate) fn stored(run: &Arc<RunState>) -> Arc<RunState> {
    if run.state_apart.is_empty() {
        return Arc::clone(run);
    }
    let mut stored = RunState::clone(run);
    stored.state.retain(|key, _| !run.state_apart.contains_key(key));
    Arc::new(stored)
}

/// Reads a run, the values of its state that are kept apart included. `None` where there is no such run.
///
/// # Errors
/// [`Error::Damaged`] when one of these is missing; the store's.
pub(crate) async fn whole_run(
    host: &Shared,
    tenant: &TenantId,
    id: RunId,
) -> Result<Option<RunState>, Error> {
    let mut read_before = None;
    for _ in 0..READS_MAX {
        let Some(mut run) = host.store.run(tenant, id).await? else { return Ok(None) };
        let Some(missing) = fill(host, &mut run).await? else { return Ok(Some(run)) };
        // It went with a later version, unless this is still that.
        if read_before.replace(run.version) == Some(run.version) {
            return Err(damaged(id, &missing, "it is missing"));
        }
    }
    Err(Error::Interrupted { run: id, reason: "it is changed by others all the time".to_owned() })
}

/// Puts the values back that are kept apart; gives the key of the first that is missing.
async fn fill(host: &Shared, run: &mut RunState) -> Result<Option<String>, Error> {
    for (key, part) in run.state_apart.clone() {
        let Some(text) = host.store.blob(part).await? else { return Ok(Some(key)) };
        let text = String::from_utf8(text).map_err(|error| damaged(run.id, &key, error))?;
        let value = Json::stored(text).map_err(|error| damaged(run.id, &key, error))?;
        run.state.insert(key, value);
    }
    Ok(None)
}

fn damaged(run: RunId, key: &str, reason: impl ToString) -> Error {
    Error::Damaged { what: format!("value `{key}` of the state of run {run}"), reason: reason.to_string() }
}

//! Reading back what rows.rs encodes: heads, records, names.

use std::collections::{BTreeMap, BTreeSet};

use reentry_core::id::{BlobId, RunId, SuspensionId, TenantId};
use reentry_core::path::StepPath;
use reentry_core::run::{EntryRecord, RunState};

use crate::StoreError;
use crate::columns::damaged;

/// Reads the head of a run, and checks that it is the one asked for.
pub(crate) fn decode_run(id: RunId, tenant: &TenantId, head: &[u8]) -> Result<RunState, StoreError> {
    let run: RunState = serde_json::from_slice(head).map_err(|e| damaged(format_args!("run {id}"), e))?;
    if run.id != id || run.tenant != *tenant {
        let found = format_args!("it is the head of {} of tenant {}", run.id, run.tenant);
        return Err(damaged(format_args!("run {id}"), found));
    }
    Ok(run)
}

/// The parts of a head that are kept apart, each once; none of a head that cannot be read.
pub(crate) fn parts_of_head(head: &[u8]) -> BTreeSet<BlobId> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Parts {
        #[serde(default)]
        state_apart: BTreeMap<String, BlobId>,
    }
    let parts = serde_json::from_slice::<Parts>(head).ok();
    parts.into_iter().flat_map(|parts| parts.state_apart.into_values()).collect()
}

/// Reads the path and the record of a step, whose payload may be left where it is kept apart. A record that was
/// stored with its payload in it comes without another.
pub(crate) fn decode_step(
    run: RunId,
    path: &str,
    record: &[u8],
    payload: Option<&[u8]>,
    part: Option<BlobId>,
) -> Result<(StepPath, EntryRecord), StoreError> {
    let what = || format!("step `{path}` of run {run}");
    let mut step: EntryRecord = serde_json::from_slice(record).map_err(|e| damaged(what(), e))?;
    step.apart = part;
    if let Some(payload) = payload {
        step.entry.payload = serde_json::from_slice(payload).map_err(|e| damaged(what(), e))?;
    }
    Ok((path.parse().map_err(|e| damaged(what(), e))?, step))
}

/// The same with the payload, wherever it is kept.
pub(crate) fn decode_whole_step(
    run: RunId,
    path: &str,
    record: &[u8],
    payload: Option<&[u8]>,
    part: Option<BlobId>,
) -> Result<(StepPath, EntryRecord), StoreError> {
    if let (Some(part), None) = (part, payload) {
        return Err(damaged(
            format_args!("step `{path}` of run {run}"),
            format_args!("its payload {part} is missing"),
        ));
    }
    decode_step(run, path, record, payload, part)
}

/// Reads the labels of a suspension, or those who are asked.
pub(crate) fn decode_names(
    suspension: SuspensionId,
    what: &str,
    names: Option<&[u8]>,
) -> Result<Vec<String>, StoreError> {
    let names = names.map_or(Ok(Vec::new()), serde_json::from_slice);
    names.map_err(|e| damaged(format_args!("{what} of suspension {suspension}"), e))
}

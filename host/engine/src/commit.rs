//! What a decision changes, as the store takes it.

use std::sync::Arc;

use reentry_core::id::{BlobId, RunId};
use reentry_core::json::Json;
use reentry_core::run::Decision;
use reentry_store::{Commit, CommitError, NewSuspension};

use crate::error::Error;
use crate::saved;

/// Guests' memories that a decision may refer to.
pub(crate) type Images = Vec<(BlobId, Arc<Vec<u8>>)>;

/// What a decision changes. `expected` is the version that it builds on; `None` for the first commit of a fork.
///
/// # Errors
/// [`Error::Damaged`] for a run that cannot be written as JSON.
pub(crate) fn commit(
    expected: Option<u64>,
    mut decision: Decision,
    images: Images,
    savepoints_max: u32,
) -> Result<Commit, Error> {
    let opened = decision.opened.iter().map(|(path, suspension)| NewSuspension {
        continues: decision.continues.get(&suspension.id).copied(),
        ..NewSuspension::of(path.clone(), suspension)
    });
    let (run, version) = (decision.run.id, decision.run.version);
    decision.log.iter_mut().for_each(|entry| entry.abridge(run, version));
    let log = match decision.log.is_empty() {
        true => None,
        false => {
            Some(Json::record(&decision.log).map_err(|error| Error::unwritable(decision.run.id, error))?)
        }
    };
    let savepoint = decision.saved.as_ref().map(saved::savepoint).transpose()?;
    let fork_of = decision.run.fork_of.filter(|_| expected.is_none()).map(|fork| (fork.run, fork.version));
    Ok(Commit {
        opened: opened.collect(),
        // The decision may have refused the suspension that the image belongs to.
        images: images.into_iter().filter(|(id, _)| decision.run.images().any(|kept| kept == *id)).collect(),
        steps: decision.steps,
        dropped_steps: decision.dropped_steps,
        closed: decision.closed,
        reopened: decision.reopened,
        shared_images: decision.shared_images,
        dropped_images: decision.dropped_images,
        log,
        savepoint,
        savepoints_max,
        took: decision.took,
        fork_of,
        ..Commit::new(decision.run, expected, decision.durability)
    })
}

/// Why a run that was to be the first of its id was not stored.
pub(crate) fn new_run_refused(run: RunId, error: CommitError) -> Error {
    let reason = match error {
        CommitError::Store(error) => return error.into(),
        CommitError::VersionConflict { .. } => {
            "there is a run of this id already, and no new one was made: the host's random bytes repeat"
                .to_owned()
        }
        other => other.to_string(),
    };
    Error::Interrupted { run, reason }
}

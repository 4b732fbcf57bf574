//! What a decision changes, as the store takes it.

use std::collections::BTreeSet;
use std::sync::Arc;

use reentry_core::id::{BlobId, RunId};
use reentry_core::json::Json;
use reentry_core::run::{Decision, RunState};
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
    decision.run.spent.log_bytes += log.as_ref().map_or(0, |log| log.text().len() as u64);
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

/// What is wrong with the change of a run, if anything. A decision counts once, each memory that the run names is kept
/// already or comes with the change, and each that it names no more is let go of.
pub(crate) fn flaw(before: &RunState, commit: &Commit) -> Option<String> {
    let after = &commit.run;
    if commit.expected.is_some_and(|expected| after.version != expected + 1) {
        return Some(format!("version {} follows {:?}", after.version, commit.expected));
    }
    let new = commit.images.iter().map(|(image, _)| *image).chain(commit.shared_images.iter().copied());
    let known: BTreeSet<BlobId> = before.images().chain(new).collect();
    if let Some(image) = after.images().find(|image| !known.contains(image)) {
        return Some(format!("nothing keeps image {image}"));
    }
    let named: BTreeSet<BlobId> = after.images().chain(commit.dropped_images.iter().copied()).collect();
    let left = before.images().filter(|_| commit.expected.is_some()).find(|image| !named.contains(image));
    left.map(|image| format!("image {image} is kept for no step"))
}

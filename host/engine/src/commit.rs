//! What a decision changes, as the store takes it.

use reentry_core::json::Json;
use reentry_core::run::{Decision, RunState};
use reentry_store::{Commit, NewSuspension};

use crate::decide::Images;
use crate::error::Error;
use crate::saved;

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
        false => Some(Json::record(&decision.log).map_err(|error| unwritable(&decision.run, error))?),
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

pub(crate) fn unwritable(run: &RunState, error: impl ToString) -> Error {
    Error::Damaged { what: format!("run {}", run.id), reason: error.to_string() }
}

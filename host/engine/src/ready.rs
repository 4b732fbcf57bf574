//! What a call needs and what may be damaged: the component, and the memory that it goes on from.

use std::sync::Arc;

use reentry_core::digest::ComponentDigest;
use reentry_core::id::BlobId;
use reentry_core::path::StepPath;
use reentry_core::run::RunState;
use reentry_core::snapshot::SealKey;
use reentry_core::workflow::{Program, StepAt};
use reentry_wasm::LoadError;

use crate::error::Error;
use crate::guests::OpenComponent;
use crate::shared::Shared;

/// What a resuming call needs and what may be damaged: fetched and checked before anything is claimed.
pub(crate) struct Ready {
    pub(crate) path: StepPath,
    pub(crate) component: Arc<dyn OpenComponent>,
    /// The memory, under its id.
    pub(crate) image: Option<(BlobId, Vec<u8>)>,
    pub(crate) seal: SealKey,
}

impl Ready {
    /// Whether it is for a call into this component that begins with this memory.
    pub(crate) fn is_for(&self, component: ComponentDigest, image: Option<BlobId>) -> bool {
        self.component.digest() == component && self.image.as_ref().map(|(id, _)| *id) == image
    }
}

/// Opens the component of a step and checks the memory that it is to be called with.
///
/// # Errors
/// [`Error::Snapshot`] when the memory is damaged or belongs elsewhere, [`Error::Damaged`] when it is missing, and
/// whatever opening the component ends with.
pub(crate) async fn make_ready(
    host: &Shared,
    run: &RunState,
    program: &Program,
    path: &StepPath,
    image: Option<BlobId>,
) -> Result<Ready, Error> {
    let node = step_at(run, program, path)?;
    let policy = host.policy(&run.tenant).await?;
    let opened = host.registry.open(node.component, policy.grants).await;
    let component = opened.map_err(|error| without_grant(node.component, path, error))?;
    let seal = seal(host, run).await?;
    let image = match image {
        None => None,
        Some(id) => {
            let bytes = host.store.blob(id).await?.ok_or_else(|| Error::Damaged {
                what: format!("snapshot {id} of run {}", run.id),
                reason: "it is missing".to_owned(),
            })?;
            let checked = component.check_image(&bytes, &seal, policy.limits.memory_bytes).await;
            checked.map_err(|source| Error::Snapshot { run: run.id, path: path.to_string(), source })?;
            Some((id, bytes))
        }
    };
    Ok(Ready { path: path.clone(), component, image, seal })
}

/// A component that was accepted imports what is not granted now: a grant was taken away, or this host has others.
fn without_grant(component: ComponentDigest, path: &StepPath, error: Error) -> Error {
    match error {
        Error::Load(source @ LoadError::Imports { .. }) => {
            Error::MissingGrant { component, path: path.to_string(), source: Box::new(source) }
        }
        other => other,
    }
}

/// The step of a component at a path.
pub(crate) fn step_at<'w>(
    run: &RunState,
    program: &'w Program,
    path: &StepPath,
) -> Result<StepAt<'w>, Error> {
    let place = program.place(&run.called, path);
    place.and_then(|place| place.step()).ok_or_else(|| misfit(run, path))
}

/// The run names an entry that its workflow does not have.
pub(crate) fn misfit(run: &RunState, path: &StepPath) -> Error {
    Error::Damaged {
        what: format!("run {}", run.id),
        reason: format!("step `{path}` is not where its workflow has it"),
    }
}

/// The key of a run's snapshots, so that one cannot be put in the place of another run's. A run and its forks share
/// their past, and with it the key: that of the run with which it all began.
async fn seal(host: &Shared, run: &RunState) -> Result<SealKey, Error> {
    let first = match run.fork_of {
        // Of the parent, as the fork itself may not be stored yet.
        Some(fork_of) => {
            let lineage = host.store.lineage(&run.tenant, fork_of.run).await?;
            lineage.first().ok_or(Error::NoRun(fork_of.run))?.run
        }
        None => run.id,
    };
    Ok(SealKey::derive(&host.key, run.tenant.as_str(), &first.to_string()))
}

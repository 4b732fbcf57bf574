//! Applied workflows by id or digest.

use reentry::core::digest::WorkflowDigest;
use reentry::core::similar::closest;
use reentry::{Error, Host, Workflow};

use super::LookupError;
use super::digest::meant;

/// Finds a workflow: the current version of an id, or a version by its digest or the first digits of it.
///
/// # Errors
/// `NotFound` for an id that was retired; `Refused` when several versions are meant; `Damaged`, `Unavailable`.
pub async fn workflow(host: &Host, name: &str) -> Result<Option<Workflow>, LookupError> {
    let versions = host.workflows().await?;
    if versions.iter().any(|version| version.id == name) {
        return Ok(Some(host.workflow_by_id(name).await?));
    }
    // A whole digest may be that of a version which was run and never applied.
    let digest = match name.parse().ok() {
        Some(digest) => Some(digest),
        None => meant(name, versions.iter().map(|version| version.digest))?,
    };
    let Some(digest) = digest else { return Ok(None) };
    match host.workflow_by_digest(digest).await {
        Ok(workflow) => Ok(Some(workflow)),
        Err(Error::NoWorkflow(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Finds the version that a digest, or its first digits, means. A whole digest is taken as it is.
///
/// # Errors
/// `Refused` when several versions are meant; `Damaged`, `Unavailable`.
pub async fn workflow_version(host: &Host, text: &str) -> Result<Option<WorkflowDigest>, LookupError> {
    if let Ok(digest) = text.parse() {
        return Ok(Some(digest));
    }
    let versions = host.workflows().await?;
    meant(text, versions.iter().map(|version| version.digest))
}

/// Finds the id of a workflow that was probably meant instead of one that there is not.
///
/// # Errors
/// `Damaged`, `Unavailable`.
pub async fn similar_workflow(host: &Host, name: &str) -> Result<Option<String>, Error> {
    let versions = host.workflows().await?;
    Ok(closest(name, versions.iter().map(|version| version.id.as_str())).map(str::to_owned))
}

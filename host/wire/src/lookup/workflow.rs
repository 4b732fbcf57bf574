//! Applied workflows by id or digest.

use reentry::core::digest::WorkflowDigest;
use reentry::core::similar::closest;
use reentry::{Error, Tenant, Workflow};

use super::LookupError;
use super::digest::meant;

/// Finds a workflow: the current version of an id, or a version by its digest or the first digits of it.
///
/// # Errors
/// `NotFound` for an id that was retired; `Refused` when several versions are meant; `Damaged`, `Unavailable`.
pub async fn workflow(tenant: &Tenant, name: &str) -> Result<Option<Workflow>, LookupError> {
    let versions = tenant.workflows().await?;
    if versions.iter().any(|version| version.id == name) {
        return Ok(Some(tenant.workflow_by_id(name).await?));
    }
    // A whole digest may be that of a version which was run and never applied.
    let digest = match name.parse().ok() {
        Some(digest) => Some(digest),
        None => meant(name, versions.iter().map(|version| version.digest))?,
    };
    let Some(digest) = digest else { return Ok(None) };
    match tenant.workflow_by_digest(digest).await {
        Ok(workflow) => Ok(Some(workflow)),
        Err(Error::NoWorkflow(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Finds the version that a digest, or its first digits, means. A whole digest is taken as it is.
///
/// # Errors
/// `Refused` when several versions are meant; `Damaged`, `Unavailable`.
pub async fn workflow_version(tenant: &Tenant, text: &str) -> Result<Option<WorkflowDigest>, LookupError> {
    if let Ok(digest) = text.parse() {
        return Ok(Some(digest));
    }
    let versions = tenant.workflows().await?;
    meant(text, versions.iter().map(|version| version.digest))
}

/// Finds the id of a workflow that was probably meant instead of one that there is not.
///
/// # Errors
/// `Damaged`, `Unavailable`.
pub async fn similar_workflow(tenant: &Tenant, name: &str) -> Result<Option<String>, Error> {
    let versions = tenant.workflows().await?;
    Ok(closest(name, versions.iter().map(|version| version.id.as_str())).map(str::to_owned))
}

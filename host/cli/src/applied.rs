//! Applied workflows by what people call them: their id, a digest, or its first digits.

use reentry::core::digest::WorkflowDigest;
use reentry::core::similar::closest;
use reentry::{Error, Tenant, Workflow};

use crate::digest_text::meant;
use crate::failure::{Failure, Report};
use crate::session::Session;

/// The workflow of this name: the current version of an id, or a version by its digest. `None` if there is none.
///
/// # Errors
/// `NotFound` for an id that was retired; `Refused` when several versions are meant.
pub(crate) async fn find(tenant: &Tenant, name: &str) -> Result<Option<Workflow>, Failure> {
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

/// The version that a digest, or its first digits, means.
///
/// # Errors
/// `NotFound`; `Refused` for what is no digest, and when several versions are meant.
pub(crate) async fn version(
    session: &Session,
    tenant: &Tenant,
    text: &str,
) -> Result<WorkflowDigest, Failure> {
    if let Ok(digest) = text.parse() {
        return Ok(digest);
    }
    let versions = tenant.workflows().await?;
    match meant(text, versions.iter().map(|version| version.digest))? {
        Some(digest) => Ok(digest),
        None => {
            let report =
                Report::not_found("no-workflow", format!("no applied workflow has the digest `{text}`"));
            Err(report.hint(listed(session)).into())
        }
    }
}

/// Where applied workflows are to be seen.
pub(crate) fn listed(session: &Session) -> String {
    format!("`{}` shows the applied workflows and their digests", session.again.command(["workflow", "list"]))
}

/// What to try instead of a name that there is not.
pub(crate) async fn similar(tenant: &Tenant, name: &str) -> Result<Option<String>, Failure> {
    let versions = tenant.workflows().await?;
    let meant = closest(name, versions.iter().map(|version| version.id.as_str()));
    Ok(meant.map(|meant| format!("did you mean the workflow `{meant}`?")))
}

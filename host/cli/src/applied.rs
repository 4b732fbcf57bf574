//! Applied workflows by what people call them: their id, a digest, or its first digits.

use reentry::Tenant;
use reentry::core::digest::WorkflowDigest;
use reentry_wire::lookup::workflow_version;

use crate::failure::{Failure, Report};
use crate::session::Session;

/// The version that a digest, or its first digits, means.
///
/// # Errors
/// `NotFound`; `Refused` for what is no digest, and when several versions are meant.
pub(crate) async fn version(
    session: &Session,
    tenant: &Tenant,
    text: &str,
) -> Result<WorkflowDigest, Failure> {
    match workflow_version(tenant, text).await? {
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

//! Retention: runs that ended long ago are deleted.

use reentry_core::id::RunId;
use reentry_core::run::RunStatus;
use reentry_core::time::Timestamp;
use reentry_store::{DeleteError, RunFilter};
use tokio::task::JoinSet;

use crate::error::Error;
use crate::host::Host;
use crate::tenant::Tenant;

/// How many runs are deleted at once: together they cost one fsync.
const AT_ONCE: usize = 64;

/// Which runs are to go.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Prune {
    /// Those that have ended and changed last before this instant.
    pub before: Timestamp,
    /// Only runs of the workflow with this id, whatever its version.
    pub workflow_id: Option<String>,
}

reentry_core::setters!(Prune {
    workflow_id: Option<String>,
});

/// What became of runs that were to go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pruned {
    /// Those that were deleted.
    pub deleted: Vec<RunId>,
    /// Those that were kept, as forks that are kept read them.
    pub kept: Vec<RunId>,
}

impl Prune {
    /// Makes the choice of runs that have ended and changed last before this instant.
    pub fn before(before: Timestamp) -> Self {
        Self { before, workflow_id: None }
    }
}

impl Tenant {
    /// Lists the runs of this tenant that [`Self::prune`] looks at: it deletes all of them but those that are read by
    /// forks which stay. Reads the list of the tenant's runs that have ended.
    ///
    /// # Errors
    /// `Unavailable`, `Damaged`.
    pub async fn prunable(&self, which: &Prune) -> Result<Vec<RunId>, Error> {
        let mut found = Vec::new();
        for status in RunStatus::ALL.into_iter().filter(|status| status.is_final()) {
            let mut filter = RunFilter::default().status(status);
            filter.workflow_id.clone_from(&which.workflow_id);
            loop {
                let page = self.runs(filter.clone()).await?;
                let old = page.rows.iter().filter(|run| run.updated_at < which.before);
                found.extend(old.map(|run| (run.created_at, run.id)));
                filter.after = page.next;
                if filter.after.is_none() {
                    break;
                }
            }
        }
        // Forks were made after the runs that they read, and have to go first.
        found.sort_unstable_by(|one, other| other.cmp(one));
        Ok(found.into_iter().map(|(_, run)| run).collect())
    }

    /// Deletes runs of this tenant that ended long ago, with all that is kept of them. A run that has not ended
    /// stays, and so does one that a fork reads, unless that fork goes as well. Durable on return.
    ///
    /// # Errors
    /// `Unavailable`, `Damaged`; some of the runs may be deleted then.
    pub async fn prune(&self, which: &Prune) -> Result<Pruned, Error> {
        let (mut left, mut deleted) = (self.prunable(which).await?, Vec::new());
        loop {
            let tried = left.len();
            let mut kept = Vec::new();
            for some in left.chunks(AT_ONCE) {
                self.delete_some(some, &mut deleted, &mut kept).await?;
            }
            // Each round may free runs whose forks went with it.
            if kept.is_empty() || kept.len() == tried {
                return Ok(Pruned { deleted, kept });
            }
            left = kept;
        }
    }

    async fn delete_some(
        &self,
        runs: &[RunId],
        deleted: &mut Vec<RunId>,
        kept: &mut Vec<RunId>,
    ) -> Result<(), Error> {
        let mut work = JoinSet::new();
        for run in runs.iter().copied() {
            let tenant = self.clone();
            work.spawn(async move { (run, tenant.delete_run(run).await) });
        }
        while let Some(done) = work.join_next().await {
            let Ok((run, done)) = done else { continue };
            match done {
                Ok(()) => deleted.push(run),
                Err(Error::Delete(DeleteError::HasForks { .. })) => kept.push(run),
                // Somebody deleted it, or let it go on.
                Err(Error::Delete(DeleteError::NotFound { .. } | DeleteError::NotFinal { .. })) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Host {
    /// Deletes runs, of all tenants, that have ended and changed last before an instant, the longest ago first; at
    /// most `limit`. Those of which there are forks are left out. Returns the deleted ones.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn delete_runs_before(&self, before: Timestamp, limit: usize) -> Result<Vec<RunId>, Error> {
        Ok(self.shared.store.delete_runs_before(before, limit).await?)
    }
}

//! The runs of a tenant: found, listed and counted.

use reentry_core::id::RunId;
use reentry_store::{Counts, Page, RunFilter, RunGroups, RunSummary, StoreError};

use crate::error::Error;
use crate::run::Run;
use crate::standing::load;
use crate::tenant::Tenant;

impl Tenant {
    /// Returns a run by its id. The handle has seen the run as it is now, or nothing of a run that cannot be read.
    ///
    /// # Errors
    /// `NotFound` when the tenant has no such run.
    pub async fn run(&self, id: RunId) -> Result<Run, Error> {
        let version = match load(&self.shared, &self.id, id).await {
            Ok(run) => run.version,
            Err(Error::Store(StoreError::Damaged { .. })) => 0,
            Err(error) => return Err(error),
        };
        Ok(Run::new(self.clone(), id, version))
    }

    /// Lists runs, newest first. A page may be short, or empty, and have a `next` all the same: see [`Page`].
    ///
    /// # Errors
    /// `Refused` for a filter that nothing can pass and for an invalid cursor; `Unavailable`, `Damaged`.
    pub async fn runs(&self, filter: RunFilter) -> Result<Page<RunSummary>, Error> {
        Ok(self.shared.store.list_runs(&self.id, filter).await?)
    }

    /// Counts the runs of a list, in all and by what they have in common. Up to 10,000 are looked at, so that the
    /// work is bounded: [`Counts::more`] says whether there may be more.
    ///
    /// # Errors
    /// As [`Self::runs`].
    pub async fn count_runs(&self, filter: RunFilter, by: Option<RunGroups>) -> Result<Counts, Error> {
        Ok(self.shared.store.count_runs(&self.id, filter, by).await?)
    }

    /// Lists the runs whose ids begin or end with these hexadecimal digits, newest first, at most `limit`. The cost
    /// grows with the tenant's runs.
    ///
    /// # Errors
    /// `Unavailable`, `Damaged`.
    pub async fn runs_with_digits(&self, digits: &str, limit: usize) -> Result<Vec<RunId>, Error> {
        Ok(self.shared.store.runs_with_digits(&self.id, digits, limit).await?)
    }

    /// Returns the run that was created or answered most recently.
    ///
    /// # Errors
    /// `Unavailable`, `Damaged`.
    pub async fn last_run(&self) -> Result<Option<RunId>, Error> {
        Ok(self.shared.store.last_run(&self.id).await?)
    }
}

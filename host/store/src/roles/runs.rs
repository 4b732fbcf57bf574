//! Runs: commits, and all that is read of a run.

use async_trait::async_trait;
use reentry_core::id::{RunId, SuspensionId, TenantId};
use reentry_core::json::Json;
use reentry_core::path::StepPath;
use reentry_core::run::{Blocked, EntryRecord, RunState};

use crate::{
    CallLogFilter, CallLogs, Commit, CommitError, Counts, DeleteError, LateTry, LogRow, Page, RequestRecord,
    RunFilter, RunGroups, RunSummary, Savepoint, SavepointKind, SavepointSummary, StoreError,
    SuspensionFilter, SuspensionGroups, SuspensionRecord,
};

/// A run in a chain of forks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ancestor {
    /// The run.
    pub run: RunId,
    /// The version of it at which the next one in the chain began; `None` for the last one.
    pub until: Option<u64>,
}

/// Runs: commits, and all that is read of a run.
///
/// Whatever is asked of a run is asked for its tenant; of a run of another tenant nothing is found, as if it were not
/// there.
///
/// A *fork* is a run that began from another one. [`step`](Self::step), [`steps`](Self::steps),
/// [`outputs`](Self::outputs) and [`children`](Self::children) show of its parent, and of the parent's own parents,
/// the records of steps that were done or had not begun at the version at which it began, unless the fork has a
/// record of its own for the step or has dropped it. Nothing else of a parent is shown. What a parent does later
/// changes none of it, if the fork began at a savepoint or at the version that the parent had.
#[async_trait]
pub trait Runs: Send + Sync + 'static {
    /// Stores a change to a run, whole or not at all.
    ///
    /// With [`Durability::Visible`], on return the change is seen by every process and survives the kill of all of
    /// them, not the loss of power. With [`Durability::Durable`] it survives that too, as does every commit before
    /// it.
    ///
    /// [`Durability::Visible`]: crate::Durability::Visible
    /// [`Durability::Durable`]: crate::Durability::Durable
    ///
    /// # Errors
    /// The first of these that holds: [`CommitError::RequestKnown`] when the request was answered before;
    /// [`CommitError::VersionConflict`] when the run is not at the expected version; [`CommitError::SuspensionTaken`]
    /// when a suspension that is to be closed is not open; [`CommitError::NotAnswered`] when one that is to be open
    /// again was not ended by an answer; [`CommitError::MessageTaken`] when a message that is to be taken is not
    /// there; [`CommitError::ParentChanged`] when the run that this one begins from went on. [`StoreError::Refused`]
    /// when an id was used before, or names nothing that is kept. Nothing is stored then. When the future is dropped
    /// before it is ready, the change may be stored or not.
    async fn commit(&self, commit: Commit) -> Result<(), CommitError>;

    /// Notes that bringing a run on went wrong, and why; the `blocks_at`th time, and each time after that, has the
    /// run be blocked, unless it has ended. Returns how often it went wrong since it was blocked last, this time
    /// included; 0 for a run that is not there or has ended. Visible on return. Reads nothing of what the run holds,
    /// and leaves its version.
    ///
    /// A blocked run is neither due nor has it orphans, and no message is for it. It is blocked until a commit
    /// changes its status, which forgets what went wrong. A commit whose run is blocked blocks it, too, with the
    /// reason in [`RunState::blocked`]; that does not count.
    async fn note_trouble(
        &self,
        tenant: &TenantId,
        run: RunId,
        why: &Blocked,
        blocks_at: u32,
    ) -> Result<u32, StoreError>;

    /// Notes answers that came when their suspension was over: so many by the same, of which one is told. At most
    /// [`LATE_TRIES_KEPT_MAX`](crate::past::LATE_TRIES_KEPT_MAX) are kept of one suspension; further ones are
    /// counted. Does nothing when the tenant's run has no such suspension. Visible on return. Leaves the run and its
    /// version.
    async fn note_late_try(
        &self,
        tenant: &TenantId,
        run: RunId,
        late: LateTry,
        times: u64,
    ) -> Result<(), StoreError>;

    /// Reads a run with the records of its steps that are not done, but for payloads that are kept apart.
    async fn run(&self, tenant: &TenantId, id: RunId) -> Result<Option<RunState>, StoreError>;

    /// The chain of forks that leads to a run: the run with which it began, then each fork with the version that its
    /// parent had, the run itself at last. One alone for a run that is no fork; nothing for one that is not there.
    /// Reads nothing of what runs hold.
    async fn lineage(&self, tenant: &TenantId, run: RunId) -> Result<Vec<Ancestor>, StoreError>;

    /// Reads one step's record, done or not.
    async fn step(
        &self,
        tenant: &TenantId,
        run: RunId,
        path: &StepPath,
    ) -> Result<Option<EntryRecord>, StoreError>;

    /// Reads the records of all steps of a run. Grows with the run.
    ///
    /// They come in the order in which their first records were stored. Those of a fork come in the order in which
    /// the steps were first called, by the clock.
    async fn steps(&self, tenant: &TenantId, run: RunId) -> Result<Vec<(StepPath, EntryRecord)>, StoreError>;

    /// Reads the records of the named steps, done or not, as they were at one moment; as many as were named, in that
    /// order.
    async fn outputs(
        &self,
        tenant: &TenantId,
        run: RunId,
        paths: &[StepPath],
    ) -> Result<Vec<(StepPath, Option<EntryRecord>)>, StoreError>;

    /// Reads a record of a step that the run has no more, as the step was dropped or done again: of those that a
    /// savepoint or a fork needs, the first that was stored with this version of the run or a later one. Nothing of
    /// the run's parents.
    async fn old_step(
        &self,
        tenant: &TenantId,
        run: RunId,
        path: &StepPath,
        version: u64,
    ) -> Result<Option<EntryRecord>, StoreError>;

    /// Reads the records of all repetitions of a step, `path[0]`, `path[1]`, …, in the order of their indexes, and
    /// not what lies below them. Grows with what lies at `path` and below, not with the run.
    ///
    /// Finds nothing for a path that ends with an index, and for the workflow itself.
    async fn children(
        &self,
        tenant: &TenantId,
        run: RunId,
        path: &StepPath,
    ) -> Result<Vec<(StepPath, EntryRecord)>, StoreError>;

    /// Reads what watchers saw of the commits after a version of a run, oldest first, at most `limit`. Commits that
    /// brought nothing for them are left out.
    async fn log(
        &self,
        tenant: &TenantId,
        run: RunId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<LogRow>, StoreError>;

    /// Reads what guests logged in a run, and for a fork in its parents until it began: a page of calls, in the order
    /// in which they ended. Nothing for a run that is not there.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for a place in a run that is not one of these.
    async fn call_logs(
        &self,
        tenant: &TenantId,
        run: RunId,
        filter: &CallLogFilter,
    ) -> Result<CallLogs, StoreError>;

    /// Reads the savepoint that was made when a suspension of a run ended; the latest, should there be several.
    async fn savepoint(
        &self,
        tenant: &TenantId,
        run: RunId,
        suspension: SuspensionId,
    ) -> Result<Option<Savepoint>, StoreError>;

    /// Reads the latest savepoint of a kind.
    async fn last_savepoint(
        &self,
        tenant: &TenantId,
        run: RunId,
        kind: SavepointKind,
    ) -> Result<Option<Savepoint>, StoreError>;

    /// Lists the savepoints of a run, oldest first.
    async fn savepoints(&self, tenant: &TenantId, run: RunId) -> Result<Vec<SavepointSummary>, StoreError>;

    /// Lists runs, the latest first. Looks at [`LOOKED_MAX`](crate::filter::LOOKED_MAX) of them at most.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for a filter that nothing passes, and for a place in the list that it does not know,
    /// that of a run that was deleted among them.
    async fn list_runs(&self, tenant: &TenantId, filter: RunFilter) -> Result<Page<RunSummary>, StoreError>;

    /// Counts the runs that [`list_runs`](Self::list_runs) lists on all its pages, whatever the limit; exactly, or as
    /// far as [`LOOKED_MAX`](crate::filter::LOOKED_MAX) of them tell.
    ///
    /// # Errors
    /// As [`list_runs`](Self::list_runs).
    async fn count_runs(
        &self,
        tenant: &TenantId,
        filter: RunFilter,
        by: Option<RunGroups>,
    ) -> Result<Counts, StoreError>;

    /// Runs of a tenant whose 32 hexadecimal digits begin or end with these, the latest first, at most `limit`. Grows
    /// with the tenant's runs.
    async fn runs_with_digits(
        &self,
        tenant: &TenantId,
        digits: &str,
        limit: usize,
    ) -> Result<Vec<RunId>, StoreError>;

    /// The run of a tenant that was created or answered most recently. Grows with the tenant's suspensions.
    async fn last_run(&self, tenant: &TenantId) -> Result<Option<RunId>, StoreError>;

    /// Lists suspensions, the oldest first or the other way round. Looks at [`LOOKED_MAX`](crate::filter::LOOKED_MAX)
    /// of them at most.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for a filter that nothing passes, for a place in the list that it does not know, and
    /// for the history of more than one run.
    async fn list_suspensions(
        &self,
        tenant: &TenantId,
        filter: SuspensionFilter,
    ) -> Result<Page<SuspensionRecord>, StoreError>;

    /// Counts the suspensions that [`list_suspensions`](Self::list_suspensions) lists on all its pages, whatever the
    /// limit; exactly, or as far as [`LOOKED_MAX`](crate::filter::LOOKED_MAX) of them tell.
    ///
    /// # Errors
    /// As [`list_suspensions`](Self::list_suspensions).
    async fn count_suspensions(
        &self,
        tenant: &TenantId,
        filter: SuspensionFilter,
        by: Option<SuspensionGroups>,
    ) -> Result<Counts, StoreError>;

    /// Deletes a run that has ended or is blocked, with everything kept of it, and the requests that it answered.
    /// Durable on return.
    ///
    /// # Errors
    /// [`DeleteError::NotFound`]; [`DeleteError::NotFinal`]; [`DeleteError::HasForks`]. Nothing is deleted then.
    async fn delete_run(&self, tenant: &TenantId, id: RunId) -> Result<(), DeleteError>;

    /// Reads what is known of a request of a tenant; see [`Commit::request`].
    async fn request(&self, tenant: &TenantId, key: &str) -> Result<Option<RequestRecord>, StoreError>;

    /// Keeps what the caller of a request is told; visible on return. The first answer stays. Does nothing when there
    /// is no such request.
    async fn answer_request(&self, tenant: &TenantId, key: &str, answer: Json) -> Result<(), StoreError>;
}

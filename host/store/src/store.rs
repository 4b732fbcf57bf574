//! The contract of every back end.

use std::collections::HashSet;
use std::path::Path;

use async_trait::async_trait;
use reentry_core::digest::{ComponentDigest, WorkflowDigest};
use reentry_core::id::{MessageId, OwnerId, RunId, SnapshotId, SuspensionId, TenantId};
use reentry_core::json::Json;
use reentry_core::path::StepPath;
use reentry_core::run::{Run, Step};
use reentry_core::time::Timestamp;

use crate::commit::{Commit, CommitError};
use crate::counts::{Counts, RunGroups, SuspensionGroups};
use crate::error::{DeleteError, RemoveError, StoreError};
use crate::filter::{RunFilter, SuspensionFilter};
use crate::library::{
    ComponentRecord, ComponentSummary, ComponentUsage, TenantSummary, WorkflowRecord, WorkflowSummary,
};
use crate::mail::{Message, Sent};
use crate::past::LateTry;
use crate::query::{CallLogFilter, CallLogs, LogRow, Page, RequestRecord, RunSummary, SuspensionRecord};
use crate::savepoint::{Savepoint, SavepointKind, SavepointSummary};

/// Figures that benches and operators read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreStats {
    /// Commits stored.
    pub commits: u64,
    /// Groups in which they were stored: one transaction each.
    pub groups: u64,
    /// Bytes that stored commits consist of: heads, records, payloads, memories, logs and savepoints, before a database adds its own.
    pub bytes: u64,
    /// Bytes of heads, records, payloads and memories that were read, lists aside.
    pub bytes_read: u64,
    /// Calls of fsync or fdatasync made to make commits durable, those of checkpoints included.
    pub fsyncs: u64,
}

/// A run in a chain of forks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ancestor {
    /// The run.
    pub run: RunId,
    /// The version of it at which the next one in the chain began; `None` for the last one.
    pub until: Option<u64>,
}

/// Says, as long as it lives, that the process which registered an owner is alive.
///
/// Dropping it, or the end of the process in whatever way, makes the owner dead.
pub trait OwnerGuard: Send + Sync {}

/// The contract of every back end.
///
/// Every method may be called from many tasks at once, and by many processes on one store. Ids of one tenant are never
/// visible through another: methods that take a tenant find nothing else.
///
/// A *fork* is a run that began from another one. [`step`](Self::step), [`steps`](Self::steps), [`outputs`](Self::outputs) and
/// [`children`](Self::children) show of its parent, and of the parent's own parents, the records of steps that were done or had not
/// begun at the version at which it began, unless the fork has a record of its own for the step or has dropped it. Nothing else of
/// a parent is shown. What a parent does later changes none of it, if the fork began at a savepoint or at the version that the
/// parent had.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Stores a change to a run, whole or not at all.
    ///
    /// With [`Durability::Visible`], on return the change is seen by every process and survives the kill of all of them, not
    /// the loss of power. With [`Durability::Durable`] it survives that too, as does every commit before it.
    ///
    /// [`Durability::Visible`]: crate::Durability::Visible
    /// [`Durability::Durable`]: crate::Durability::Durable
    ///
    /// # Errors
    /// The first of these that holds: [`CommitError::RequestKnown`] when the request was answered before;
    /// [`CommitError::VersionConflict`] when the run is not at the expected version; [`CommitError::SuspensionTaken`] when a
    /// suspension that is to be closed is not open; [`CommitError::NotAnswered`] when one that is to be open again was not ended by an
    /// answer; [`CommitError::MessageTaken`] when a message that is to be taken is not
    /// there; [`CommitError::ParentChanged`] when the run that this one begins from went on. [`StoreError::Refused`] when an id was used before, or names nothing that is kept. Nothing is stored then. When the
    /// future is dropped before it is ready, the change may be stored or not.
    async fn commit(&self, commit: Commit) -> Result<(), CommitError>;

    /// Notes that bringing a run on went wrong, and why; the `blocks_at`th time, and each time after that, has the run be blocked, unless it
    /// has ended. Returns how often it went wrong since it was blocked last, this time included; 0 for a run that is not there or has
    /// ended. Visible on return. Reads nothing of what the run holds, and leaves its version.
    ///
    /// A blocked run is neither due nor has it orphans, and no message is for it. It is blocked until a commit changes its status, which forgets
    /// what went wrong.
    async fn note_trouble(
        &self,
        tenant: &TenantId,
        run: RunId,
        reason: &str,
        blocks_at: u32,
    ) -> Result<u32, StoreError>;

    /// Notes answers that came when their suspension was over: so many by the same, of which one is told. At most
    /// [`LATE_TRIES_KEPT_MAX`](crate::past::LATE_TRIES_KEPT_MAX) are kept of one suspension; further ones are counted. Does nothing when the
    /// tenant's run has no such suspension. Visible on return. Leaves the run and its version.
    async fn note_late_try(
        &self,
        tenant: &TenantId,
        run: RunId,
        late: LateTry,
        times: u64,
    ) -> Result<(), StoreError>;

    /// Reads a run with the records of its steps that are not done, but for payloads that are kept apart.
    async fn run(&self, tenant: &TenantId, id: RunId) -> Result<Option<Run>, StoreError>;

    /// The chain of forks that leads to a run: the run with which it began, then each fork with the version that its parent had, the run
    /// itself at last. One alone for a run that is no fork; nothing for one that is not there. Reads nothing of what runs hold.
    async fn lineage(&self, run: RunId) -> Result<Vec<Ancestor>, StoreError>;

    /// Reads one step's record, done or not.
    async fn step(&self, run: RunId, path: &StepPath) -> Result<Option<Step>, StoreError>;

    /// Reads the records of all steps of a run. Grows with the run.
    ///
    /// They come in the order in which their first records were stored. Those of a fork come in the order in which the steps
    /// were first called, by the clock.
    async fn steps(&self, run: RunId) -> Result<Vec<(StepPath, Step)>, StoreError>;

    /// Reads the records of the named steps, done or not, as they were at one moment; as many as were named, in that order.
    async fn outputs(
        &self,
        run: RunId,
        paths: &[StepPath],
    ) -> Result<Vec<(StepPath, Option<Step>)>, StoreError>;

    /// Reads the records of all repetitions of a step, `path[0]`, `path[1]`, …, in the order of their indexes, and not what lies
    /// below them. Grows with what lies at `path` and below, not with the run.
    ///
    /// Finds nothing for a path that ends with an index, and for the workflow itself.
    async fn children(&self, run: RunId, path: &StepPath) -> Result<Vec<(StepPath, Step)>, StoreError>;

    /// Reads the kept memory of a guest, or what else is kept apart: a payload, a part of a savepoint.
    async fn image(&self, id: SnapshotId) -> Result<Option<Vec<u8>>, StoreError>;

    /// Reads what watchers saw of the commits after a version of a run, oldest first, at most `limit`. Commits that brought
    /// nothing for them are left out.
    async fn log(&self, run: RunId, after: u64, limit: usize) -> Result<Vec<LogRow>, StoreError>;

    /// Reads what guests logged in a run, and for a fork in its parents until it began: a page of calls, in the order in which they ended.
    /// Nothing for a run that is not there.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for a place in a run that is not one of these.
    async fn call_logs(&self, run: RunId, filter: &CallLogFilter) -> Result<CallLogs, StoreError>;

    /// Reads the savepoint that was made when a suspension of a run ended; the latest, should there be several.
    async fn savepoint(&self, run: RunId, suspension: SuspensionId) -> Result<Option<Savepoint>, StoreError>;

    /// Reads the latest savepoint of a kind.
    async fn last_savepoint(&self, run: RunId, kind: SavepointKind) -> Result<Option<Savepoint>, StoreError>;

    /// Lists the savepoints of a run, oldest first.
    async fn savepoints(&self, run: RunId) -> Result<Vec<SavepointSummary>, StoreError>;

    /// Lists runs, the latest first. Looks at [`LOOKED_MAX`](crate::filter::LOOKED_MAX) of them at most.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for a filter that nothing passes, and for a place in the list that it does not know, that of a run that was
    /// deleted among them.
    async fn list_runs(&self, tenant: &TenantId, filter: RunFilter) -> Result<Page<RunSummary>, StoreError>;

    /// Counts the runs that [`list_runs`](Self::list_runs) lists on all its pages, whatever the limit; exactly, or as far as
    /// [`LOOKED_MAX`](crate::filter::LOOKED_MAX) of them tell.
    ///
    /// # Errors
    /// As [`list_runs`](Self::list_runs).
    async fn count_runs(
        &self,
        tenant: &TenantId,
        filter: RunFilter,
        by: Option<RunGroups>,
    ) -> Result<Counts, StoreError>;

    /// Runs of a tenant whose 32 hexadecimal digits begin or end with these, the latest first, at most `limit`. Grows with the
    /// tenant's runs.
    async fn runs_with_digits(
        &self,
        tenant: &TenantId,
        digits: &str,
        limit: usize,
    ) -> Result<Vec<RunId>, StoreError>;

    /// The run of a tenant that was created or answered most recently. Grows with the tenant's suspensions.
    async fn last_run(&self, tenant: &TenantId) -> Result<Option<RunId>, StoreError>;

    /// Gives the space of what was deleted back to the file system, as far as it can; returns how many bytes. Others may write
    /// meanwhile. A store that keeps no free space gives back nothing.
    async fn give_back_space(&self) -> Result<u64, StoreError>;

    /// Deletes a run that has ended or is blocked, with everything kept of it, and the requests that it answered. Durable on return.
    ///
    /// # Errors
    /// [`DeleteError::NotFound`]; [`DeleteError::NotFinal`]; [`DeleteError::HasForks`]. Nothing is deleted then.
    async fn delete_run(&self, tenant: &TenantId, id: RunId) -> Result<(), DeleteError>;

    /// Deletes runs, of any tenant, that have ended and changed last before an instant; at most `limit`, of each definition those
    /// that ended longest ago. Those with forks that are kept are left out. Returns the deleted ones. Visible on return.
    async fn delete_runs_before(&self, before: Timestamp, limit: usize) -> Result<Vec<RunId>, StoreError>;

    /// Lists suspensions, the oldest first or the other way round. Looks at [`LOOKED_MAX`](crate::filter::LOOKED_MAX) of them at most.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for a filter that nothing passes, for a place in the list that it does not know, and for the history of
    /// more than one run.
    async fn list_suspensions(
        &self,
        tenant: &TenantId,
        filter: SuspensionFilter,
    ) -> Result<Page<SuspensionRecord>, StoreError>;

    /// Counts the suspensions that [`list_suspensions`](Self::list_suspensions) lists on all its pages, whatever the limit; exactly, or as
    /// far as [`LOOKED_MAX`](crate::filter::LOOKED_MAX) of them tell.
    ///
    /// # Errors
    /// As [`list_suspensions`](Self::list_suspensions).
    async fn count_suspensions(
        &self,
        tenant: &TenantId,
        filter: SuspensionFilter,
        by: Option<SuspensionGroups>,
    ) -> Result<Counts, StoreError>;

    /// Runs, of any tenant, in which a step that nobody holds is due at `now` or before; at most `limit`, the earliest first. Those of
    /// `except` are passed over and do not count, so that runs which cannot go on do not stand in the way of others.
    async fn due(
        &self,
        now: Timestamp,
        except: &HashSet<RunId>,
        limit: usize,
    ) -> Result<Vec<(TenantId, RunId)>, StoreError>;

    /// The earliest instant after another one at which a step that nobody holds is due.
    async fn next_due(&self, after: Timestamp) -> Result<Option<Timestamp>, StoreError>;

    /// Registers a live owner. See [`OwnerGuard`].
    async fn register_owner(&self, owner: OwnerId) -> Result<Box<dyn OwnerGuard>, StoreError>;

    /// Whether an owner is dead: not registered, or its process has ended.
    async fn is_dead(&self, owner: OwnerId) -> Result<bool, StoreError>;

    /// Runs, of any tenant, with a call whose owner is dead, and that owner; at most `limit`. Those of `except` are passed over and do not
    /// count.
    async fn orphans(
        &self,
        except: &HashSet<RunId>,
        limit: usize,
    ) -> Result<Vec<(TenantId, RunId, OwnerId)>, StoreError>;

    /// Running runs, of any tenant, with a call of this owner, in the order of storing. Grows with all running runs.
    async fn owned(&self, owner: OwnerId) -> Result<Vec<(TenantId, RunId)>, StoreError>;

    /// Reads what is known of a request of a tenant; see [`Commit::request`].
    async fn request(&self, tenant: &TenantId, key: &str) -> Result<Option<RequestRecord>, StoreError>;

    /// Keeps what the caller of a request is told; visible on return. The first answer stays. Does nothing when there is no
    /// such request.
    async fn answer_request(&self, tenant: &TenantId, key: &str, answer: Json) -> Result<(), StoreError>;

    /// Keeps a message until a commit takes it; durable on return, [`Sent::Known`] too.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when there is a message of that id.
    async fn send(&self, message: Message) -> Result<Sent, StoreError>;

    /// Messages that nobody has taken, oldest first: those with this name and, if one is given, this key; at most `limit`.
    async fn mail(
        &self,
        tenant: &TenantId,
        name: &str,
        key: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Message>, StoreError>;

    /// Reads a message, taken or not, until [`expire_mail`](Self::expire_mail) drops it.
    async fn message(&self, tenant: &TenantId, id: MessageId) -> Result<Option<Message>, StoreError>;

    /// Open suspensions that a message with this name and this key would end, oldest first: those that wait for the name, with
    /// the same key or without one. A message without a key ends only those without one.
    async fn waiting_for(
        &self,
        tenant: &TenantId,
        name: &str,
        key: Option<&str>,
    ) -> Result<Vec<(RunId, SuspensionId)>, StoreError>;

    /// Messages, of any tenant, that nobody has taken although an open suspension waits for them, oldest first; at most `limit`. Those of
    /// `except` are passed over and do not count. Grows with the messages that nobody has taken.
    async fn deliverable(
        &self,
        except: &HashSet<MessageId>,
        limit: usize,
    ) -> Result<Vec<(TenantId, MessageId)>, StoreError>;

    /// Drops messages that nobody took and that expired at `now` or before, and those that were taken before `taken_before`.
    /// Returns how many, at most [`EXPIRED_MAX`](crate::mail::EXPIRED_MAX) at a time: call again while it is as many. Visible on
    /// return.
    async fn expire_mail(&self, now: Timestamp, taken_before: Timestamp) -> Result<u64, StoreError>;

    /// Keeps a component, and has a tenant hold it under a name from an instant on; durable on return. Of a component that is kept already
    /// the first record stays; of one that the tenant holds already, its name and the instant.
    async fn put_component(
        &self,
        tenant: &TenantId,
        name: &str,
        at: Timestamp,
        component: ComponentRecord,
    ) -> Result<(), StoreError>;

    /// Reads a component, whoever holds it: for runs that are pinned to it. What a tenant names goes through
    /// [`component_of`](Self::component_of).
    async fn component(&self, digest: &ComponentDigest) -> Result<Option<ComponentRecord>, StoreError>;

    /// A component that a tenant may use: one that it holds, or one that is published.
    async fn component_of(
        &self,
        tenant: &TenantId,
        digest: &ComponentDigest,
    ) -> Result<Option<ComponentSummary>, StoreError>;

    /// The component that a tenant means by a name: of those that it holds under that name the latest; without one, of those that are
    /// published under it the latest.
    async fn component_named(
        &self,
        tenant: &TenantId,
        name: &str,
    ) -> Result<Option<ComponentDigest>, StoreError>;

    /// Lists the components that a tenant may use: first those that it holds, the latest first, then those that are published and that it
    /// does not hold, the latest first.
    async fn list_components(&self, tenant: &TenantId) -> Result<Vec<ComponentSummary>, StoreError>;

    /// Whether any component is kept.
    async fn has_components(&self) -> Result<bool, StoreError>;

    /// Publishes a component that a tenant holds to all tenants under a name, or anew under another one; durable on return. Returns
    /// whether the tenant holds it; otherwise nothing changes.
    async fn publish_component(
        &self,
        tenant: &TenantId,
        component: &ComponentDigest,
        name: &str,
        at: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Ends that a component is published; durable on return. Returns the components that are not kept any more, as
    /// [`remove_component`](Self::remove_component) does.
    ///
    /// # Errors
    /// [`RemoveError::NotPublished`]; [`RemoveError::PublishedUsed`] while a tenant that does not hold it itself has a current version or a
    /// kept run that needs it. Nothing changes then.
    async fn unpublish_component(
        &self,
        component: &ComponentDigest,
    ) -> Result<Vec<ComponentDigest>, RemoveError>;

    /// What of a tenant's uses a component. Grows with the runs that have not ended, and those of the workflows that use it.
    async fn usage(
        &self,
        tenant: &TenantId,
        component: &ComponentDigest,
    ) -> Result<ComponentUsage, StoreError>;

    /// Components that a tenant holds and does not need, the latest first: no definition that it has applied uses them, current or not, no
    /// kept run of it is pinned to them, and it holds a later one of their name. Grows with the runs that have not ended, for each of them.
    async fn unneeded_components(&self, tenant: &TenantId) -> Result<Vec<ComponentSummary>, StoreError>;

    /// Ends a tenant's hold on a component; durable on return. Components that no tenant holds, that are not published and to which no kept
    /// run of any tenant is pinned are not kept any more; they are returned. Definitions that use them stay: without them nobody can
    /// run these.
    ///
    /// # Errors
    /// [`RemoveError::NoComponent`] when the tenant may not use it; [`RemoveError::Published`] when it does not hold it itself;
    /// [`RemoveError::ComponentUsed`] while a definition that uses it is the current version of its id for the tenant, or some kept run of
    /// the tenant, ended or not, is pinned to it. Nothing is removed then.
    async fn remove_component(
        &self,
        tenant: &TenantId,
        component: &ComponentDigest,
    ) -> Result<Vec<ComponentDigest>, RemoveError>;

    /// Keeps a workflow definition, and has a tenant hold it; durable on return. Doing so again changes nothing.
    async fn put_workflow(&self, tenant: &TenantId, workflow: WorkflowRecord) -> Result<(), StoreError>;

    /// Reads a workflow definition, whoever holds it: for runs that are pinned to it. What a tenant names is looked for with
    /// [`holds_workflow`](Self::holds_workflow) first.
    async fn workflow(&self, digest: &WorkflowDigest) -> Result<Option<WorkflowRecord>, StoreError>;

    /// Whether a tenant holds a workflow definition: it was kept or applied for it, and not removed.
    async fn holds_workflow(&self, tenant: &TenantId, digest: &WorkflowDigest) -> Result<bool, StoreError>;

    /// The first component, by digest, that a definition uses and a tenant may not use; none for a definition that is not kept.
    async fn missing_component(
        &self,
        tenant: &TenantId,
        workflow: &WorkflowDigest,
    ) -> Result<Option<ComponentDigest>, StoreError>;

    /// Keeps a workflow definition, has a tenant hold it, and makes it the current version of its id for the tenant; durable on return. Returns the
    /// version that was current before, which may be the same.
    async fn apply_workflow(
        &self,
        tenant: &TenantId,
        workflow: WorkflowRecord,
        at: Timestamp,
    ) -> Result<Option<WorkflowDigest>, StoreError>;

    /// The current version of a workflow for a tenant.
    async fn current_workflow(
        &self,
        tenant: &TenantId,
        id: &str,
    ) -> Result<Option<WorkflowDigest>, StoreError>;

    /// Lists all versions that a tenant has applied, by id, the latest applied first. Grows with the tenant's runs that have not
    /// ended.
    async fn list_workflows(&self, tenant: &TenantId) -> Result<Vec<WorkflowSummary>, StoreError>;

    /// Leaves a tenant without a current version of a workflow; durable on return. Returns the one that was. Its runs go on.
    async fn retire_workflow(
        &self,
        tenant: &TenantId,
        id: &str,
    ) -> Result<Option<WorkflowDigest>, StoreError>;

    /// Removes a version from those that a tenant has applied, ends its hold on the definition, and removes that itself unless another
    /// tenant holds it or a kept run is pinned to it; durable on return.
    ///
    /// # Errors
    /// [`RemoveError::NoWorkflow`] when the tenant does not hold it; [`RemoveError::WorkflowCurrent`];
    /// [`RemoveError::WorkflowUsed`] while a kept run of the tenant, ended or not, is pinned to it. Nothing is removed then.
    async fn remove_workflow(&self, tenant: &TenantId, workflow: &WorkflowDigest) -> Result<(), RemoveError>;

    /// Lists the tenants of which anything is kept, by name. Grows with all runs and messages.
    async fn list_tenants(&self) -> Result<Vec<TenantSummary>, StoreError>;

    /// Drops all that is kept of a tenant without runs: what it holds and has applied, its messages; durable on return. Returns the components
    /// that are not kept any more, as [`remove_component`](Self::remove_component) does. What is published stays, whoever published it.
    ///
    /// # Errors
    /// [`RemoveError::TenantUsed`] when runs of it are kept. Nothing is dropped then.
    async fn delete_tenant(&self, tenant: &TenantId) -> Result<Vec<ComponentDigest>, RemoveError>;

    /// Reads the fingerprint of the key with which what is kept is sealed.
    async fn key_fingerprint(&self) -> Result<Option<[u8; 32]>, StoreError>;

    /// Keeps the fingerprint of the key; durable on return. The first one stays.
    async fn keep_key_fingerprint(&self, fingerprint: [u8; 32]) -> Result<(), StoreError>;

    /// Writes a copy of all that is kept, as it is at one moment, to a file that is not there yet; durable on return. Others go on meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for a store that is not a file.
    async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        Err(StoreError::Refused(format!(
            "it is not kept in a file, so there is no backup to write to {}",
            to.display()
        )))
    }

    /// Figures since this store was opened.
    fn stats(&self) -> StoreStats;
}

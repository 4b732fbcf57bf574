//! What runs are made of: components, workflow definitions, who holds which, and who uses which.

use std::fmt;

use reentry_core::digest::{ComponentDigest, WorkflowDigest};
use reentry_core::id::TenantId;
use reentry_core::json::Json;
use reentry_core::time::Timestamp;

use crate::tenants::TenantState;

/// A component as it is kept: once, however many tenants hold it.
#[derive(Clone, Debug, PartialEq)]
pub struct ComponentRecord {
    /// SHA-256 of `bytes`.
    pub digest: ComponentDigest,
    /// The component as it was uploaded.
    pub bytes: Vec<u8>,
    /// Its memory right after instantiation, encoded by host/wasm. Snapshots are differences to it, so it must never
    /// change.
    pub base: Vec<u8>,
    /// What the loader found out about it (descriptors, sizes, how it resumes): a JSON object of the engine's.
    pub meta: Json,
    /// When it was added first.
    pub created_at: Timestamp,
}

/// A component as a tenant sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct ComponentSummary {
    /// Its digest.
    pub digest: ComponentDigest,
    /// The tenant's name for it, or the one that it is published under: for people, need not be unique.
    pub name: String,
    /// Whether the tenant holds it itself. Otherwise it is published.
    pub held: bool,
    /// The name under which it is published to all tenants, if it is.
    pub published: Option<String>,
    /// Size of the component as uploaded, in bytes.
    pub bytes: u64,
    /// What the loader found out about it.
    pub meta: Json,
    /// When the tenant added it, or it was published.
    pub created_at: Timestamp,
}

/// A committed workflow definition as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkflowRecord {
    /// SHA-256 of `definition`.
    pub digest: WorkflowDigest,
    /// Id of the workflow; several versions share it.
    pub id: String,
    /// The definition in its canonical form.
    pub definition: Json,
    /// The components that its steps are of. Read back in the order of the digests, each once.
    pub components: Vec<ComponentDigest>,
    /// When it was committed.
    pub created_at: Timestamp,
}

/// A version of a workflow that a tenant has applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkflowSummary {
    /// Id of the workflow.
    pub id: String,
    /// The version.
    pub digest: WorkflowDigest,
    /// When it was applied last.
    pub applied_at: Timestamp,
    /// Whether it is the version that new runs get.
    pub current: bool,
    /// Runs of the tenant that follow it and have not ended.
    pub open_runs: u64,
}

/// What of a tenant's uses a component.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ComponentUsage {
    /// The tenant's definitions with a step of it, in the order of their digests, and the ids of these workflows.
    pub workflows: Vec<(WorkflowDigest, String)>,
    /// The tenant's runs that are pinned to such a definition and have not ended: they follow it, or followed it when
    /// a savepoint was made.
    pub open_runs: u64,
    /// All kept runs of the tenant that are pinned to one.
    pub runs: u64,
}

/// How much is kept of a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantSummary {
    /// The tenant.
    pub tenant: TenantId,
    /// Whether anything may begin for it.
    pub state: TenantState,
    /// Its kept runs.
    pub runs: u64,
    /// Those among them that have not ended.
    pub open_runs: u64,
    /// The components that it holds.
    pub components: u64,
    /// The definitions that it holds, applied or not.
    pub workflows: u64,
    /// The events that were sent to it and are kept, taken or not.
    pub messages: u64,
}

impl TenantSummary {
    /// That of an active tenant of which nothing is kept.
    pub fn of(tenant: TenantId) -> Self {
        let state = TenantState::Active;
        Self { tenant, state, runs: 0, open_runs: 0, components: 0, workflows: 0, messages: 0 }
    }
}

/// What needs a component because it is published: of all tenants that do not hold it themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PublishedUsage {
    /// How many tenants.
    pub tenants: u64,
    /// Their definitions with a step of it that are the current version of an id.
    pub current: u64,
    /// Their runs that are pinned to a definition with a step of it and have not ended.
    pub open_runs: u64,
    /// All of their kept runs that are pinned to one.
    pub runs: u64,
}

impl fmt::Display for PublishedUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tenants, current, open_runs, runs } = self;
        write!(
            f,
            "{runs} runs, {open_runs} of them not ended, and {current} current workflows of {tenants} tenants \
             that do not hold it themselves"
        )
    }
}

impl fmt::Display for ComponentUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (digest, id)) in self.workflows.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}workflow `{id}` ({digest})")?;
        }
        write!(f, " with {} runs, {} of them not ended", self.runs, self.open_runs)
    }
}

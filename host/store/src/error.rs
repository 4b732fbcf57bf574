//! Why something could not be read, stored or removed.

use reentry_core::digest::{ComponentDigest, WorkflowDigest};
use reentry_core::error::ErrorCode;
use reentry_core::id::{RunId, TenantId};
use reentry_core::run::RunStatus;

use crate::error_codes;
use crate::library::{ComponentUsage, PublishedUsage};

/// Why a read or a write of something other than a run failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// What is stored cannot be what was written. Never retried, never hidden.
    #[error("stored {what} is damaged: {reason}")]
    Damaged {
        /// What was read.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The store was written by a version of reentry that this one does not know.
    #[error(
        "the store has schema version {found}, this reentry knows versions up to {known}: use a newer reentry"
    )]
    TooNew {
        /// Version found.
        found: u32,
        /// Newest version known.
        known: u32,
    },
    /// What was asked for makes no sense, and asking again will not help.
    #[error("the store cannot do this: {0}")]
    Refused(String),
    /// The store cannot be used right now, or at all.
    #[error("the store is unavailable: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Why a run was not deleted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeleteError {
    /// The tenant has no such run.
    #[error("there is no run {run}")]
    NotFound {
        /// The run.
        run: RunId,
    },
    /// The run has not ended.
    #[error("run {run} is {status}: only a run that has ended or is blocked can be deleted; cancel it first")]
    NotFinal {
        /// The run.
        run: RunId,
        /// How it stands.
        status: RunStatus,
    },
    /// Forks of the run read what it did before they began.
    #[error("run {run} is read by its forks {}: delete them first", listed(forks))]
    HasForks {
        /// The run.
        run: RunId,
        /// The forks that are kept, the oldest first.
        forks: Vec<RunId>,
    },
    /// The store could not be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a component or a workflow definition was not removed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoveError {
    /// The tenant may use no such component.
    #[error("there is no component {component}")]
    NoComponent {
        /// The component.
        component: ComponentDigest,
    },
    /// The tenant does not hold the component itself: it may use it as it is published.
    #[error("component {component} is published to all tenants, and this one does not hold it itself")]
    Published {
        /// The component.
        component: ComponentDigest,
    },
    /// The component is not published.
    #[error("component {component} is not published")]
    NotPublished {
        /// The component.
        component: ComponentDigest,
    },
    /// Tenants need the component because it is published.
    #[error("component {component} is needed by {usage}: it stays published until these are gone")]
    PublishedUsed {
        /// The component.
        component: ComponentDigest,
        /// How much needs it.
        usage: PublishedUsage,
    },
    /// Workflows that are current, or that a kept run is pinned to, use the component.
    #[error("component {component} is needed by {usage}: delete these runs and retire these workflows first")]
    ComponentUsed {
        /// The component.
        component: ComponentDigest,
        /// What of the tenant's uses it; workflows that nobody needs any more are among them.
        usage: ComponentUsage,
    },
    /// The tenant holds no such definition.
    #[error("there is no workflow {workflow}")]
    NoWorkflow {
        /// The definition.
        workflow: WorkflowDigest,
    },
    /// The definition is the current version of its id.
    #[error(
        "workflow {workflow} is the current version of `{id}`: retire `{id}` or apply another version first"
    )]
    WorkflowCurrent {
        /// The definition.
        workflow: WorkflowDigest,
        /// The id of which it is the current version.
        id: String,
    },
    /// Kept runs are pinned to the definition.
    #[error("workflow {workflow} is needed by {runs} runs, {open_runs} of them not ended: delete them first")]
    WorkflowUsed {
        /// The definition.
        workflow: WorkflowDigest,
        /// Runs of the tenant that are pinned to it.
        runs: u64,
        /// Those among them that have not ended.
        open_runs: u64,
    },
    /// Runs of the tenant are kept.
    #[error("tenant {tenant} has {runs} runs, {open_runs} of them not ended")]
    TenantUsed {
        /// The tenant.
        tenant: TenantId,
        /// Its kept runs.
        runs: u64,
        /// Those among them that have not ended.
        open_runs: u64,
    },
    /// The store could not be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn listed(runs: &[RunId]) -> String {
    runs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl StoreError {
    /// Its row of the table of codes.
    pub fn error_code(&self) -> &'static ErrorCode {
        match self {
            Self::Damaged { .. } => &error_codes::DAMAGED_STORE,
            Self::Refused(_) => &error_codes::INVALID_QUERY,
            Self::TooNew { .. } | Self::Unavailable(_) => &error_codes::STORE_UNAVAILABLE,
        }
    }
}

impl DeleteError {
    /// Its row of the table of codes.
    pub fn error_code(&self) -> &'static ErrorCode {
        match self {
            Self::NotFound { .. } => &error_codes::NO_RUN,
            Self::NotFinal { .. } => &error_codes::NOT_ENDED,
            Self::HasForks { .. } => &error_codes::HAS_FORKS,
            Self::Store(error) => error.error_code(),
        }
    }
}

impl RemoveError {
    /// Its row of the table of codes.
    pub fn error_code(&self) -> &'static ErrorCode {
        match self {
            Self::NoComponent { .. } => &error_codes::NO_COMPONENT,
            Self::NoWorkflow { .. } => &error_codes::NO_WORKFLOW,
            Self::ComponentUsed { .. }
            | Self::WorkflowUsed { .. }
            | Self::PublishedUsed { .. }
            | Self::TenantUsed { .. } => &error_codes::IN_USE,
            Self::Published { .. } => &error_codes::PUBLISHED,
            Self::NotPublished { .. } => &error_codes::NOT_PUBLISHED,
            Self::WorkflowCurrent { .. } => &error_codes::CURRENT_WORKFLOW,
            Self::Store(error) => error.error_code(),
        }
    }
}

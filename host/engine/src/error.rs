//! Errors of the library: each says who can act on it, and carries a stable word for programs.

use reentry_core::digest::{ComponentDigest, WorkflowDigest};
pub(crate) use reentry_core::error::chain;
use reentry_core::error::{ErrorCode, ErrorKind};
use reentry_core::id::{NameError, RunId, SuspensionId, TenantId};
use reentry_core::json::JsonError;
use reentry_core::path::StepPath;
use reentry_core::run::{Refused, codes as core_codes};
use reentry_core::snapshot::SnapshotError;
use reentry_core::workflow::{ContractError, DefinitionError};
use reentry_store::{DeleteError, RemoveError, StoreError, TenantState};
use reentry_wasm::{LoadError, RuntimeError};

use crate::codes;

/// What a call of the library can end with instead of a result.
///
/// A step that fails is no error: its run ends with status `failed`, and the result says so.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The request does not fit the run. Nothing was changed.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// There is no such run.
    #[error("no run {0} for this tenant")]
    NoRun(RunId),
    /// Nothing is kept of such a tenant.
    #[error("there is no tenant {0}: nothing of it is kept")]
    NoTenant(TenantId),
    /// The tenant may use no such component.
    #[error("no component {0} for this tenant")]
    NoComponent(ComponentDigest),
    /// The tenant has no such definition, or a run is pinned to one that is not there.
    #[error("no workflow definition {0} for this tenant")]
    NoWorkflow(WorkflowDigest),
    /// The definition of a workflow has mistakes; these are all.
    #[error("the workflow cannot be committed:{}", lines(.0))]
    Definition(Vec<DefinitionError>),
    /// A component was not accepted.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A descriptor of the component cannot be used.
    #[error(transparent)]
    Contract(#[from] ContractError),
    /// A name breaks the rule for names.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The kept memory of a suspended step is not what was written, or belongs elsewhere. The run stays suspended.
    #[error("the snapshot of run {run}, step `{path}`, cannot be used; the run stays as it is")]
    Snapshot {
        /// The run.
        run: RunId,
        /// The step.
        path: String,
        /// What is wrong.
        #[source]
        source: SnapshotError,
    },
    /// Something stored is missing or cannot be what was written.
    #[error("stored {what} is damaged: {reason}")]
    Damaged {
        /// What was read.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The WebAssembly runtime could not be set up.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// A file or folder of the host's is not its user's alone.
    #[error("{path} cannot be trusted: {found}; {repair}")]
    Unsafe {
        /// The file or folder.
        path: String,
        /// What is wrong with it.
        found: String,
        /// What repairs it.
        repair: String,
    },
    /// A file or folder of the host's could not be used.
    #[error("cannot {doing} {path}")]
    File {
        /// What was tried.
        doing: &'static str,
        /// The file or folder.
        path: String,
        /// What the operating system said.
        #[source]
        source: std::io::Error,
    },
    /// A store was given without the secret with which what it keeps is sealed.
    #[error(
        "a host with a store of its own needs a secret, without which nothing that it keeps could be used after a restart: \
         call `secret` of the builder with 32 random bytes that outlive the process, or `data_dir`, which keeps one"
    )]
    NoSecret,
    /// One call may use more memory than all calls together.
    #[error(
        "one call may use {memory_bytes} bytes of memory (limit `memory-bytes`), and all together {budget} (limit \
         `memory-budget`): set the first lower, or the second higher"
    )]
    SmallBudget {
        /// Bytes of one call.
        memory_bytes: u64,
        /// Bytes of all.
        budget: u64,
    },
    /// The secret is not the one with which what the store keeps is sealed.
    #[error(
        "this is not the secret with which the store was sealed, and nothing that it keeps could be used with it: \
         give the host the secret that was used first"
    )]
    OtherSecret,
    /// A text by which something is named is empty or too long.
    #[error("{what} has {bytes} bytes; it must have 1 to {max}", max = reentry_core::run::LABEL_BYTES_MAX)]
    BadName {
        /// What it names.
        what: &'static str,
        /// How long it is.
        bytes: usize,
    },
    /// Data from outside that is no value, or not the same one to every reader.
    #[error("invalid {what}: {source}")]
    BadJson {
        /// Which data.
        what: &'static str,
        /// What is wrong with it, and where.
        source: JsonError,
    },
    /// A backup goes to, and is restored in, a folder that has none of its own.
    #[error("{path} is not empty: a backup, and a data folder restored from one, need an empty folder")]
    NotEmpty {
        /// The folder.
        path: String,
    },
    /// There is no backup in a folder.
    #[error("there is no backup in {path}: it would have a file `reentry.db`")]
    NoBackup {
        /// The folder.
        path: String,
    },
    /// A component of a run imports what is not granted any more. The run is blocked if it was under way.
    #[error("step `{path}`, component {component}: {source}")]
    MissingGrant {
        /// The component.
        component: ComponentDigest,
        /// The step that was to be called.
        path: String,
        /// What it imports, with the grants that it needs.
        source: Box<LoadError>,
    },
    /// A run that cannot be read was to be canceled. It is blocked now: nothing continues it, and it can be deleted.
    #[error("run {run} cannot be canceled, as it cannot be read; it is blocked now, and can be deleted")]
    Unreadable {
        /// The run.
        run: RunId,
        /// What cannot be read.
        #[source]
        source: Box<Error>,
    },
    /// A run was not deleted.
    #[error(transparent)]
    Delete(#[from] DeleteError),
    /// A component or a workflow was not removed.
    #[error(transparent)]
    Remove(#[from] RemoveError),
    /// Nothing is kept of the moment before this suspension ended.
    #[error(
        "run {run} has no savepoint of suspension {suspension}: it has not ended, or the savepoint went to make room"
    )]
    NoSavepoint {
        /// The run.
        run: RunId,
        /// The suspension.
        suspension: SuspensionId,
    },
    /// Nothing may begin for the tenant.
    #[error("tenant {tenant} is {state}: nothing is started, answered or called for it")]
    TenantNotActive {
        /// The tenant.
        tenant: TenantId,
        /// How it stands.
        state: TenantState,
    },
    /// There is no current version of this workflow.
    #[error("workflow `{0}` has no current version; apply a definition of it")]
    NoCurrentWorkflow(String),
    /// A request under this idempotency key was made before, and asked for something else.
    #[error("the idempotency key `{key}` was used for another request; take a new key for a new request")]
    RequestDiffers {
        /// The key.
        key: String,
    },
    /// A request under this idempotency key was made before.
    #[error("a request with the idempotency key `{key}` was made before")]
    RequestKnown {
        /// The key.
        key: String,
    },
    /// The step refused the answer, which its schema let through. The suspension is open again as it was.
    #[error("step `{path}` refused the answer: {reason}")]
    AnswerRefused {
        /// The run.
        run: RunId,
        /// The step.
        path: StepPath,
        /// The suspension.
        suspension: SuspensionId,
        /// Why, in the step's words.
        reason: String,
    },
    /// The host could not do its part. The run is as it was stored last, and is taken over when this process ends.
    #[error("the host could not continue run {run}: {reason}")]
    Interrupted {
        /// The run.
        run: RunId,
        /// Why.
        reason: String,
    },
}

impl Error {
    /// Says who can act on it.
    pub fn kind(&self) -> ErrorKind {
        self.error_code().kind
    }

    /// Returns a stable word for programs.
    pub fn code(&self) -> &'static str {
        self.error_code().word
    }

    /// Returns its row of a table of codes, which says what happened, why, and what to do.
    pub fn error_code(&self) -> &'static ErrorCode {
        match self {
            Self::Refused(refused) => refused.error_code(),
            Self::RequestKnown { .. } => &codes::KNOWN_REQUEST,
            Self::RequestDiffers { .. } => &codes::OTHER_REQUEST,
            Self::BadName { .. } => &codes::INVALID_NAME,
            Self::BadJson { .. } => &core_codes::INVALID_DATA,
            Self::NotEmpty { .. } => &codes::NOT_EMPTY,
            Self::NoSecret => &codes::NO_SECRET,
            Self::SmallBudget { .. } => &codes::SMALL_BUDGET,
            Self::OtherSecret => &codes::OTHER_SECRET,
            Self::Unreadable { .. } => &codes::UNREADABLE_RUN,
            Self::NoBackup { .. } => &codes::NO_BACKUP,
            Self::AnswerRefused { .. } => &codes::ANSWER_REFUSED,
            Self::NoCurrentWorkflow(_) => &codes::NO_WORKFLOW,
            Self::NoSavepoint { .. } => &codes::NO_SAVEPOINT,
            Self::Delete(error) => error.error_code(),
            Self::Remove(error) => error.error_code(),
            Self::NoRun(_) => &codes::NO_RUN,
            Self::NoComponent(_) => &codes::NO_COMPONENT,
            Self::NoTenant(_) => &codes::NO_TENANT,
            Self::TenantNotActive { .. } => &codes::TENANT_NOT_ACTIVE,
            Self::NoWorkflow(_) => &codes::NO_WORKFLOW,
            Self::Definition(_) => &codes::INVALID_WORKFLOW,
            Self::Load(_) | Self::Contract(_) => &codes::COMPONENT_REFUSED,
            Self::MissingGrant { .. } => &codes::MISSING_GRANT,
            Self::Name(_) => &codes::INVALID_NAME,
            Self::Unsafe { .. } => &codes::UNSAFE_FOLDER,
            Self::Snapshot { .. } => &codes::DAMAGED_SNAPSHOT,
            Self::Damaged { .. } => &codes::DAMAGED_STORE,
            Self::Store(error) => error.error_code(),
            Self::Runtime(_) => &codes::RUNTIME_UNAVAILABLE,
            Self::File { .. } => &codes::FILE_UNAVAILABLE,
            Self::Interrupted { .. } => &codes::INTERRUPTED,
        }
    }

    /// A run that cannot be written as JSON.
    pub(crate) fn unwritable(run: RunId, error: impl ToString) -> Self {
        Self::Damaged { what: format!("run {run}"), reason: error.to_string() }
    }

    /// Whether a run, or what it follows, cannot be read, which would come again however often it were tried.
    pub(crate) fn is_unreadable(&self) -> bool {
        matches!(
            self,
            Self::Damaged { .. }
                | Self::Store(StoreError::Damaged { .. })
                | Self::Refused(Refused::Misfit { .. })
                | Self::NoWorkflow(_)
                | Self::Definition(_)
        )
    }
}

fn lines(errors: &[DefinitionError]) -> String {
    errors.iter().map(|error| format!("\n- {error}")).collect()
}

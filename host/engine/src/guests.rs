//! Where components are opened and called: in this process, or anywhere that answers as this process would.

mod in_process;

use std::sync::Arc;

use async_trait::async_trait;
use reentry_core::digest::ComponentDigest;
use reentry_core::json::Json;
use reentry_core::snapshot::{SealKey, SnapshotError};
use reentry_core::step::{Descriptor, Facts, Failure, Invocation, Resumption};
use reentry_wasm::{
    CallError, CallOptions, CallResult, Grants, HostCalls, Imported, Limits, LoadError, Phase,
};
use serde::{Deserialize, Serialize};

/// What is kept of a component beside its bytes, so that workflows can be checked without opening it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ComponentMeta {
    /// What the component says of its steps.
    pub steps: Vec<Descriptor>,
    /// What it imports.
    pub imports: Vec<String>,
    /// Why its memory cannot be kept; empty when it can.
    #[serde(default)]
    pub obstacles: Vec<String>,
}

/// A component that was prepared.
pub struct Prepared {
    /// The component, open for calls.
    pub component: Arc<dyn OpenComponent>,
    /// What was found out about it, for those who use it.
    pub meta: ComponentMeta,
    /// What was found out about it, for [`Guests::open`].
    pub record: Vec<u8>,
}

/// Compiles components and opens them for calls. No code of a component runs anywhere else.
///
/// All that crosses this trait and [`OpenComponent`] is a value that can be written and read again, so that guests
/// may run in another process. What a guest asks during a call comes back through [`HostCalls`].
#[async_trait]
pub trait Guests: Send + Sync + 'static {
    /// Whether what is kept of components is sealed with keys made from this secret.
    fn has_secret(&self, secret: &[u8; 32]) -> bool;

    /// How many calls may be made at once.
    fn calls_max(&self) -> u32;

    /// Bytes for the memory of all guests together, and of open components. The host that makes the calls holds them to
    /// it, by [`HostCalls::may_have_memory`].
    fn memory_budget(&self) -> u64;

    /// What a call may use that says nothing else in [`CallOptions::limits`].
    fn limits(&self) -> &Limits;

    /// Takes in a component that is new to the host: checks its imports, makes its state reachable, compiles it,
    /// takes down its fresh memory, and asks it for its steps. Calls `progress` as each part begins.
    ///
    /// The caller must store the bytes, and [`Prepared::record`] beside them: guest images of the component cannot be
    /// put back without it.
    ///
    /// # Errors
    /// [`LoadError`], with the reasons for which the component is not accepted.
    async fn prepare(
        &self,
        bytes: &[u8],
        grants: Grants,
        progress: &(dyn Fn(Phase) + Send + Sync),
    ) -> Result<Prepared, LoadError>;

    /// Opens a component that was prepared before, perhaps by another process. No code of the guest runs.
    ///
    /// The `grants` are those of now: they may be fewer than when the component was prepared.
    ///
    /// # Errors
    /// [`LoadError`]; [`LoadError::Record`] when the record is not of these bytes and this host.
    async fn open(
        &self,
        bytes: &[u8],
        record: &[u8],
        grants: Grants,
    ) -> Result<Arc<dyn OpenComponent>, LoadError>;

    /// Removes what is kept on disk of a component's compiled code. Components that are open stay so.
    fn forget(&self, component: ComponentDigest);
}

/// A component that is open for calls, until this is dropped. Each call has an instance of its own.
#[async_trait]
pub trait OpenComponent: Send + Sync + 'static {
    /// The component's identity: SHA-256 of its bytes as they were uploaded.
    fn digest(&self) -> ComponentDigest;

    /// Bytes of memory that it holds for as long as it is open, whether or not it is called.
    fn held_bytes(&self) -> u64;

    /// Whether it exports `migration`, so that waiting runs can move from it and to it.
    fn is_migratable(&self) -> bool;

    /// Checks an image without making an instance: for callers who must know before they claim the right to resume.
    /// Its memory may take up to `memory_bytes`, which must be what the limits of the call will say.
    ///
    /// # Errors
    /// [`SnapshotError`] naming the first field that is not as expected.
    async fn check_image(&self, image: &[u8], seal: &SealKey, memory_bytes: u64)
    -> Result<(), SnapshotError>;

    /// Begins the step that `call.facts.step` names, on a fresh instance.
    ///
    /// Nothing is stored: what the guest set through `host` and what is in the result is for the caller to commit. A
    /// call whose future is dropped is given up.
    ///
    /// # Errors
    /// [`CallError`]. A failure that the guest returned is no error: see [`CallResult::outcome`].
    async fn start(
        &self,
        call: Invocation,
        host: Arc<dyn HostCalls>,
        options: CallOptions,
    ) -> Result<CallResult, CallError>;

    /// Goes on after a suspension: on an instance made from `image`, or for a step that is re-entered on a fresh one.
    ///
    /// No instruction of the guest runs on an image that is not right. Otherwise as [`Self::start`].
    ///
    /// # Errors
    /// [`CallError`]; for an image that is not right [`CallError::Image`].
    async fn resume(
        &self,
        call: Resumption,
        image: Option<&[u8]>,
        host: Arc<dyn HostCalls>,
        options: CallOptions,
    ) -> Result<CallResult, CallError>;

    /// Asks what a waiting step knows, so that another version of the component can take it up. Nothing is kept of
    /// the call.
    ///
    /// Of `facts`, the step and the idempotency key count.
    ///
    /// # Errors
    /// As [`Self::resume`]; [`CallError::NotMigratable`] unless [`Self::is_migratable`].
    async fn export_state(
        &self,
        facts: Facts,
        image: &[u8],
        host: Arc<dyn HostCalls>,
        options: CallOptions,
    ) -> Result<Result<Json, Failure>, CallError>;

    /// Has a fresh instance take up what a step of another version knows, and wait for the same. The caller must
    /// compare whether it is the same.
    ///
    /// # Errors
    /// As [`Self::start`]; [`CallError::NotMigratable`] unless [`Self::is_migratable`].
    async fn import_state(
        &self,
        call: Invocation,
        state: Json,
        host: Arc<dyn HostCalls>,
        options: CallOptions,
    ) -> Result<Result<Imported, Failure>, CallError>;
}

//! Guests in this process, by [`Runtime`].

use std::sync::Arc;

use async_trait::async_trait;
use reentry_core::digest::ComponentDigest;
use reentry_core::json::Json;
use reentry_core::snapshot::{SealKey, SnapshotError};
use reentry_core::step::{Facts, Failure, Invocation, Resumption};
use reentry_wasm::{
    CallError, CallOptions, CallResult, Capture, Grants, HostCalls, Imported, Limits, LoadError,
    LoadedComponent, Phase, Runtime,
};

use super::{ComponentMeta, Guests, OpenComponent, Prepared};

#[async_trait]
impl Guests for Runtime {
    fn has_secret(&self, secret: &[u8; 32]) -> bool {
        self.config().host_key == *secret
    }

    fn calls_max(&self) -> u32 {
        self.config().calls_max
    }

    fn memory_budget(&self) -> u64 {
        self.config().memory_budget_bytes()
    }

    fn limits(&self) -> &Limits {
        &self.config().limits
    }

    async fn prepare(
        &self,
        bytes: &[u8],
        grants: Grants,
        progress: &(dyn Fn(Phase) + Send + Sync),
    ) -> Result<Prepared, LoadError> {
        let prepared = self.prepare(bytes, grants, progress).await?;
        let meta = meta_of(&prepared.component);
        Ok(Prepared { component: Arc::new(prepared.component), meta, record: prepared.record })
    }

    async fn open(
        &self,
        bytes: &[u8],
        record: &[u8],
        grants: Grants,
    ) -> Result<Arc<dyn OpenComponent>, LoadError> {
        Ok(Arc::new(self.open(bytes, record, grants).await?))
    }

    fn forget(&self, component: ComponentDigest) {
        self.forget(component);
    }
}

fn meta_of(component: &LoadedComponent) -> ComponentMeta {
    ComponentMeta {
        steps: component.descriptors().to_vec(),
        imports: component.imports().to_vec(),
        obstacles: match component.capture() {
            Capture::Restore => Vec::new(),
            Capture::ReEnterOnly { reasons } => reasons.clone(),
        },
    }
}

#[async_trait]
impl OpenComponent for LoadedComponent {
    fn digest(&self) -> ComponentDigest {
        self.digest()
    }

    fn held_bytes(&self) -> u64 {
        self.sizes().base_bytes as u64
    }

    fn is_migratable(&self) -> bool {
        self.is_migratable()
    }

    async fn check_image(
        &self,
        image: &[u8],
        seal: &SealKey,
        memory_bytes: u64,
    ) -> Result<(), SnapshotError> {
        self.check_image(image, seal, memory_bytes)
    }

    async fn start(
        &self,
        call: Invocation,
        host: Arc<dyn HostCalls>,
        options: CallOptions,
    ) -> Result<CallResult, CallError> {
        self.start(call, host, options).await
    }

    async fn resume(
        &self,
        call: Resumption,
        image: Option<&[u8]>,
        host: Arc<dyn HostCalls>,
        options: CallOptions,
    ) -> Result<CallResult, CallError> {
        self.resume(call, image, host, options).await
    }

    async fn export_state(
        &self,
        facts: Facts,
        image: &[u8],
        host: Arc<dyn HostCalls>,
        options: CallOptions,
    ) -> Result<Result<Json, Failure>, CallError> {
        self.export_state(&facts, image, host, options).await
    }

    async fn import_state(
        &self,
        call: Invocation,
        state: Json,
        host: Arc<dyn HostCalls>,
        options: CallOptions,
    ) -> Result<Result<Imported, Failure>, CallError> {
        self.import_state(call, &state, host, options).await
    }
}

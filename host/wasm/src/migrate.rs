//! From one version of a component to another: what a waiting step knows is taken out of the old one and put into the
//! new one.

use std::sync::Arc;

use reentry_core::json::Json;
use reentry_core::step::{Facts, Failure, Invocation, Outcome, Waits};

use crate::bindings::exports::reentry::step::migration::GuestIndices;
use crate::bindings::reentry::step::types;
use crate::call::{Call, CallOptions};
use crate::component::{Inner, LoadedComponent};
use crate::convert;
use crate::error::CallError;
use crate::failed;
use crate::host::HostCalls;
use crate::image::access::Live;
use crate::now::now;
use crate::setup::Setup;

/// A step that waits in a new version of its component.
#[derive(Debug)]
pub struct Imported {
    /// What it waits for.
    pub waits: Waits,
    /// The image of the guest.
    pub image: Vec<u8>,
}

impl LoadedComponent {
    /// Asks what a waiting step knows, so that another version of the component can take it up. The image is checked
    /// as by [`Self::resume`], and put back into an instance that is let go of afterwards: nothing is kept of the
    /// call.
    ///
    /// Of `facts`, the step and the idempotency key count.
    ///
    /// # Errors
    /// [`CallError`]; [`CallError::NotMigratable`] unless [`Self::is_migratable`]. A failure that the guest returned
    /// is no error.
    pub async fn export_state(
        &self,
        facts: &Facts,
        image: &[u8],
        host: Arc<dyn HostCalls>,
        options: CallOptions,
    ) -> Result<Result<Json, Failure>, CallError> {
        let migration = offered(&self.0)?;
        let setup = Setup::new(&self.0, &facts.step, options)?;
        let kept = setup.kept.ok_or_else(no_memory)?;
        let exported = setup.bounded(async {
            let mut live = setup.restored(host, facts.idempotency_key.clone(), kept, image).await?;
            let limits = &setup.limits;
            let returned = match export(migration, &mut live).await {
                Ok(returned) => returned,
                Err(error) => return Err(failed::call_error(error, live.store.data_mut(), limits)),
            };
            let exported = match returned {
                Ok(text) => convert::json("export-state", text, limits).map(Ok),
                Err(failure) => convert::failure_out(failure, limits).map(Err),
            };
            exported.map_err(|fault| fault.into_call_error(limits))
        });
        exported.await
    }

    /// Has a fresh instance take up what a step of another version knows, and wait for the same. Whether it is the
    /// same is for the caller to compare.
    ///
    /// # Errors
    /// As [`Self::export_state`].
    pub async fn import_state(
        &self,
        call: Invocation,
        state: &Json,
        host: Arc<dyn HostCalls>,
        options: CallOptions,
    ) -> Result<Result<Imported, Failure>, CallError> {
        let migration = offered(&self.0)?;
        let setup = Setup::new(&self.0, &call.facts.step, options)?;
        if setup.kept.is_none() {
            return Err(no_memory());
        }
        let key = call.facts.idempotency_key.clone();
        let (call, state) = (convert::invocation(call), state.text().to_owned());
        let ended = setup.bounded(async {
            let begun = now();
            let live = setup.fresh(host, key).await?;
            setup.finish(live, begun, Call::Import(migration, &call, &state)).await
        });
        let ended = setup.let_go(ended.await?).await;
        match (ended.outcome, ended.image) {
            (Ok(Outcome::Suspended(waits)), Some(image)) => Ok(Ok(Imported { waits, image })),
            (Err(failure), _) => Ok(Err(failure)),
            _ => Err(CallError::Internal("an import ended without a suspension".to_owned())),
        }
    }
}

fn no_memory() -> CallError {
    CallError::ImageMismatch(
        "a step that is re-entered has no memory that could move to another version".into(),
    )
}

fn offered(component: &Inner) -> Result<&GuestIndices, CallError> {
    component.program.migration.as_ref().ok_or(CallError::NotMigratable)
}

async fn export(
    migration: &GuestIndices,
    live: &mut Live,
) -> wasmtime::Result<Result<String, types::Failure>> {
    let migration = migration.load(&mut live.store, &live.instance)?;
    migration.call_export_state(&mut live.store).await
}

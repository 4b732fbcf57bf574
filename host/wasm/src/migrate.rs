//! From one version of a component to another: what a waiting step knows is taken out of the old one and put into the new one.

use std::sync::Arc;

use reentry_core::json::Json;
use reentry_core::step::{Facts, Failure, Invocation, Outcome, Waits};

use crate::bindings::exports::reentry::step::migration::GuestIndices;
use crate::bindings::reentry::step::types;
use crate::call::{Call, CallOptions, Setup};
use crate::component::Inner;
use crate::convert;
use crate::error::CallError;
use crate::failed;
use crate::host::HostCalls;
use crate::image::access::Live;
use crate::now::now;

/// A step that waits in a new version of its component.
#[derive(Debug)]
pub struct Imported {
    /// What it waits for.
    pub waits: Waits,
    /// The image of the guest.
    pub image: Vec<u8>,
}

const NO_MEMORY: CallError =
    CallError::ImageMismatch("a step that is re-entered has no memory that could move to another version");

/// Asks a restored instance what its step knows, and lets go of it.
pub(crate) async fn export_state(
    component: &Inner,
    facts: &Facts,
    image: &[u8],
    host: Arc<dyn HostCalls>,
    options: CallOptions,
) -> Result<Result<Json, Failure>, CallError> {
    let migration = offered(component)?;
    let setup = Setup::new(component, &facts.step, options)?;
    let kept = setup.kept.ok_or(NO_MEMORY)?;
    setup
        .bounded(async {
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
        })
        .await
}

/// Has a fresh instance take up a state, and keeps its memory.
pub(crate) async fn import_state(
    component: &Inner,
    call: Invocation,
    state: &Json,
    host: Arc<dyn HostCalls>,
    options: CallOptions,
) -> Result<Result<Imported, Failure>, CallError> {
    let migration = offered(component)?;
    let setup = Setup::new(component, &call.facts.step, options)?;
    if setup.kept.is_none() {
        return Err(NO_MEMORY);
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

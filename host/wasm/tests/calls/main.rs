//! Calls into guests, through the public interface of the crate. Guests are written in WAT: see `guest`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation, missing_docs)]

mod cache;
mod componentized;
mod guest;
mod host;
mod imports;
mod limits;
mod migrate;
mod preview1;
mod refused;
mod restore;
mod spares;
mod streams;
mod words;

use std::sync::{Arc, OnceLock};

use reentry_core::snapshot::SealKey;
use reentry_core::step::{Outcome, Resolution, Resolved};
use reentry_wasm::{
    CallError, CallOptions, CallResult, Grants, LoadError, LoadedComponent, Prepared, Runtime, RuntimeConfig,
};

use host::TestHost;

pub(crate) const HOST_KEY: [u8; 32] = [7; 32];

/// Settings for tests: as in production, but few slots and quick compiling.
pub(crate) fn config() -> RuntimeConfig {
    let mut config = RuntimeConfig::new(HOST_KEY);
    config.calls_max = 16;
    config.quick_compile = true;
    config.tick = std::time::Duration::from_millis(2);
    config
}

/// The runtime that most tests share.
pub(crate) fn runtime() -> Runtime {
    static SHARED: OnceLock<Runtime> = OnceLock::new();
    SHARED.get_or_init(|| Runtime::new(config()).unwrap()).clone()
}

pub(crate) fn seal() -> SealKey {
    SealKey::derive(&HOST_KEY, "tenant", "run")
}

pub(crate) async fn prepare(runtime: &Runtime, component: &[u8]) -> Result<Prepared, LoadError> {
    runtime.prepare(component, Grants::none(), &|_| {}).await
}

pub(crate) async fn load(component: &[u8]) -> LoadedComponent {
    prepare(&runtime(), component).await.unwrap().component
}

pub(crate) async fn start(component: &LoadedComponent) -> Result<CallResult, CallError> {
    component.start(host::invocation(), Arc::new(TestHost::default()), CallOptions::new(seal())).await
}

pub(crate) async fn resume(
    component: &LoadedComponent,
    image: Option<&[u8]>,
) -> Result<CallResult, CallError> {
    component.resume(host::resumption(), image, Arc::new(TestHost::default()), CallOptions::new(seal())).await
}

/// The number that a guest of `guest` ended with.
pub(crate) fn completed(result: &CallResult) -> u32 {
    match &result.outcome {
        Ok(Outcome::Completed(json)) => json.decode().unwrap(),
        other => panic!("expected a completed step, found {other:?}"),
    }
}

/// The number that a guest of `guest` waits with.
pub(crate) fn payload(result: &reentry_wasm::CallResult) -> u32 {
    use reentry_core::step::WaitFor;
    match &result.outcome {
        Ok(Outcome::Suspended(waits)) => match &waits.waits[0].what {
            WaitFor::Answer(answer) => answer.payload.decode().unwrap(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

/// Starts a guest, which suspends, and resumes it on a restored instance. Returns what it ends with.
pub(crate) async fn cycle(wat: &str) -> u32 {
    let component = load(&guest::component(wat)).await;
    let suspended = start(&component).await.unwrap();
    let image = suspended.image.expect("the guest suspended in restore mode");
    completed(&resume(&component, Some(&image)).await.unwrap())
}

pub(crate) fn answered() -> Vec<Resolved> {
    vec![Resolved { wait: 0, resolution: Resolution::Answered(reentry_core::json::Json::null()) }]
}

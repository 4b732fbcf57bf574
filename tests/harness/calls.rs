//! Calls into a guest below the engine: a host that has no run, and facts that are always the same.

use async_trait::async_trait;
use reentry::core::json::Json;
use reentry::core::step::{Facts, Failure};
use reentry::core::time::Timestamp;
use reentry::wasm::{BoxError, HostCalls, Level};

/// Answers nothing but the time, without which the library of Go does not go on.
pub struct Nobody;

#[async_trait]
impl HostCalls for Nobody {
    fn log(&self, _: Level, _: &str, _: Option<Json>) {}
    fn now(&self) -> Timestamp {
        Timestamp(1_800_000_000_000)
    }
    fn request_context(&self) -> Json {
        Json::null()
    }
    fn set_request_context(&self, _: String, _: Json) -> Result<(), Failure> {
        Ok(())
    }
    fn state(&self) -> Json {
        Json::null()
    }
    fn set_state(&self, _: String, _: Json) -> Result<(), Failure> {
        Ok(())
    }
    async fn step_result(&self, _: &str) -> Result<Option<Json>, BoxError> {
        Ok(None)
    }
    fn init_data(&self) -> Json {
        Json::null()
    }
    fn emit(&self, _: Json) {}
    async fn cancelled(&self) -> Result<bool, BoxError> {
        Ok(false)
    }
}

/// Facts of the same call, whoever asks.
pub fn facts(step: &str) -> Facts {
    Facts {
        step: step.into(),
        run_id: "run".into(),
        workflow_id: "workflow".into(),
        path: "step".into(),
        attempt: 0,
        resource_id: None,
        idempotency_key: "key".into(),
        now: Timestamp(0),
        entropy: [0; 32],
        trace: None,
    }
}

//! The answers of a host that has no run.

use async_trait::async_trait;
use reentry_core::failure;
use reentry_core::json::Json;
use reentry_core::step::Failure;
use reentry_core::time::Timestamp;

use crate::host::{BoxError, HostCalls, Level};

/// Answers a guest that serves no run: while its component is loaded, or in a measurement below the engine. Nothing
/// that the guest sets is taken.
///
/// The number is the time on its clock, in milliseconds since 1970, and makes the answers of one instance differ from
/// another's.
#[derive(Clone, Copy, Debug)]
pub struct NoRun(pub u64);

#[async_trait]
impl HostCalls for NoRun {
    fn log(&self, level: Level, message: &str, _: Option<Json>) {
        tracing::debug!(?level, message, "a component logs where there is no run");
    }

    fn now(&self) -> Timestamp {
        Timestamp(self.0)
    }

    fn request_context(&self) -> Json {
        Json::from(serde_json::json!({ "load": self.0 }))
    }

    fn set_request_context(&self, _: String, _: Json) -> Result<(), Failure> {
        Err(no_run())
    }

    fn state(&self) -> Json {
        Json::from(serde_json::json!({ "load": self.0 }))
    }

    fn set_state(&self, _: String, _: Json) -> Result<(), Failure> {
        Err(no_run())
    }

    async fn step_result(&self, _: &str) -> Result<Option<Json>, BoxError> {
        Ok(None)
    }

    fn init_data(&self) -> Json {
        Json::from(serde_json::json!({ "load": self.0 }))
    }

    fn emit(&self, _: Json) {}

    async fn cancelled(&self) -> Result<bool, BoxError> {
        Ok(false)
    }
}

fn no_run() -> Failure {
    Failure::of(&failure::NO_RUN, "there is no run while a component is loaded".to_owned())
}

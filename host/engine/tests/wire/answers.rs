//! What a guest asks during its call: said at the far end, answered at the near one.

use std::sync::Arc;

use async_trait::async_trait;
use reentry::{BoxError, Failure, HostCalls, Json, Level, Timestamp};
use serde::de::DeserializeOwned;

use super::message::{Asked, Frame};

/// The near end of a call: has the host's answers.
pub(crate) struct Ear(pub(crate) Arc<dyn HostCalls>);

impl Ear {
    /// Answers what needs no waiting.
    fn answer(&self, asked: &Frame) -> Frame {
        match asked.message() {
            Asked::Log { level, message, fields } => Frame::of(&self.0.log(level, &message, fields)),
            Asked::Now => Frame::of(&self.0.now()),
            Asked::RequestContext => Frame::of(&self.0.request_context()),
            Asked::SetRequestContext(key, value) => Frame::of(&self.0.set_request_context(key, value)),
            Asked::State => Frame::of(&self.0.state()),
            Asked::SetState(key, value) => Frame::of(&self.0.set_state(key, value)),
            Asked::InitData => Frame::of(&self.0.init_data()),
            Asked::MayHaveMemory(bytes) => Frame::of(&self.0.may_have_memory(bytes)),
            Asked::Emit(chunk) => Frame::of(&self.0.emit(chunk)),
            Asked::StepResult(_) | Asked::Cancelled => panic!("these are waited for"),
        }
    }

    /// Answers what needs waiting. Errors cross as texts.
    async fn answer_in_time(&self, asked: &Frame) -> Frame {
        match asked.message() {
            Asked::StepResult(path) => {
                let found = self.0.step_result(&path).await.map(Vec::from_iter);
                Frame::of(&found.map_err(|error| error.to_string()))
            }
            Asked::Cancelled => Frame::of(&self.0.cancelled().await.map_err(|error| error.to_string())),
            _ => panic!("these are not waited for"),
        }
    }
}

/// The far end of a call: asks the near one.
pub(crate) struct Voice(pub(crate) Ear);

impl Voice {
    fn ask<T: DeserializeOwned>(&self, asked: &Asked) -> T {
        self.0.answer(&Frame::of(asked)).message()
    }

    async fn wait_for<T: DeserializeOwned>(&self, asked: &Asked) -> Result<T, BoxError> {
        let answer: Result<T, String> = self.0.answer_in_time(&Frame::of(asked)).await.message();
        Ok(answer?)
    }
}

#[async_trait]
impl HostCalls for Voice {
    fn log(&self, level: Level, message: &str, fields: Option<Json>) {
        self.ask(&Asked::Log { level, message: message.to_owned(), fields })
    }

    fn now(&self) -> Timestamp {
        self.ask(&Asked::Now)
    }

    fn request_context(&self) -> Json {
        self.ask(&Asked::RequestContext)
    }

    fn set_request_context(&self, key: String, value: Json) -> Result<(), Failure> {
        self.ask(&Asked::SetRequestContext(key, value))
    }

    fn state(&self) -> Json {
        self.ask(&Asked::State)
    }

    fn set_state(&self, key: String, value: Json) -> Result<(), Failure> {
        self.ask(&Asked::SetState(key, value))
    }

    async fn step_result(&self, path: &str) -> Result<Option<Json>, BoxError> {
        let found: Vec<Json> = self.wait_for(&Asked::StepResult(path.to_owned())).await?;
        Ok(found.into_iter().next())
    }

    fn init_data(&self) -> Json {
        self.ask(&Asked::InitData)
    }

    fn may_have_memory(&self, bytes: u64) -> bool {
        self.ask(&Asked::MayHaveMemory(bytes))
    }

    fn emit(&self, chunk: Json) {
        self.ask(&Asked::Emit(chunk))
    }

    async fn cancelled(&self) -> Result<bool, BoxError> {
        self.wait_for(&Asked::Cancelled).await
    }
}

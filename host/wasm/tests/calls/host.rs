//! A host that remembers what guests asked of it.

use std::sync::Mutex;

use async_trait::async_trait;
use reentry_core::json::Json;
use reentry_core::step::{Facts, Failure, Invocation, Resumption};
use reentry_core::time::Timestamp;
use reentry_wasm::{BoxError, HostCalls, Level};

use crate::answered;

#[derive(Default)]
pub(crate) struct TestHost {
    pub(crate) lines: Mutex<Vec<(Level, String)>>,
    pub(crate) chunks: Mutex<Vec<String>>,
    pub(crate) set: Mutex<Vec<(String, String)>>,
    /// Advances at each look.
    pub(crate) clock: std::sync::atomic::AtomicU64,
    /// Whether somebody asked for the run to be cancelled.
    pub(crate) is_cancelled: bool,
    /// Whether `step_result` fails, or waits for ever.
    pub(crate) step_result: StepResult,
    /// How much memory there is room for, if that is bounded.
    pub(crate) room: Option<u64>,
    /// What was asked for, in order.
    pub(crate) asked_room: Mutex<Vec<u64>>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum StepResult {
    #[default]
    Nothing,
    Fails,
    Hangs,
}

impl TestHost {
    pub(crate) fn log(&self) -> Vec<String> {
        self.lines.lock().unwrap().iter().map(|(level, line)| format!("{level:?}: {line}")).collect()
    }
}

#[async_trait]
impl HostCalls for TestHost {
    fn log(&self, level: Level, message: &str, fields: Option<Json>) {
        let fields = fields.map(|fields| format!(" {fields}")).unwrap_or_default();
        self.lines.lock().unwrap().push((level, format!("{message}{fields}")));
    }

    fn now(&self) -> Timestamp {
        Timestamp(100 + self.clock.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
    }

    fn request_context(&self) -> Json {
        Json::parse("{}").unwrap()
    }

    fn set_request_context(&self, key: String, value: Json) -> Result<(), Failure> {
        self.set.lock().unwrap().push((key, value.text().to_owned()));
        Ok(())
    }

    fn state(&self) -> Json {
        Json::parse("{}").unwrap()
    }

    fn set_state(&self, key: String, value: Json) -> Result<(), Failure> {
        self.set_request_context(key, value)
    }

    async fn step_result(&self, _: &str) -> Result<Option<Json>, BoxError> {
        match self.step_result {
            StepResult::Nothing => Ok(None),
            StepResult::Fails => Err("the store is away".into()),
            StepResult::Hangs => std::future::pending().await,
        }
    }

    fn init_data(&self) -> Json {
        Json::null()
    }

    fn may_have_memory(&self, bytes: u64) -> bool {
        self.asked_room.lock().unwrap().push(bytes);
        self.room.is_none_or(|room| bytes <= room)
    }

    fn emit(&self, chunk: Json) {
        self.chunks.lock().unwrap().push(chunk.text().to_owned());
    }

    async fn cancelled(&self) -> Result<bool, BoxError> {
        Ok(self.is_cancelled)
    }
}

pub(crate) fn facts() -> Facts {
    Facts {
        step: "it".to_owned(),
        run_id: "run_1".to_owned(),
        workflow_id: "flow".to_owned(),
        path: "it".to_owned(),
        attempt: 0,
        resource_id: None,
        idempotency_key: "key".to_owned(),
        now: Timestamp(1),
        entropy: [9; 32],
        trace: None,
    }
}

pub(crate) fn invocation() -> Invocation {
    Invocation { facts: facts(), input: Json::null() }
}

pub(crate) fn resumption() -> Resumption {
    Resumption { facts: facts(), resolved: answered(), input: Json::null(), suspend_payload: None }
}

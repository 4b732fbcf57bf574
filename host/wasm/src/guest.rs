//! What a `wasmtime::Store` of ours holds, and the `host` interface answered from it.

use reentry_core::failure;
use std::sync::Arc;

use reentry_core::json::Json;
use reentry_core::step::Failure;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::bindings::reentry::step::{host, types};
use crate::convert::{self, Fault};
use crate::host::HostCalls;
use crate::limits::{LimitReached, Limits, Meter};
use crate::log::GuestLog;
use crate::no_run::NoRun;
use crate::wasi;

/// Most random bytes in one call of `random`; the contract says so.
const RANDOM_BYTES_MAX: u32 = 65_536;

/// Most bytes of a key that the guest is told again.
const KEY_BYTES_SHOWN: usize = 256;

/// The host's side of one instance.
pub(crate) struct Guest {
    pub(crate) meter: Meter,
    /// Whether the instance has served another call before.
    pub(crate) spare: bool,
    /// Whether the guest has asked the host for anything, or told it anything.
    pub(crate) asked: bool,
    pub(crate) log: Arc<GuestLog>,
    /// Resources that the guest holds handles of. Only WASI makes any.
    pub(crate) resources: ResourceTable,
    host: Arc<dyn HostCalls>,
    limits: Arc<Limits>,
    idempotency_key: String,
    emitted: usize,
    /// What the guest said last of why it is about to trap, and whether the log has it.
    last_words: Option<(String, bool)>,
    /// There when WASI was granted.
    wasi: Option<WasiCtx>,
}

impl Guest {
    pub(crate) fn new(
        host: Arc<dyn HostCalls>,
        limits: Arc<Limits>,
        meter: Meter,
        idempotency_key: String,
        wasi: bool,
    ) -> Self {
        let log = Arc::new(GuestLog::new(Arc::clone(&host), &limits));
        let wasi = wasi.then(|| wasi::context(&log));
        Self {
            meter,
            spare: false,
            asked: false,
            log,
            resources: ResourceTable::new(),
            host,
            limits,
            idempotency_key,
            emitted: 0,
            last_words: None,
            wasi,
        }
    }

    /// Lets go of the embedder's answers, which must not live longer than the call that they were for.
    pub(crate) fn rest(&mut self) {
        let host: Arc<dyn HostCalls> = Arc::new(NoRun(0));
        self.log = Arc::new(GuestLog::new(Arc::clone(&host), &self.limits));
        self.host = host;
        self.idempotency_key = String::new();
        self.last_words = None;
    }

    /// Takes what the guest said of why it is about to trap, if it said anything. The log has it then, however full
    /// it was.
    pub(crate) fn take_last_words(&mut self) -> Option<String> {
        let (words, is_logged) = self.last_words.take()?;
        if !is_logged {
            self.log.last_line(&words);
        }
        Some(words)
    }

    /// Bytes that the host copies out of the guest at one crossing.
    pub(crate) fn crossing_bytes(&self) -> usize {
        self.limits.crossing_bytes
    }

    /// Whether the embedder has room for so much memory.
    pub(crate) fn may_have_memory(&self, bytes: u64) -> bool {
        self.host.may_have_memory(bytes)
    }

    fn host(&mut self) -> &dyn HostCalls {
        self.asked = true;
        &*self.host
    }

    /// Parses a value that the guest sets. A bad one is the guest's to deal with: it has a result to look at.
    fn value(&self, key: &str, text: String) -> Result<Json, Failure> {
        let key = convert::cut(key.to_owned(), KEY_BYTES_SHOWN);
        convert::json(&key, text, &self.limits)
            .map_err(|fault| Failure::of(&failure::BAD_VALUE, fault.to_string()))
    }
}

/// Whether fields of the log say that a trap is about to follow.
fn announces_trap(fields: &Json) -> bool {
    #[derive(serde::Deserialize)]
    struct Fields {
        #[serde(default)]
        panic: bool,
    }
    fields.decode::<Fields>().is_ok_and(|fields| fields.panic)
}

type Answer<T> = wasmtime::Result<T>;

impl host::Host for Guest {
    fn log(&mut self, level: host::Level, message: String, fields: Option<String>) -> Answer<()> {
        self.asked = true;
        // Fields that are too long are left out; a line of the log is never a reason to fail a step.
        let fields = fields.filter(|text| text.len() <= self.log.line_bytes());
        let fields = fields.map(|text| convert::json("log.fields", text, &self.limits)).transpose()?;
        let announces = matches!(level, host::Level::Error) && fields.as_ref().is_some_and(announces_trap);
        let words = announces.then(|| convert::cut(message.clone(), self.log.line_bytes()));
        let is_logged = self.log.line(convert::level(level), message, fields);
        if let Some(words) = words {
            self.last_words = Some((words, is_logged));
        }
        Ok(())
    }

    fn now(&mut self) -> Answer<u64> {
        Ok(self.host().now().0)
    }

    #[allow(
        clippy::disallowed_methods,
        reason = "what a guest draws for itself is kept with its memory, and never drawn again"
    )]
    fn random(&mut self, len: u32) -> Answer<Vec<u8>> {
        self.asked = true;
        if len > RANDOM_BYTES_MAX {
            return Err(Fault::Limit(LimitReached {
                what: "random bytes in one call".into(),
                asked: u64::from(len),
                at_most: u64::from(RANDOM_BYTES_MAX),
            })
            .into());
        }
        let mut bytes = vec![0; len as usize];
        getrandom::fill(&mut bytes).map_err(|error| Fault::Host(error.to_string().into()))?;
        Ok(bytes)
    }

    fn request_context(&mut self) -> Answer<String> {
        Ok(self.host().request_context().text().to_owned())
    }

    fn set_request_context(&mut self, key: String, value: String) -> Answer<Result<(), types::Failure>> {
        let set = self.value(&key, value).and_then(|value| self.host().set_request_context(key, value));
        Ok(set.map_err(convert::failure_in))
    }

    fn state(&mut self) -> Answer<String> {
        Ok(self.host().state().text().to_owned())
    }

    fn set_state(&mut self, key: String, value: String) -> Answer<Result<(), types::Failure>> {
        let set = self.value(&key, value).and_then(|value| self.host().set_state(key, value));
        Ok(set.map_err(convert::failure_in))
    }

    async fn step_result(&mut self, path: String) -> Answer<Option<String>> {
        let result = self.host().step_result(&path).await.map_err(Fault::Host)?;
        Ok(result.map(|json| json.text().to_owned()))
    }

    fn init_data(&mut self) -> Answer<String> {
        Ok(self.host().init_data().text().to_owned())
    }

    fn emit(&mut self, chunk: String) -> Answer<()> {
        self.asked = true;
        self.emitted = self.emitted.saturating_add(chunk.len());
        if self.emitted > self.limits.emit_bytes {
            return Err(Fault::Limit(LimitReached {
                what: "bytes of chunks emitted by one call".into(),
                asked: self.emitted as u64,
                at_most: self.limits.emit_bytes as u64,
            })
            .into());
        }
        let chunk = convert::json("emit.chunk", chunk, &self.limits)?;
        self.host().emit(chunk);
        Ok(())
    }

    async fn cancelled(&mut self) -> Answer<bool> {
        Ok(self.host().cancelled().await.map_err(Fault::Host)?)
    }

    fn idempotency_key(&mut self) -> Answer<String> {
        self.asked = true;
        Ok(self.idempotency_key.clone())
    }
}

impl types::Host for Guest {}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.asked = true;
        let ctx = self
            .wasi
            .as_mut()
            .expect("WASI functions are linked only into components that were granted WASI");
        WasiCtxView { ctx, table: &mut self.resources }
    }
}

//! One call's side of the host: what a guest asks for while it runs.

use reentry_core::failure;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use reentry_core::id::{OwnerId, TenantId};
use reentry_core::json::Json;
use reentry_core::path::StepPath;
use reentry_core::run::{Doing, RunState, StepStatus};
use reentry_core::step::Failure;
use reentry_core::time::Timestamp;
use reentry_store::{Runs, StoreError};
use reentry_wasm::{BoxError, HostCalls, Level};

use crate::call_lines::CallLines;
use crate::clock::Clock;
use crate::live::{Live, Signal};
use crate::memory_budget::Reservation;
use crate::observer::{Observer, Source};

/// Most bytes of state and of request context that one call may set, each. Both are stored with the head of the run,
/// which is written at every step.
pub const SETTINGS_BYTES_MAX: usize = 1024 * 1024;

/// How often a call in flight looks whether anybody still wants it, when nothing happens in this process.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What one call may look at, and what it has set so far.
pub(crate) struct CallContext {
    pub(crate) store: Arc<dyn Runs>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) source: Source,
    pub(crate) tenant: TenantId,
    /// The run as it was when the call began.
    pub(crate) run: Arc<RunState>,
    /// The input of its workflow.
    pub(crate) init: Json,
    /// The step, the number of the call, and who makes it. `None` while a step moves to another version: that is no
    /// call of the run's, nobody waits for its end, and it sets nothing.
    pub(crate) call: Option<(StepPath, u32, OwnerId)>,
    pub(crate) live: Arc<Live>,
    pub(crate) settings: Mutex<Settings>,
    pub(crate) log: Mutex<CallLines>,
    /// What the call has reserved for its guest's memory, from when it is admitted.
    pub(crate) memory: OnceLock<Reservation>,
}

/// What a call has set. Counts only when the call ends without failure.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    pub(crate) state: BTreeMap<String, Json>,
    pub(crate) request_context: BTreeMap<String, Json>,
}

impl CallContext {
    /// Takes what is reserved for the call, which is given back with this.
    pub(crate) fn has_room(&self, reserved: Reservation) {
        // It is admitted once.
        let _ = self.memory.set(reserved);
    }

    /// Takes out what the call has set, when it is over.
    pub(crate) fn take_settings(&self) -> Settings {
        std::mem::take(&mut *self.settings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes out what the guest has logged, when the call is over.
    pub(crate) fn take_log(&self) -> CallLines {
        std::mem::take(&mut *self.log.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether the end of this call is of no interest any more: the run has ended, the step was closed, or somebody
    /// else makes the call.
    pub(crate) async fn is_over(&self) -> Result<bool, StoreError> {
        if self.call.is_none() {
            return Ok(false);
        }
        let run = self.store.run(&self.tenant, self.run.id).await?;
        Ok(run.is_none_or(|run| self.is_over_in(&run)))
    }

    /// The same, of a run that is as it is now.
    fn is_over_in(&self, run: &RunState) -> bool {
        let Some((path, call, owner)) = &self.call else { return false };
        // A run that went back may make a call of the same number, which is another one.
        let step =
            Some(run).filter(|run| run.travels == self.run.travels).and_then(|run| run.steps.get(path));
        !step.is_some_and(|step| {
            step.calls == *call
                && matches!(&step.doing, Doing::Calling(by, _) | Doing::Retrying(by, ..) if by == owner)
        })
    }

    /// Waits until the end of this call is of no interest any more.
    pub(crate) async fn over(&self) {
        let mut listener = self.live.listen(self.run.id);
        loop {
            let told = listener.committed(&*self.clock, LOOK_EVERY).await;
            // While the call is wanted nothing is read: with many in flight that would be the whole run once for each
            // of them.
            if told.is_none_or(|run| self.is_over_in(&run)) && self.is_over().await.unwrap_or(false) {
                return;
            }
        }
    }

    fn read(
        &self,
        stored: &BTreeMap<String, Json>,
        set: impl Fn(&Settings) -> &BTreeMap<String, Json>,
    ) -> Json {
        let settings = self.settings.lock().unwrap_or_else(PoisonError::into_inner);
        let all: BTreeMap<&String, &Json> = stored.iter().chain(set(&settings)).collect();
        Json::object(all.into_iter().map(|(key, value)| (key.as_str(), value)))
    }

    fn set(
        &self,
        what: &str,
        (key, value): (String, Json),
        set: impl Fn(&mut Settings) -> &mut BTreeMap<String, Json>,
    ) -> Result<(), Failure> {
        if self.call.is_none() {
            let message = format!(
                "{what}: `{key}` cannot be set while the step moves to another version; it is set already"
            );
            return Err(Failure::of(&failure::MOVING, message));
        }
        let mut settings = self.settings.lock().unwrap_or_else(PoisonError::into_inner);
        let map = set(&mut settings);
        let bytes: usize = map.iter().map(|(key, value)| key.len() + value.text().len()).sum();
        let wanted = bytes + key.len() + value.text().len();
        if wanted > SETTINGS_BYTES_MAX {
            let message =
                format!("{what}: {wanted} bytes set in one call, at most {SETTINGS_BYTES_MAX} are allowed");
            return Err(Failure::of(&failure::TOO_LARGE, message));
        }
        map.insert(key, value);
        Ok(())
    }
}

#[async_trait]
impl HostCalls for CallContext {
    fn log(&self, level: Level, message: &str, fields: Option<Json>) {
        self.observer.log(&self.source, level, message, fields.as_ref());
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.add(self.clock.now(), level, message, fields);
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn request_context(&self) -> Json {
        self.read(&self.run.request_context, |settings| &settings.request_context)
    }

    fn set_request_context(&self, key: String, value: Json) -> Result<(), Failure> {
        self.set("request context", (key, value), |settings| &mut settings.request_context)
    }

    fn state(&self) -> Json {
        self.read(&self.run.state, |settings| &settings.state)
    }

    fn set_state(&self, key: String, value: Json) -> Result<(), Failure> {
        self.set("state", (key, value), |settings| &mut settings.state)
    }

    async fn step_result(&self, path: &str) -> Result<Option<Json>, BoxError> {
        let Ok(path) = path.parse::<StepPath>() else { return Ok(None) };
        if path.is_root() {
            return Ok(None);
        }
        let step = self.store.step(&self.tenant, self.run.id, &path).await?;
        Ok(step.filter(|step| step.entry.status == StepStatus::Success).and_then(|step| step.entry.output))
    }

    fn init_data(&self) -> Json {
        self.init.clone()
    }

    fn may_have_memory(&self, bytes: u64) -> bool {
        self.memory.get().is_none_or(|reservation| reservation.may_have(bytes))
    }

    fn emit(&self, chunk: Json) {
        self.observer.emit(&self.source, &chunk);
        self.live.tell(self.source.run, Signal::Emitted(self.source.path.clone(), chunk));
    }

    async fn cancelled(&self) -> Result<bool, BoxError> {
        Ok(self.is_over().await?)
    }
}

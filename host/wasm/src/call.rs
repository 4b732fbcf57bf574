//! One call into a guest: make an instance, put its memory back, call, keep its memory, let it go.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reentry_core::snapshot::SealKey;
use reentry_core::step::{Failure, Invocation, Outcome, Resumption};
use serde::{Deserialize, Serialize};

use crate::bindings::exports::reentry::step::{guest, migration};
use crate::bindings::reentry::step::types;
use crate::cancel::Cancel;
use crate::component::{LoadedComponent, Restorable};
use crate::convert;
use crate::error::CallError;
use crate::failed;
use crate::host::HostCalls;
use crate::image::access::Live;
use crate::image::capture::{self, CaptureError, Captured};
use crate::image::dirty::Changed;
use crate::instance::let_go_of_streams;
use crate::limits::Limits;
use crate::now::now;
use crate::setup::Setup;

/// How one call is made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CallOptions {
    /// Key of the run's guest images.
    pub seal: SealKey,
    /// A bound on the call's time, if tighter than that of the limits and of the step's descriptor.
    pub timeout: Option<Duration>,
    /// Limits of this call, in place of the runtime's.
    pub limits: Option<Limits>,
    /// Stops the call from outside.
    pub cancel: Option<Cancel>,
    /// On whose behalf the call is made. Calls of one component in one domain may be served by one instance after
    /// another, which is made as good as new in between; without a domain each call has an instance that is made for
    /// it. Nothing that a guest does shows which.
    ///
    /// At most [`RuntimeConfig::spare_instances`](crate::RuntimeConfig::spare_instances) wait for calls.
    pub domain: Option<Arc<str>>,
}

impl CallOptions {
    /// A call with this key, under the runtime's limits, on an instance that is made for it.
    pub fn new(seal: SealKey) -> Self {
        Self { seal, timeout: None, limits: None, cancel: None, domain: None }
    }
}

reentry_core::setters!(CallOptions {
    timeout: Option<Duration>,
    limits: Option<Limits>,
    cancel: Option<Cancel>,
    domain: Option<Arc<str>>,
});

/// What came of a call that the guest ended by itself.
#[derive(Debug)]
pub struct CallResult {
    /// What the guest returned.
    pub outcome: Result<Outcome, Failure>,
    /// The image of the guest, when it suspended and its step is to be restored.
    pub image: Option<Vec<u8>>,
    /// What the call took.
    pub stats: CallStats,
}

/// What a call took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallStats {
    /// Making the instance or taking a spare one, and putting its memory back.
    pub instantiate: Duration,
    /// Whether the instance has served another call before.
    pub spare: bool,
    /// Running the guest, waits on the host included.
    pub run: Duration,
    /// Taking the image.
    pub capture: Duration,
    /// Bytes of linear memory at the end.
    pub memory_bytes: u64,
    /// Pages of 4 KiB that differed from the base image at the suspension.
    pub dirty_pages: usize,
    /// Bytes of the image.
    pub image_bytes: usize,
    /// Bytes of log.
    pub log_bytes: usize,
}

impl LoadedComponent {
    /// Begins the step that `call.facts.step` names, on a fresh instance.
    ///
    /// Nothing is stored: what the guest set through `host` and what is in the result is for the caller to commit.
    ///
    /// # Errors
    /// [`CallError`]. A failure that the guest returned is no error: see [`CallResult::outcome`].
    pub async fn start(
        &self,
        call: Invocation,
        host: Arc<dyn HostCalls>,
        options: CallOptions,
    ) -> Result<CallResult, CallError> {
        let setup = Setup::new(&self.0, &call.facts.step, options)?;
        let key = call.facts.idempotency_key.clone();
        let call = convert::invocation(call);
        let ended = setup.bounded(async {
            let begun = now();
            let live = setup.fresh(host, key).await?;
            setup.finish(live, begun, Call::Start(&call)).await
        });
        let ended = ended.await?;
        Ok(setup.let_go(ended).await)
    }

    /// Goes on after a suspension: on an instance made from `image`, or for a step that is re-entered on a fresh one.
    ///
    /// The image is checked (seal, component, base image, layout) before an instance is made; no instruction of
    /// the guest runs on an image that is not right. Otherwise as [`Self::start`].
    ///
    /// # Errors
    /// [`CallError`]; for an image that is not right [`CallError::Image`].
    pub async fn resume(
        &self,
        call: Resumption,
        image: Option<&[u8]>,
        host: Arc<dyn HostCalls>,
        options: CallOptions,
    ) -> Result<CallResult, CallError> {
        let setup = Setup::new(&self.0, &call.facts.step, options)?;
        let key = call.facts.idempotency_key.clone();
        let call = convert::resumption(call);
        let mismatch = |problem: &'static str| Err(CallError::ImageMismatch(problem.into()));
        let restore = match (setup.kept, image) {
            (Some(state), Some(image)) => Some((state, image)),
            (None, None) => None,
            (Some(_), None) => {
                return mismatch("a step that is restored can be resumed only with its guest image");
            }
            (None, Some(_)) => return mismatch("a step that is re-entered is resumed without a guest image"),
        };
        let ended = setup.bounded(async {
            let begun = now();
            let live = match restore {
                Some((state, image)) => setup.restored(host, key, state, image).await?,
                None => setup.fresh(host, key).await?,
            };
            setup.finish(live, begun, Call::Resume(&call)).await
        });
        let ended = ended.await?;
        Ok(setup.let_go(ended).await)
    }
}

/// A call that may end with a suspension.
pub(crate) enum Call<'a> {
    Start(&'a guest::Invocation),
    Resume(&'a guest::Resumption),
    /// Takes up the state of another version.
    Import(&'a migration::GuestIndices, &'a migration::Invocation, &'a String),
}

/// A call that the guest ended by itself, and the instance that is left.
pub(crate) struct Ended {
    pub(crate) result: CallResult,
    pub(crate) live: Live,
    /// What the call changed in the instance, if that was looked at.
    pub(crate) changed: Option<Changed>,
}

impl Setup<'_> {
    /// Calls the guest, and keeps its memory if it suspended.
    pub(crate) async fn finish(
        &self,
        mut live: Live,
        begun: Instant,
        call: Call<'_>,
    ) -> Result<Ended, CallError> {
        let ready = now();
        let returned = match self.invoke(&mut live, call).await {
            Ok(returned) => returned,
            Err(error) => return Err(failed::call_error(error, live.store.data_mut(), &self.limits)),
        };
        let ended = now();
        let outcome = match returned {
            Ok(outcome) => convert::outcome(outcome, &self.limits).map(Ok),
            Err(failure) => convert::failure_out(failure, &self.limits).map(Err),
        }
        .map_err(|fault| fault.into_call_error(&self.limits))?;
        let captured = match (&outcome, self.kept) {
            (Ok(Outcome::Suspended(_)), Some(state)) => Some(self.capture(&mut live, state).await?),
            _ => None,
        };
        let guest = live.store.data();
        let stats = CallStats {
            instantiate: ready - begun,
            spare: live.store.data().spare,
            run: ended - ready,
            capture: if captured.is_some() { ended.elapsed() } else { Duration::ZERO },
            memory_bytes: guest.meter.memory_bytes(),
            dirty_pages: captured.as_ref().map_or(0, |captured| captured.changed.pages()),
            image_bytes: captured.as_ref().map_or(0, |captured| captured.image.len()),
            log_bytes: guest.log.bytes(),
        };
        let (image, changed) = captured.map(|captured| (captured.image, captured.changed)).unzip();
        Ok(Ended { result: CallResult { outcome, image, stats }, live, changed })
    }

    async fn invoke(
        &self,
        live: &mut Live,
        call: Call<'_>,
    ) -> wasmtime::Result<Result<types::Outcome, types::Failure>> {
        let guest = &self.component.program.guest;
        match call {
            Call::Start(call) => {
                guest.load(&mut live.store, &live.instance)?.call_start(&mut live.store, call).await
            }
            Call::Resume(call) => {
                guest.load(&mut live.store, &live.instance)?.call_resume(&mut live.store, call).await
            }
            Call::Import(migration, call, state) => {
                let migration = migration.load(&mut live.store, &live.instance)?;
                let imported = migration.call_import_state(&mut live.store, call, state).await?;
                Ok(imported.map(types::Outcome::Suspended))
            }
        }
    }

    async fn capture(&self, live: &mut Live, state: &Restorable) -> Result<Captured, CallError> {
        let mut codec = self.runtime.codec().map_err(|error| CallError::Internal(error.to_string()))?;
        let map = self.page_map(live, state);
        let taken =
            capture::image(live, &state.access, &state.identity, &state.base, map, &mut codec, &self.seal)
                .await;
        let captured = taken.map_err(|error| match error {
            CaptureError::Guest(error) => failed::call_error(error, live.store.data_mut(), &self.limits),
            CaptureError::Image(error) => CallError::Internal(error.to_string()),
        })?;
        let_go_of_streams(live, state).await?;
        Ok(captured)
    }
}

//! Where calls get their instances from, and what becomes of an instance when its call has ended.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reentry_core::snapshot::{PAGE_BYTES, WASM_PAGE_BYTES};
use wasmtime::component::Instance;
use wasmtime::{PoolConcurrencyLimitError, UpdateDeadline};

use crate::call::{CallResult, EndedCall};
use crate::component::{Program, Restorable};
use crate::convert::Fault;
use crate::error::CallError;
use crate::guest::Guest;
use crate::host::HostCalls;
use crate::image::access::Live;
use crate::image::dirty::Changed;
use crate::image::pagemap::PageMap;
use crate::image::restore::{self, RestoreError};
use crate::image::{dirty, handles, reset};
use crate::limits::Meter;
use crate::now::now;
use crate::setup::Setup;
use crate::{failed, runtime, wasi};

/// An instance that looks fresh, and what is known of it.
struct Taken {
    live: Live,
    /// Sizes of its memories, in WebAssembly pages, when it is a spare one: they may have grown.
    grown: Option<Vec<u32>>,
}

impl Setup<'_> {
    /// An instance that looks fresh.
    pub(crate) async fn fresh(
        &self,
        host: Arc<dyn HostCalls>,
        idempotency_key: String,
    ) -> Result<Live, CallError> {
        // Where fresh instances differ, each start gets one of its own: what they were told by the host stays theirs.
        let alike = self.component.state.as_ref().filter(|state| state.deterministic);
        let sizes = alike.map(|state| state.base.sizes());
        Ok(self.take(host, idempotency_key, sizes.as_deref()).await?.live)
    }

    /// An instance that was made the one of which the image was taken. The image is checked first.
    pub(crate) async fn restored(
        &self,
        host: Arc<dyn HostCalls>,
        idempotency_key: String,
        state: &Restorable,
        image: &[u8],
    ) -> Result<Live, CallError> {
        let mut codec = self.runtime.codec().map_err(CallError::Image)?;
        let image = codec
            .decode(image, &state.identity, &state.base, self.limits.memory_bytes, &self.seal)
            .map_err(CallError::Image)?;
        let sizes: Vec<u32> = image.memories.iter().map(|memory| memory.wasm_pages).collect();
        let Taken { mut live, grown } = self.take(host, idempotency_key, Some(&sizes)).await?;
        let repair = grown.is_none() && !state.deterministic;
        match restore::image(&mut live, &state.access, &image, &state.base, grown, repair).await {
            Ok(()) => Ok(live),
            Err(RestoreError::Guest(error)) => {
                Err(failed::call_error(error, live.store.data_mut(), &self.limits))
            }
            Err(other) => Err(match live.store.data_mut().meter.refused.take() {
                Some(limit) => CallError::Limit(limit),
                None => CallError::Internal(other.to_string()),
            }),
        }
    }

    /// A spare instance with memories of at most these sizes, or else a new one. Without sizes a new one.
    async fn take(
        &self,
        host: Arc<dyn HostCalls>,
        idempotency_key: String,
        wasm_pages: Option<&[u32]>,
    ) -> Result<Taken, CallError> {
        let program = &self.component.program;
        let guest = |meter| {
            Guest::new(host.clone(), Arc::clone(&self.limits), meter, idempotency_key.clone(), program.wasi)
        };
        if let (Some(serves), Some(wasm_pages)) = (&self.serves, wasm_pages)
            && let Some((mut live, grown)) = self.runtime.spares.take(serves, wasm_pages)
            && let meter = &live.store.data().meter
            && let Some(meter) = meter.renewed(&self.limits, memory_bytes(&grown), program.own_instances)
        {
            *live.store.data_mut() = guest(meter);
            live.store.data_mut().spare = true;
            live.store.data().has_room().map_err(|fault| fault.into_call_error(&self.limits))?;
            live.store.set_hostcall_fuel(self.limits.crossing_bytes);
            live.store.set_epoch_deadline(1);
            stop_at(&mut live.store, self.deadline);
            return Ok(Taken { live, grown: Some(grown) });
        }
        let made = instantiate(self.runtime, program, || {
            let meter = Meter::new(&self.limits, program.own_bytes, program.own_instances);
            new_store(self.runtime, guest(meter), self.deadline)
        });
        match made.await {
            Ok(live) => Ok(Taken { live, grown: None }),
            Err((error, mut store)) => Err(failed::call_error(error, store.data_mut(), &self.limits)),
        }
    }

    /// Lets go of the instance of a call that has ended: it is made as good as new for the next call, or dropped.
    pub(crate) async fn let_go(&self, ended: EndedCall) -> CallResult {
        let EndedCall { result, mut live, changed } = ended;
        let has_image = result.image.is_some();
        let (Some(serves), Some(state)) = (&self.serves, &self.component.state) else { return result };
        // The time of the call has nothing to do with this, which takes as long as there is memory to be written back.
        live.store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Continue(1)));
        match self.reset(&mut live, state, changed, has_image).await {
            Ok(Some(wasm_pages)) => {
                // What the host answered this call with must not live as long as the instance.
                live.store.data_mut().rest();
                self.runtime.spares.put(serves.clone(), live, wasm_pages);
            }
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(component = %self.component.digest, %error, "an instance could not be made as good as new, and was dropped");
            }
        }
        result
    }

    /// The kernel's word on which pages of the instance were written, where those that were not look like the base
    /// image: where all fresh instances do, and in a spare one, which was compared with it as a whole when it had
    /// served for the first time.
    pub(crate) fn page_map(&self, live: &Live, state: &Restorable) -> Option<&PageMap> {
        self.runtime.page_map.as_ref().filter(|_| state.deterministic || live.store.data().spare)
    }

    /// Returns the sizes of the memories, or `None` when the instance is not worth keeping: it takes more memory than
    /// a spare one may, or its memories have grown and there is no image that could be put back into so much.
    async fn reset(
        &self,
        live: &mut Live,
        state: &Restorable,
        changed: Option<Changed>,
        has_image: bool,
    ) -> wasmtime::Result<Option<Vec<u32>>> {
        let wasm_pages = match &changed {
            Some(changed) => changed.wasm_pages.clone(),
            None => state.access.state(live).await?.wasm_pages().collect(),
        };
        let bytes_max = self.runtime.config.resident_bytes;
        let useful = has_image || wasm_pages == state.base.sizes();
        let map = self.page_map(live, state);
        // Without the kernel's word each page counts as one that was written.
        if !useful || (map.is_none() && memory_bytes(&wasm_pages) > bytes_max as u64) {
            return Ok(None);
        }
        let changed = match changed {
            Some(changed) => changed,
            None => dirty::look(live, &state.access, &state.base, map).await?.changed,
        };
        if changed.resident_pages() > bytes_max / PAGE_BYTES {
            return Ok(None);
        }
        reset::to_base(live, &state.access, &state.base, &changed).await?;
        Ok(Some(wasm_pages))
    }
}

/// Bytes of memories of these sizes.
fn memory_bytes(wasm_pages: &[u32]) -> u64 {
    wasm_pages.iter().map(|pages| u64::from(*pages) * WASM_PAGE_BYTES as u64).sum()
}

/// Lets go of the standard streams that a suspended guest holds and will be given again. It must not hold anything
/// else.
pub(crate) async fn let_go_of_streams(live: &mut Live, state: &Restorable) -> Result<(), CallError> {
    if live.store.data().resources.is_empty() {
        return Ok(());
    }
    // A handle that cannot be dropped was handed on to another component, or something that is alive was made from it.
    let dropped = handles::drop_all(live, &state.access).await;
    let types = wasi::live_resources(&mut live.store.data_mut().resources);
    match dropped {
        Ok(()) if types.is_empty() => Ok(()),
        _ => Err(CallError::LiveResources { types }),
    }
}

/// How often an instance is tried to be made again when there was no place or the operating system was busy, and how
/// long either is given each time.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(20);

/// Makes an instance. When the pool has no place for it, spare instances make room.
///
/// The first instance of a component takes its memory's content to where all can map it, and seals it. Linux refuses
/// to while it looks after those pages itself, which passes.
pub(crate) async fn instantiate(
    runtime: &runtime::Inner,
    program: &Program,
    store: impl Fn() -> wasmtime::Store<Guest>,
) -> Result<Live, (wasmtime::Error, wasmtime::Store<Guest>)> {
    let mut tries = 0;
    loop {
        let ended = made(program, store()).await;
        let passes = match &ended {
            Err((error, _)) if error.is::<PoolConcurrencyLimitError>() => {
                runtime.spares.clear();
                // Another call may have cleared them a moment ago, and its instances may not have gone yet.
                runtime.config.spare_instances > 0
            }
            Err((error, _)) => is_busy(error),
            Ok(_) => false,
        };
        if !passes || tries == TRIES {
            return ended;
        }
        // What there is of the instance takes up places itself.
        drop(ended);
        tries += 1;
        if tries > 1 {
            tokio::time::sleep(PAUSE).await;
        }
    }
}

fn is_busy(error: &wasmtime::Error) -> bool {
    failed::of_system(error).is_some_and(|error| error.kind() == std::io::ErrorKind::ResourceBusy)
}

async fn made(
    program: &Program,
    mut store: wasmtime::Store<Guest>,
) -> Result<Live, (wasmtime::Error, wasmtime::Store<Guest>)> {
    let instance: wasmtime::Result<Instance> = program.pre.instantiate_async(&mut store).await;
    match instance {
        Ok(instance) => Ok(Live { store, instance }),
        Err(error) => Err((error, store)),
    }
}

/// Makes a guest yield at every tick, and trap at the first one after its time is over.
///
/// The trap is there because a busy scheduler may let many ticks pass before it looks at its timers.
fn stop_at(store: &mut wasmtime::Store<Guest>, deadline: Instant) {
    store.epoch_deadline_callback(move |_| match now() >= deadline {
        true => Err(Fault::TimedOut.into()),
        false => Ok(UpdateDeadline::Yield(1)),
    });
}

/// A store for one instance. Its epoch deadline is one tick away.
pub(crate) fn new_store(runtime: &runtime::Inner, guest: Guest, deadline: Instant) -> wasmtime::Store<Guest> {
    let crossing_bytes = guest.crossing_bytes();
    let mut store = wasmtime::Store::new(&runtime.engine, guest);
    store.limiter(|guest| guest);
    store.set_hostcall_fuel(crossing_bytes);
    store.set_epoch_deadline(1);
    stop_at(&mut store, deadline);
    store
}

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind};

    use super::*;

    #[test]
    fn a_busy_system_is_told_from_one_that_refuses() {
        let check = |kind: ErrorKind| is_busy(&wasmtime::Error::new(Error::from(kind)).context("the image"));
        assert!(check(ErrorKind::ResourceBusy));
        assert!(!check(ErrorKind::OutOfMemory));
        assert!(!is_busy(&wasmtime::Error::msg("Device or resource busy")));
    }
}

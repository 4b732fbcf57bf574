//! From an effect to the event it ends as: one call into a guest.

use reentry_core::failure;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use reentry_core::event::{CallEnd, CallEnded, Event};
use reentry_core::id::BlobId;
use reentry_core::json::Json;
use reentry_core::path::StepPath;
use reentry_core::run::{Call, Doing, EntryRecord, Refused, RunState};
use reentry_core::step::{Facts, Failure, Invocation, Resumption};
use reentry_core::time::Timestamp;
use reentry_core::workflow::Program;
use reentry_store::{CallLog, Store, TenantState};
use reentry_wasm::{CallError, CallOptions, CallResult, Cancel};
use tracing::Instrument;

use crate::call_end::{end_of, failure_of, host_fault};
use crate::call_epoch::CallEpoch;
use crate::call_facts::{facts, timeout};
use crate::cause::Cause;
use crate::counted::{CallOutcome, Counted};
use crate::decide::Decider;
use crate::error::Error;
use crate::fault::FaultPoint;
use crate::host_calls::CallContext;
use crate::inputs;
use crate::observer::Source;
use crate::ready::{Ready, make_ready, misfit, opened, step_at};
use crate::room::Room;
use crate::shared::Shared;
use crate::slices::in_slices;
use crate::span::SpanStatus;
use crate::tenant_states::KNOWN_FOR;
use crate::trace::Place;

/// What the span says of a call that was interrupted.
const CANCELED: &str = "canceled: the run has ended or the step was closed meanwhile";

/// The end of a call, with the guest's memory if it waits now.
pub(crate) struct CallReport {
    /// When the call was made.
    pub(crate) epoch: CallEpoch,
    pub(crate) ended: CallEnded,
    pub(crate) image: Option<(BlobId, Vec<u8>)>,
    /// What the guest logged.
    pub(crate) log: Option<CallLog>,
}

/// A call to be made.
#[derive(Clone)]
pub(crate) struct ToMake {
    /// The step.
    pub(crate) path: StepPath,
    /// Not before this instant: the wait of a retry.
    pub(crate) not_before: Option<Timestamp>,
    /// Where the span stands that the call's is below.
    pub(crate) place: Place,
}

/// Why a call did not end.
#[derive(Debug, thiserror::Error)]
enum Unmade {
    #[error("there was no room for the guest's memory")]
    NoRoom,
    #[error(transparent)]
    Host(#[from] Error),
}

/// Makes the call that the step's record holds. `None` when nobody wanted it any more, before it was made or while it
/// was. A call that is stopped for want of room is made once more, as if for the first time.
///
/// # Errors
/// Only what the host could not do: the guest's own failures are the end of a call like any other.
pub(crate) async fn perform(
    host: Arc<Shared>,
    run: Arc<RunState>,
    program: Arc<Program>,
    call: ToMake,
    ready: Option<Ready>,
) -> Result<Option<CallReport>, Error> {
    let (mut ready, mut room) = (ready, Room::Likely);
    loop {
        let (again, run, program) = (call.clone(), Arc::clone(&run), Arc::clone(&program));
        match make(Arc::clone(&host), run, program, again, ready.take(), room).await {
            Ok(report) => return Ok(report),
            Err(Unmade::Host(error)) => return Err(error),
            Err(Unmade::NoRoom) => room = Room::Whole,
        }
    }
}

/// The same, once: as soon as there are room and a turn for it.
async fn make(
    host: Arc<Shared>,
    run: Arc<RunState>,
    program: Arc<Program>,
    ToMake { path, not_before, place }: ToMake,
    ready: Option<Ready>,
    room: Room,
) -> Result<Option<CallReport>, Unmade> {
    let node = step_at(&run, &program, &path)?;
    let step = run.steps.get(&path).ok_or_else(|| misfit(&run, &path))?;
    let (Doing::Calling(_, call) | Doing::Retrying(_, _, call)) = &step.doing else {
        return Err(misfit(&run, &path).into());
    };
    let context = Arc::new(context(&host, &run, &path, Some(step.calls)).await?);
    let deadline = run.deadline_around(&path).map(|(_, at)| at);
    if let Some(at) = not_before {
        let at = deadline.map_or(at, |deadline| deadline.min(at));
        tokio::select! {
            biased;
            () = host.clock.wait_until(at) => {}
            () = context.over() => return Ok(None),
            () = host.stop.asked_for() => return Ok(None),
        }
    }
    while host.tenant_state(&run.tenant).await? != TenantState::Active {
        tokio::select! {
            biased;
            () = context.over() => return Ok(None),
            () = host.stop.asked_for() => return Ok(None),
            () = host.clock.pause(KNOWN_FOR) => {}
        }
    }
    // One that a process made which ended is made alone. So is all that it needs: that may be what ended it.
    let is_suspect = step.take_overs > 0;
    if ready.is_none() && !is_suspect {
        // Others are called meanwhile: compiling may take seconds.
        opened(&host, &run, &program, &path).await?;
    }
    // Before the memory is read: calls that wait for their turn hold none.
    let asked = host.clock.uptime();
    let policy = host.policy(&run.tenant).await?;
    // Before the turn, which then never waits for room. One that is made alone could have all there is.
    let room = if is_suspect { Room::Whole } else { room };
    let reserved = tokio::select! {
        biased;
        () = host.stop.asked_for() => return Ok(None),
        reserved = host.room(&run.tenant, &policy, Some(node.component), room) => reserved,
        () = context.over() => return Ok(None),
    };
    context.has_room(reserved?);
    let _turn = tokio::select! {
        biased;
        // The call stays with this host in the store: when the process has ended, somebody takes it over.
        () = host.stop.asked_for() => return Ok(None),
        turn = host.turn(&run.tenant, policy.share(), is_suspect) => turn,
    };
    let admitted = host.clock.uptime();
    host.observer.count(&run.tenant, Counted::Admitted { waited_ms: ms_between(asked, admitted) });
    if deadline.is_some_and(|at| at <= host.clock.now()) {
        return Ok(Some(not_made(&host, &run, path, step)));
    }
    if is_suspect && !is_tried(&host, &run, &program, &path, step.calls).await? {
        return Ok(None);
    }
    let ready = match ready {
        // Somebody may have been faster: the call is then one that goes on from a later memory, or in another version.
        Some(ready) if ready.is_for(node.component, call.image()) => ready,
        _ => make_ready(&host, &run, &program, &path, call.image()).await?,
    };
    let input = inputs::read(&*host.store, &run, &path, step).await?;
    // That of a call which was decided before spans were kept with it is anew.
    let span_id = step.span_id.unwrap_or_else(|| host.chance.span_id());
    let span = place.of_call(&host, &run, (&path, step), span_id);
    let facts = facts(&host, &run, &path, node, step, place.told(span_id));
    let (timeout, is_last) = timeout(node, deadline, host.clock.now());
    let cancel = Cancel::new();
    let policy = host.policy(&run.tenant).await?;
    let mut options = CallOptions::new(ready.seal.clone())
        .limits(policy.limits.clone())
        .cancel(cancel.clone())
        .domain(run.tenant.as_str());
    options.timeout = timeout;
    host.fault(FaultPoint::BeforeCall);
    let called =
        called(&ready, call, input, facts, Arc::clone(&context), options).instrument(span.told.clone());
    let begun = host.clock.uptime();
    let called = in_slices(&host.slices, &run.tenant, policy.share(), called);
    let called = stoppable(called, &context, cancel, host.cancel_grace).await;
    let took = host.clock.uptime().saturating_sub(begun);
    host.fault(FaultPoint::AfterCall);

    let ended = match called {
        Ok(result) => end_of(&host, &run, result, host.clock.now()).await.map(Some),
        Err(CallError::NoRoom { .. }) => {
            span.forget();
            host.observer.count(&run.tenant, Counted::MadeAgain);
            return Err(Unmade::NoRoom);
        }
        // Nobody wanted it any more. Should the step be called once more by now, then that is another call.
        Err(CallError::Cancelled) => Ok(None),
        Err(error) => failure_of(error, is_last)
            .map(|failure| Some((CallEnd::Failed(failure), None)))
            .map_err(|error| host_fault(&run, &path, error)),
    };
    span.end(span_status(&ended));
    let outcome = match &ended {
        Ok(Some((end, _))) => Some(CallOutcome::of(call, end)),
        Ok(None) => Some(CallOutcome::Canceled),
        // The host could not make it.
        Err(_) => None,
    };
    if let Some(outcome) = outcome {
        let ms = ms_between(admitted, host.clock.uptime());
        host.observer.count(&run.tenant, Counted::Called { outcome, ms });
    }
    let Some((end, image)) = ended? else { return Ok(None) };
    let settings = context.take_settings();
    let log = context.take_log().into_log(&path, step.calls, step.attempt);
    let ended = CallEnded {
        call: step.calls,
        owner: host.owner,
        micros: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        end,
        state: settings.state,
        request_context: settings.request_context,
        random: host.chance.number(),
        sit_through_ms: host.sit_through_ms,
        path,
    };
    Ok(Some(CallReport { epoch: CallEpoch::now(&run, step), ended, image, log }))
}

fn ms_between(earlier: Duration, later: Duration) -> u64 {
    u64::try_from(later.saturating_sub(earlier).as_millis()).unwrap_or(u64::MAX)
}

/// That of a call which ended, if it did.
fn span_status<T>(ended: &Result<Option<(CallEnd, T)>, Error>) -> SpanStatus {
    match ended {
        Ok(Some((CallEnd::Failed(failure), _))) => SpanStatus::Error(failure.message.clone()),
        Ok(None) => SpanStatus::Error(CANCELED.to_owned()),
        ended => SpanStatus::of(ended),
    }
}

/// Writes down that a call is about to be made alone. `false` when nobody wants it any more.
async fn is_tried(
    host: &Arc<Shared>,
    run: &Arc<RunState>,
    program: &Arc<Program>,
    path: &StepPath,
    call: u32,
) -> Result<bool, Error> {
    let mut decider = Decider::new(Arc::clone(host), Arc::clone(program), Arc::clone(run));
    let event = Event::Tried { path: path.clone(), call, owner: host.owner };
    match decider.step(&Cause::Event(event), Vec::new()).await {
        Ok(_) => Ok(true),
        Err(Error::Refused(Refused::Stale { .. } | Refused::Blocked { .. })) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The end of a call that is not made, as there is no time left for it. The run says so in its own words.
fn not_made(host: &Shared, run: &RunState, path: StepPath, step: &EntryRecord) -> CallReport {
    let message = "there was no time left for this call".to_owned();
    let failure = Failure::of(&failure::TIMEOUT, message);
    let ended = CallEnded {
        call: step.calls,
        owner: host.owner,
        micros: 0,
        end: CallEnd::Failed(failure),
        state: BTreeMap::new(),
        request_context: BTreeMap::new(),
        random: host.chance.number(),
        sit_through_ms: host.sit_through_ms,
        path,
    };
    CallReport { epoch: CallEpoch::now(run, step), ended, image: None, log: None }
}

/// What a guest may ask during a call; `call` is its number, `None` for one that moves the step to another version.
///
/// # Errors
/// As [`inputs::read`].
pub(crate) async fn context(
    host: &Shared,
    run: &Arc<RunState>,
    path: &StepPath,
    call: Option<u32>,
) -> Result<CallContext, Error> {
    Ok(CallContext {
        store: Arc::<dyn Store>::clone(&host.store),
        clock: Arc::clone(&host.clock),
        observer: Arc::clone(&host.observer),
        source: Source { tenant: run.tenant.clone(), run: run.id, path: path.clone() },
        tenant: run.tenant.clone(),
        run: Arc::clone(run),
        init: host.inputs.of_workflow(&*host.store, run).await?,
        call: call.map(|call| (path.clone(), call, host.owner)),
        live: Arc::clone(&host.live),
        settings: std::sync::Mutex::default(),
        log: std::sync::Mutex::default(),
        memory: std::sync::OnceLock::new(),
    })
}

/// Makes a call. One that nobody wants any more is given `grace` to notice by itself, then it is interrupted.
async fn stoppable<T>(
    call: impl Future<Output = T>,
    context: &CallContext,
    cancel: Cancel,
    grace: Duration,
) -> T {
    tokio::pin!(call);
    let unwanted = async {
        context.over().await;
        context.clock.pause(grace).await;
    };
    tokio::select! {
        biased;
        ended = &mut call => return ended,
        () = unwanted => cancel.cancel(),
    }
    call.await
}

async fn called(
    ready: &Ready,
    call: &Call,
    input: Json,
    facts: Facts,
    context: Arc<CallContext>,
    options: CallOptions,
) -> Result<CallResult, CallError> {
    match call {
        Call::Start => ready.component.start(Invocation { facts, input }, context, options).await,
        Call::Resume(call) => {
            let (resolved, suspend_payload) = (call.resolved(), call.suspend_payload().cloned());
            let resumption = Resumption { facts, resolved, input, suspend_payload };
            let image = ready.image.as_ref().map(|(_, bytes)| bytes.as_slice());
            ready.component.resume(resumption, image, context, options).await
        }
    }
}

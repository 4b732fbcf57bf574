//! From an effect to the event it ends as: one call into a guest.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use reentry_core::digest::WorkflowDigest;
use reentry_core::event::{CallEnd, CallEnded};
use reentry_core::id::SnapshotId;
use reentry_core::path::StepPath;
use reentry_core::run::{Call, Doing, ResumeCall, Run, Step};
use reentry_core::snapshot::SealKey;
use reentry_core::step::{
    CallTrace, Facts, Failure, Invocation, Outcome, Resumption, RunTarget, RunWait, WaitFor, Waits,
};
use reentry_core::time::Timestamp;
use reentry_core::workflow::{Program, StepAt};
use reentry_wasm::{CallError, CallOptions, CallResult, Cancel, LoadedComponent};
use tracing::Instrument;

use crate::decide::{Made, load};
use crate::error::Error;
use crate::fault::FaultPoint;
use crate::host::Inner;
use crate::host_calls::CallContext;
use crate::observer::Source;

/// The end of a call, with the guest's memory if it waits now.
pub(crate) struct Performed {
    /// When the call was made.
    pub(crate) made: Made,
    pub(crate) ended: CallEnded,
    pub(crate) image: Option<(SnapshotId, Vec<u8>)>,
}

/// What a resuming call needs and what may be damaged: fetched and checked before anything is claimed.
pub(crate) struct Ready {
    pub(crate) path: StepPath,
    pub(crate) component: LoadedComponent,
    /// The memory, under its id.
    pub(crate) image: Option<(SnapshotId, Vec<u8>)>,
    seal: SealKey,
}

/// Opens the component of a step and checks the memory that it is to be called with.
///
/// # Errors
/// [`Error::Snapshot`] when the memory is damaged or belongs elsewhere, [`Error::Damaged`] when it is missing, and whatever
/// opening the component ends with.
pub(crate) async fn make_ready(
    host: &Inner,
    run: &Run,
    program: &Program,
    path: &StepPath,
    image: Option<SnapshotId>,
) -> Result<Ready, Error> {
    let node = step_at(run, program, path)?;
    let component = host.registry.open(node.component).await?;
    let seal = seal(host, run).await?;
    let image = match image {
        None => None,
        Some(id) => {
            let bytes = host.store.image(id).await?.ok_or_else(|| Error::Damaged {
                what: format!("snapshot {id} of run {}", run.id),
                reason: "it is missing".to_owned(),
            })?;
            component.check_image(&bytes, &seal).map_err(|source| Error::Snapshot {
                run: run.id,
                path: path.to_string(),
                source,
            })?;
            Some((id, bytes))
        }
    };
    Ok(Ready { path: path.clone(), component, image, seal })
}

/// Makes the call that the step's record holds. `None` when nobody wanted it any more before it was made.
///
/// # Errors
/// Only what the host could not do: the guest's own failures are the end of a call like any other.
pub(crate) async fn perform(
    host: Arc<Inner>,
    run: Arc<Run>,
    program: Arc<Program>,
    (path, not_before): (StepPath, Option<Timestamp>),
    ready: Option<Ready>,
) -> Result<Option<Performed>, Error> {
    let node = step_at(&run, &program, &path)?;
    let step = run.steps.get(&path).ok_or_else(|| misfit(&run, &path))?;
    let (Doing::Calling(_, call) | Doing::Retrying(_, _, call)) = &step.doing else {
        return Err(misfit(&run, &path));
    };
    let context = Arc::new(context(&host, &run, &path, step.calls));
    if let Some(at) = not_before {
        tokio::select! {
            biased;
            () = host.clock.wait_until(at) => {}
            () = context.over() => return Ok(None),
            () = host.stop.asked_for() => return Ok(None),
        }
    }
    let ready = match ready {
        // Somebody may have been faster: the call is then one that goes on from a later memory.
        Some(ready) if ready.image.as_ref().map(|(id, _)| *id) == call.image() => ready,
        _ => make_ready(&host, &run, &program, &path, call.image()).await?,
    };
    let permit = tokio::select! {
        biased;
        // The call stays with this host in the store: when the process has ended, somebody takes it over.
        () = host.stop.asked_for() => return Ok(None),
        permit = host.calls.acquire() => permit,
    };
    let _permit = permit.map_err(|_| interrupted(&run, "the host is shutting down"))?;
    let span_id = host.chance.span_id();
    let span = tracing::info_span!(
        "workflow step", run = %run.id, path = %path, call = step.calls, attempt = step.attempt,
        trace_id = run.span.as_ref().map(|span| tracing::field::display(span.trace_id)),
        span_id = %span_id,
    );
    let facts = facts(&host, &run, &path, node, step, span_id.to_string());
    let (timeout, is_last) = timeout(node, step, host.clock.now());
    let cancel = Cancel::new();
    let options =
        CallOptions { cancel: Some(cancel.clone()), timeout, ..CallOptions::new(ready.seal.clone()) };
    host.fault(FaultPoint::BeforeCall);
    let called = called(&ready, call, step, facts, Arc::clone(&context), options).instrument(span);
    let called = stoppable(called, &context, cancel, host.cancel_grace).await;
    host.fault(FaultPoint::AfterCall);

    let now = host.clock.now();
    let (end, image) = match called {
        Ok(result) => end_of(&host, &run, result, now).await?,
        Err(error) => {
            let failure = failure_of(error, is_last).map_err(|error| host_fault(&run, &path, error))?;
            (CallEnd::Failed(failure), None)
        }
    };
    let settings = context.take_settings();
    let ended = CallEnded {
        call: step.calls,
        owner: host.owner,
        end,
        state: settings.state,
        request_context: settings.request_context,
        random: host.chance.number(),
        path,
    };
    Ok(Some(Performed { made: Made::now(&run, step), ended, image }))
}

fn context(host: &Inner, run: &Arc<Run>, path: &StepPath, call: u32) -> CallContext {
    CallContext {
        store: Arc::clone(&host.store),
        clock: Arc::clone(&host.clock),
        observer: Arc::clone(&host.observer),
        source: Source { run: run.id, path: path.clone() },
        tenant: run.tenant.clone(),
        run: Arc::clone(run),
        call: (path.clone(), call, host.owner),
        live: Arc::clone(&host.live),
        settings: std::sync::Mutex::default(),
    }
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
    step: &Step,
    facts: Facts,
    context: Arc<CallContext>,
    options: CallOptions,
) -> Result<CallResult, CallError> {
    let input = step.entry.payload.clone();
    match call {
        Call::Start => ready.component.start(Invocation { facts, input }, context, options).await,
        Call::Resume(ResumeCall { resolved, suspend_payload, .. }) => {
            let (resolved, suspend_payload) = (resolved.clone(), suspend_payload.clone());
            let resumption = Resumption { facts, resolved, input, suspend_payload };
            let image = ready.image.as_ref().map(|(_, bytes)| bytes.as_slice());
            ready.component.resume(resumption, image, context, options).await
        }
    }
}

fn facts(host: &Inner, run: &Run, path: &StepPath, node: StepAt<'_>, step: &Step, span_id: String) -> Facts {
    Facts {
        step: node.contract.descriptor.id.clone(),
        run_id: run.id.to_string(),
        workflow_id: run.workflow_id.clone(),
        path: path.to_string(),
        attempt: step.attempt,
        resource_id: run.resource_id.clone(),
        idempotency_key: idempotency_key(run, path, step),
        now: host.clock.now(),
        entropy: host.chance.bytes(),
        trace: run.span.as_ref().map(|span| CallTrace { trace_id: span.trace_id.to_string(), span_id }),
    }
}

/// The key of a call. The attempt is left out on purpose: a call that is made again is recognisable by its key. A run that went back
/// to an earlier entry does its work anew, under new keys.
fn idempotency_key(run: &Run, path: &StepPath, step: &Step) -> String {
    let key = format!("{}/{path}/{}", run.id, step.calls);
    if run.travels == 0 { key } else { format!("{key}~{}", run.travels) }
}

/// How long a call may run: as long as its step says, and not beyond the step's own deadline; and whether it is the deadline that ends it.
fn timeout(node: StepAt<'_>, step: &Step, now: Timestamp) -> (Option<Duration>, bool) {
    let left = step.deadline.map(|at| at.ms_since(now).max(1));
    let ms = node.timeout_ms.into_iter().chain(left).min();
    (ms.map(Duration::from_millis), left.is_some() && ms == left)
}

async fn end_of(
    host: &Inner,
    run: &Run,
    result: CallResult,
    now: Timestamp,
) -> Result<(CallEnd, Option<(SnapshotId, Vec<u8>)>), Error> {
    Ok(match result.outcome {
        Err(failure) => (CallEnd::Failed(failure), None),
        Ok(Outcome::Completed(output)) => (CallEnd::Completed(output), None),
        Ok(Outcome::Bailed(value)) => (CallEnd::Bailed(value), None),
        Ok(Outcome::Suspended(waits)) => {
            let image = result.image.map(|bytes| (host.chance.snapshot_id(now), bytes));
            let suspensions = waits.waits.iter().map(|_| host.chance.suspension_id(now)).collect();
            let workflows = called_workflows(host, run, &waits).await?;
            let id = image.as_ref().map(|(id, _)| *id);
            (CallEnd::Suspended { waits, suspensions, image: id, workflows }, image)
        }
    })
}

/// The current versions of the workflows that a step wants to have run; those that are not applied are left out.
async fn called_workflows(
    host: &Inner,
    run: &Run,
    waits: &Waits,
) -> Result<BTreeMap<String, WorkflowDigest>, Error> {
    let mut found = BTreeMap::new();
    for wait in &waits.waits {
        if let WaitFor::Run(RunWait { target: RunTarget::Workflow(name), .. }) = &wait.what
            && let Some(digest) = host.store.current_workflow(&run.tenant, name).await?
        {
            found.insert(name.clone(), digest);
        }
    }
    Ok(found)
}

/// A call that went wrong as a failure of the step, or the error back when the guest is not to blame. A call that took all the time there was
/// is not made again.
fn failure_of(error: CallError, is_last: bool) -> Result<Failure, CallError> {
    let (code, retryable) = match &error {
        CallError::Trap { .. } => ("trap", true),
        CallError::TimedOut { .. } => ("timeout", !is_last),
        CallError::Contract(_) => ("contract", false),
        CallError::Limit(_) => ("limit", false),
        CallError::LiveResources { .. } => ("live-resources", false),
        CallError::Cancelled => ("canceled", false),
        CallError::UnknownStep { .. } => ("unknown-step", false),
        _ => return Err(error),
    };
    let code = Some(code.to_owned());
    Ok(Failure { message: error.to_string(), code, retryable, retry_after_ms: None, details: None })
}

fn host_fault(run: &Run, path: &StepPath, error: CallError) -> Error {
    match error {
        CallError::Image(source) => Error::Snapshot { run: run.id, path: path.to_string(), source },
        other => interrupted(run, &format!("step `{path}`: {other}")),
    }
}

fn interrupted(run: &Run, reason: &str) -> Error {
    Error::Interrupted { run: run.id, reason: reason.to_owned() }
}

fn step_at<'w>(run: &Run, program: &'w Program, path: &StepPath) -> Result<StepAt<'w>, Error> {
    let place = program.place(&run.called, path);
    place.and_then(|place| place.step()).ok_or_else(|| misfit(run, path))
}

fn misfit(run: &Run, path: &StepPath) -> Error {
    Error::Damaged {
        what: format!("run {}", run.id),
        reason: format!("step `{path}` is not where its workflow has it"),
    }
}

/// The key of a run's snapshots, so that one cannot be put in the place of another run's. A run and its forks share their past, and with
/// it the key: that of the run with which it all began.
async fn seal(host: &Inner, run: &Run) -> Result<SealKey, Error> {
    let (mut first, mut parent) = (run.id, run.fork_of);
    while let Some(fork_of) = parent {
        first = fork_of.run;
        parent = load(host, &run.tenant, first).await?.fork_of;
    }
    Ok(SealKey::derive(&host.key, run.tenant.as_str(), &first.to_string()))
}

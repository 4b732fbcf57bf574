//! Requests that are made once however often they are asked: the same key and the same request get the same answer.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use reentry_core::digest::WorkflowDigest;
use reentry_core::event::Event;
use reentry_core::id::{OwnerId, RunId};
use reentry_core::json::Json;
use reentry_core::run::{EntryRecord, RunState, RunStatus};
use reentry_core::step::Failure;
use reentry_core::time::Timestamp;
use reentry_core::trace::{SpanId, TraceId};
use reentry_store::{RequestKey, RequestRecord};
use serde::{Deserialize, Serialize};

use crate::bounds::name_bounded;
use crate::error::Error;
use crate::options::{OutputOptions, ResumeOptions, StartOptions};
use crate::output::{RunResult, SuspendedStep, labels};
use crate::standing::Standing;
use crate::tenant::Tenant;
use crate::upkeep::bring_logged;

/// How often a caller looks who asked for what is being done already.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// What is asked, if it is asked under a key.
pub(crate) struct Asked(Option<Keyed>);

/// What is asked under a key.
struct Keyed {
    request: RequestKey,
    /// The digest that earlier versions made of it: of the texts as they came.
    as_text: [u8; 32],
}

impl Asked {
    /// Starting a run that exists.
    pub(crate) fn to_start(run: RunId, options: &StartOptions) -> Result<Self, Error> {
        Self::new(options.idempotency_key.as_deref(), |digest| {
            digest.text("start").text(&run.to_string()).start(options);
        })
    }

    /// Making a run and starting it.
    pub(crate) fn to_begin(
        workflow: WorkflowDigest,
        resource: Option<&str>,
        options: &StartOptions,
    ) -> Result<Self, Error> {
        Self::new(options.idempotency_key.as_deref(), |digest| {
            digest.text("begin").text(&workflow.to_string()).maybe(resource).start(options);
        })
    }

    /// Answering a suspension.
    pub(crate) fn to_resume(run: RunId, options: &ResumeOptions) -> Result<Self, Error> {
        let target = &options.step;
        Self::new(options.idempotency_key.as_deref(), |digest| {
            let all = if target.all { "all" } else { "one" };
            digest.text("resume").text(&run.to_string()).text(&target.to_string()).text(all);
            digest.json(options.resume_data.as_ref());
            digest.map(&options.request_context).text(&options.retry_count.to_string());
        })
    }

    fn new(key: Option<&str>, add: impl Fn(&mut Digest)) -> Result<Self, Error> {
        name_bounded("an idempotency key", key)?;
        let Some(key) = key else { return Ok(Self(None)) };
        let digest = |form| {
            let mut digest = Digest(blake3::Hasher::new(), form);
            add(&mut digest);
            *digest.0.finalize().as_bytes()
        };
        let request = RequestKey { key: key.to_owned(), digest: digest(Form::Canonical) };
        Ok(Self(Some(Keyed { request, as_text: digest(Form::Text) })))
    }
}

/// Digest of a request: all that decides what is done. What only decides how it is told is left out.
struct Digest(blake3::Hasher, Form);

/// What a digest is taken of where there is JSON.
#[derive(Clone, Copy)]
enum Form {
    Canonical,
    Text,
}

impl Digest {
    fn text(&mut self, text: &str) -> &mut Self {
        // With its length, so that two texts are not another two.
        self.0.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
        self
    }

    fn maybe(&mut self, text: Option<&str>) -> &mut Self {
        self.text(if text.is_some() { "given" } else { "left out" }).text(text.unwrap_or_default())
    }

    fn json(&mut self, json: Option<&Json>) -> &mut Self {
        match self.1 {
            Form::Canonical => self.maybe(json.map(Json::canonical).as_deref()),
            Form::Text => self.maybe(json.map(Json::text)),
        }
    }

    fn map(&mut self, map: &BTreeMap<String, Json>) -> &mut Self {
        self.text(&map.len().to_string());
        map.iter().fold(self, |digest, (key, value)| match digest.1 {
            Form::Canonical => digest.text(key).text(&value.canonical()),
            Form::Text => digest.text(key).text(value.text()),
        })
    }

    fn start(&mut self, options: &StartOptions) {
        self.json(options.input_data.as_ref());
        self.json(options.initial_state.as_ref()).map(&options.request_context);
    }
}

/// A result as it is kept with the request that it answers. Holds everything, so that each caller is shown what he
/// asks for.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    run_id: RunId,
    status: RunStatus,
    #[serde(default)]
    version: u64,
    #[serde(
        default,
        deserialize_with = "reentry_core::json::present",
        skip_serializing_if = "Option::is_none"
    )]
    result: Option<Json>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<Failure>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    suspended: Vec<SuspendedStep>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    state: BTreeMap<String, Json>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trace_id: Option<TraceId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    span_id: Option<SpanId>,
}

impl Kept {
    fn of(result: RunResult) -> Self {
        Self {
            run_id: result.run_id,
            status: result.status,
            version: result.version,
            result: result.result,
            error: result.error,
            suspended: result.suspended,
            due_at: result.due_at,
            state: result.state.unwrap_or_default(),
            trace_id: result.trace_id,
            span_id: result.span_id,
        }
    }

    fn shown(self, options: OutputOptions) -> RunResult {
        RunResult {
            run_id: self.run_id,
            status: self.status,
            version: self.version,
            result: self.result,
            error: self.error,
            resume_labels: options.include_resume_labels.then(|| labels(&self.suspended)),
            suspended: self.suspended,
            due_at: self.due_at,
            state: options.include_state.then_some(self.state),
            trace_id: self.trace_id,
            span_id: self.span_id,
        }
    }
}

/// Everything that a result can show.
const WHOLE: OutputOptions = OutputOptions { include_state: true, include_resume_labels: true };

/// Does what is asked, or finds out what came of it when it was asked before.
///
/// # Errors
/// [`Error::RequestDiffers`] when something else was asked under the key; otherwise as `work`, after which the key is
/// as free as before.
pub(crate) async fn once(
    tenant: &Tenant,
    Asked(request): Asked,
    output: OutputOptions,
    work: impl AsyncFnOnce(Option<RequestKey>) -> Result<Standing, Error>,
) -> Result<RunResult, Error> {
    let Some(Keyed { request, as_text }) = request else {
        let stopped = work(None).await?;
        return Ok(stopped.result(output));
    };
    if let Some(record) = tenant.shared.store.request(&tenant.id, &request.key).await?
        && let Some(result) = known(tenant, (&request, as_text), record, output).await?
    {
        return Ok(result);
    }
    match work(Some(request.clone())).await {
        Ok(stopped) => {
            let result = stopped.result(WHOLE);
            keep(tenant, &request.key, result, output).await
        }
        // Somebody else may have asked the same meanwhile, and what he did be the reason.
        Err(error @ (Error::RequestKnown { .. } | Error::Refused(_))) => {
            match tenant.shared.store.request(&tenant.id, &request.key).await? {
                Some(record) => known(tenant, (&request, as_text), record, output).await?.ok_or(error),
                None => Err(error),
            }
        }
        Err(error) => Err(error),
    }
}

/// Answers a request that was made before; waits for the answer if it is not there yet. `None` when the step refused
/// the answer that it gave: the request counts as not made.
async fn known(
    tenant: &Tenant,
    (request, as_text): (&RequestKey, [u8; 32]),
    record: RequestRecord,
    output: OutputOptions,
) -> Result<Option<RunResult>, Error> {
    if record.digest != request.digest && record.digest != as_text {
        return Err(Error::RequestDiffers { key: request.key.clone() });
    }
    if let Some(answer) = record.answer {
        return decoded(&request.key, &answer, output).map(Some);
    }
    let mut listener = tenant.shared.live.listen(record.run);
    let result = loop {
        let standing = Standing::stored(&tenant.shared, &tenant.id, record.run).await?;
        if tenant.shared.store.request(&tenant.id, &request.key).await?.is_none() {
            return Ok(None);
        }
        if standing.run.status() != RunStatus::Running {
            break standing.result(WHOLE);
        }
        take_over(tenant, &standing.run).await?;
        listener.committed(&*tenant.shared.clock, LOOK_EVERY).await;
    };
    keep(tenant, &request.key, result, output).await.map(Some)
}

/// Makes the calls of a run that nobody makes any more, as the process has ended that was asked first.
async fn take_over(tenant: &Tenant, run: &RunState) -> Result<(), Error> {
    let (shared, by) = (&tenant.shared, tenant.shared.owner);
    let owners: BTreeSet<OwnerId> = run.steps.values().filter_map(EntryRecord::owner).collect();
    for from in owners {
        let is_left = match from == by {
            true => shared.flights.of(run.id) == 0,
            false => shared.store.is_dead(from).await?,
        };
        if is_left {
            bring_logged(shared, &tenant.id, run.id, Event::TakenOver { from, by }).await?;
        }
    }
    Ok(())
}

/// Keeps an answer, unless there is one; gives the one that counts.
async fn keep(
    tenant: &Tenant,
    key: &str,
    result: RunResult,
    output: OutputOptions,
) -> Result<RunResult, Error> {
    let kept = Kept::of(result);
    let answer = Json::record(&kept).map_err(|error| damaged(key, error))?;
    tenant.shared.store.answer_request(&tenant.id, key, answer).await?;
    match tenant.shared.store.request(&tenant.id, key).await?.and_then(|record| record.answer) {
        Some(answer) => decoded(key, &answer, output),
        // The run was deleted meanwhile.
        None => Ok(kept.shown(output)),
    }
}

fn decoded(key: &str, answer: &Json, output: OutputOptions) -> Result<RunResult, Error> {
    let kept: Kept = answer.decode().map_err(|error| damaged(key, error))?;
    Ok(kept.shown(output))
}

fn damaged(key: &str, reason: impl ToString) -> Error {
    Error::Damaged { what: format!("answer to request `{key}`"), reason: reason.to_string() }
}

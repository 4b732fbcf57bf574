//! What `tracing` gets to see of a run, and what is kept of it: one trace, whatever brings the run on, in whichever
//! process.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use anyhow::{Context as _, Result};
use reentry::core::digest::ComponentDigest;
use reentry::core::id::RunId;
use reentry::core::run::LogKind;
use reentry::core::trace::TracingOptions;
use reentry::{ForkOptions, Host, ResumeOptions, StartOptions};
use reentry_tests::folders::data_folder;
use reentry_tests::process::{HostProcess, Request, Response, SpanValue, values_file};
use reentry_tests::{guests, host, json, workflow_after, workflow_of};
use serde_json::{Value, json};
use tempfile::TempDir;
use tracing::instrument::WithSubscriber;
use tracing_subscriber::fmt::format::FmtSpan;

/// Collects what is written to it.
#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl io::Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What a subscriber hears of some work.
async fn heard<T>(work: impl Future<Output = Result<T>>) -> Result<(String, T)> {
    let buffer = Buffer::default();
    let writer = buffer.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_span_events(FmtSpan::CLOSE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    // While there is one subscriber alone, what a thread without it meets first would be remembered as of no interest
    // to any.
    let _second = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::default());
    let work = async {
        // Tests at the same time have no subscriber, and what they met first is remembered as of no interest.
        tracing::callsite::rebuild_interest_cache();
        work.await
    };
    let done = work.with_subscriber(subscriber).await?;
    let told = String::from_utf8(buffer.0.lock().unwrap().clone())?;
    Ok((told, done))
}

#[tokio::test]
async fn spans_carry_the_ids_of_the_results_and_what_the_caller_asked_for() -> Result<()> {
    let (told, (started, resumed)) = heard(async {
        let tenant = host().build().await?.default_tenant();
        let run = workflow_of(&tenant, "memory-probe", "ask").await?.new_run().create().await?;
        let tracing_options = TracingOptions::default()
            .tags(vec!["nightly".into()])
            .request_context_keys(vec!["user.id".into()]);
        let mut start = StartOptions::input(json(json!("?"))).tracing_options(tracing_options);
        start.request_context.insert("user".into(), json(json!({"id": 7, "pin": "secret"})));
        let started = run.start(start).await?;
        let resumed = run.resume(ResumeOptions::data(json(json!("!")))).await?;
        Ok((started, resumed))
    })
    .await?;

    assert_eq!(started.trace_id, resumed.trace_id, "one trace over both");
    assert_ne!(started.span_id, resumed.span_id);
    let ids = |result: &reentry::RunResult| {
        format!("trace_id={} span_id={}", result.trace_id.unwrap(), result.span_id.unwrap())
    };
    assert!(told.contains(&ids(&started)), "{told}");
    assert!(
        told.contains(&format!("{} parent_span_id={}", ids(&resumed), started.span_id.unwrap())),
        "{told}"
    );
    assert!(told.contains(r#"tags="nightly""#) && told.contains(r#"{\"user\":{\"id\":7}}"#), "{told}");
    assert!(!told.contains("secret"), "only what was asked for: {told}");
    Ok(())
}

/// The metadata is on all spans below that of the request for which it was given, those of a timer included; tags are
/// on that span alone. The values of context keys are those of the moment.
#[tokio::test]
async fn what_a_caller_asked_for_is_on_the_spans_that_follow() -> Result<()> {
    let (told, run) = heard(async {
        let host = host().build().await?;
        let tenant = host.default_tenant();
        let before = [json!({"sleep": {"ms": 1}})];
        let workflow = workflow_after(&tenant, "memory-probe", &before, "ask").await?;
        let tracing_options = TracingOptions::default()
            .tags(vec!["nightly".into()])
            .metadata([("batch".to_owned(), json(json!(12)))].into())
            .request_context_keys(vec!["user.id".into()]);
        let mut start = StartOptions::input(json(json!("?"))).tracing_options(tracing_options);
        start.request_context.insert("user".into(), json(json!({"id": 7})));
        let run = workflow.new_run().start(start).await?.run;
        while host.wake_due().await?.is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        tenant.run(run.id()).await?.resume(ResumeOptions::data(json(json!("!")))).await?;
        Ok(run.id())
    })
    .await?;
    let seen: Vec<String> = spans(&told, run)
        .iter()
        .map(|span| {
            let name = if span.name == "run" { span.field("otel.name") } else { span.field("path") };
            format!("{name}: tags {} metadata {}", span.field("tags"), span.field("metadata"))
        })
        .collect();
    insta::assert_snapshot!(seen.join("\n"), @r#"
    workflow run: tags nightly metadata {"batch":12,"user":{"id":7}}
    workflow run (woken): tags  metadata {"batch":12,"user":{"id":7}}
    ask: tags  metadata {"batch":12,"user":{"id":7}}
    workflow run (resumed): tags  metadata 
    ask: tags  metadata
    "#);
    Ok(())
}

/// A fork goes on in the trace of the run that it is forked from.
#[tokio::test]
async fn a_fork_is_in_the_trace_of_its_parent() -> Result<()> {
    let (told, (run, forks)) = heard(async {
        let host = host().build().await?;
        let tenant = host.default_tenant();
        let started = workflow_of(&tenant, "memory-probe", "ask")
            .await?
            .new_run()
            .start(StartOptions::default())
            .await?;
        let run = started.run;
        let answer = ResumeOptions::data(json(json!("!")));
        let answered = run.fork(ForkOptions::default().answer(answer)).await?.id();
        let standing = run.fork(ForkOptions::default()).await?.id();
        host.quiet().await;
        Ok((run.id(), [answered, standing]))
    })
    .await?;
    let mut seen = spans(&told, run);
    seen.extend(forks.into_iter().flat_map(|fork| spans(&told, fork)));
    insta::assert_snapshot!(tree(&seen), @"
    1 workflow run
    2 ask call 1 try 0, below 1
    3 workflow run (forked), below 1
    4 ask call 2 try 0, below 3
    5 workflow run (forked), below 1
    ");
    let traces: BTreeSet<&str> = seen.iter().map(|span| span.field("trace_id")).collect();
    assert_eq!(traces.len(), 1, "{told}");
    Ok(())
}

/// A span as a subscriber saw it.
#[derive(Clone, Debug, Default)]
struct Seen {
    name: String,
    fields: BTreeMap<String, String>,
}

impl Seen {
    fn field(&self, name: &str) -> &str {
        self.fields.get(name).map(String::as_str).unwrap_or_default()
    }
}

/// The spans of a run that lines of a subscriber tell of, in the order in which they were seen first, by their ids. A
/// span that is new has no id yet; one that never ended is seen around what was in it.
fn spans(told: &str, run: RunId) -> Vec<Seen> {
    let mut seen: Vec<Seen> = Vec::new();
    let begin = |name: &'static str| told.match_indices(name);
    let mut begins: Vec<_> = begin("workflow run{").chain(begin("workflow step{")).collect();
    begins.sort_unstable();
    for (at, begin) in begins {
        let name = if begin.contains("run") { "run" } else { "step" };
        let fields = &told[at + begin.len()..];
        let span = Seen { name: name.to_owned(), fields: read_fields(fields) };
        if span.field("run") != run.to_string() || span.field("span_id").is_empty() {
            continue;
        }
        match seen.iter_mut().find(|other| other.field("span_id") == span.field("span_id")) {
            Some(other) => other.fields.extend(span.fields),
            None => seen.push(span),
        }
    }
    seen
}

/// Reads `key=value` up to a closing brace; a value in quotes may hold anything.
fn read_fields(mut text: &str) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    while let Some((key, rest)) = text.trim_start().split_once('=').filter(|(key, _)| !key.contains('}')) {
        let (value, rest) = match rest.strip_prefix('"') {
            Some(quoted) => {
                let escaped =
                    |at: usize| quoted[..at].bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1;
                let end = quoted.match_indices('"').map(|(at, _)| at).find(|at| !escaped(*at));
                let end = end.unwrap_or(quoted.len());
                (quoted[..end].replace("\\\"", "\""), quoted.get(end + 1..).unwrap_or_default())
            }
            None => {
                let end = rest.find([' ', '}']).unwrap_or(rest.len());
                (rest[..end].to_owned(), &rest[end..])
            }
        };
        fields.insert(key.to_owned(), value);
        text = rest;
    }
    fields
}

/// A line for each span: its number, what it is of, and the number of its parent.
fn tree(seen: &[Seen]) -> String {
    let number = |id: &str| seen.iter().position(|span| span.field("span_id") == id).map(|at| at + 1);
    let mut told = String::new();
    for (at, span) in (1..).zip(seen) {
        let what = match span.name.as_str() {
            "run" => span.field("otel.name").to_owned(),
            _ => format!("{} call {} try {}", span.field("path"), span.field("call"), span.field("attempt")),
        };
        let below = match span.field("parent_span_id") {
            "" => String::new(),
            parent => format!(", below {}", number(parent).map_or("nothing".to_owned(), |at| at.to_string())),
        };
        writeln!(told, "{at} {what}{below}").unwrap();
    }
    told
}

/// A run that a timer woke in a process that ended with SIGKILL in the middle of the call after it, and that another
/// one took over. It waits for the event `paid`.
struct TakenOver {
    folder: TempDir,
    /// Where the processes write their spans.
    beside: TempDir,
    run: RunId,
    by: HostProcess,
}

fn spans_file(beside: &TempDir) -> PathBuf {
    beside.path().join("spans.txt")
}

/// Behind the event come these entries, made for the digest of the probe, and its step `ask`.
async fn taken_over(then: impl FnOnce(&str) -> Vec<Value>) -> Result<TakenOver> {
    let (folder, beside) = (data_folder()?, tempfile::tempdir()?);
    let (data, file) = (folder.path(), spans_file(&beside));
    let digest = ComponentDigest::of(&guests::component("memory-probe")?).to_string();
    let mut before = vec![
        json!({"sleep": {"ms": 1}}),
        json!({"then": {"id": "count", "component": digest, "step": "checkpoint"}}),
        json!({"event": {"id": "paid", "name": "paid"}}),
    ];
    before.extend(then(&digest));
    let start =
        Request::Start { component: "memory-probe".into(), step: "ask".into(), before, input: json!(1) };

    let mut first =
        HostProcess::start_traced(PROGRAM.as_ref(), data, Some(("before-call", 1)), &file).await?;
    let run: RunId = serde_json::from_value(done(first.ask(&start).await?)?["runId"].clone())?;
    while first.ask(&Request::Wake).await?.is_some() {}

    let mut second = HostProcess::start_traced(PROGRAM.as_ref(), data, None, &file).await?;
    second.ask(&Request::Recover).await?;
    Ok(TakenOver { folder, beside, run, by: second })
}

/// A timer wakes the run, the process that makes the call ends with SIGKILL, another one takes it over; an event
/// comes, an answer, a travel, a cancellation, a restart.
#[tokio::test]
async fn all_that_happens_to_a_run_is_one_trace() -> Result<()> {
    let TakenOver { folder, beside, run, by: mut second } = taken_over(|_| Vec::new()).await?;
    let (data, file) = (folder.path(), spans_file(&beside));
    let event = Request::Event { run, name: "paid".into(), key: "k".into(), payload: json(json!(2)) };
    let travel = Request::Travel { run, to: "ask".parse()? };
    let answer = Request::Resume { run, data: json!("yes") };
    for request in [event, answer.clone(), travel, Request::Cancel(run), Request::Restart(run), answer] {
        second.ask(&request).await?.context("the process has died")?;
    }
    second.kill().await?;

    let told = std::fs::read_to_string(&file)?;
    let seen = spans(&told, run);
    insta::assert_snapshot!(tree(&seen), @"
    1 workflow run
    2 workflow run (woken), below 1
    3 count call 1 try 0, below 2
    4 workflow run (taken over), below 1
    5 count call 1 try 0, below 4
    6 count call 2 try 0, below 4
    7 workflow run (event), below 1
    8 ask call 1 try 0, below 7
    9 workflow run (resumed), below 1
    10 ask call 2 try 0, below 9
    11 workflow run (sent back), below 9
    12 ask call 1 try 0, below 11
    13 workflow run (canceled), below 9
    14 workflow run (restarted), below 9
    15 workflow run (resumed), below 9
    16 ask call 2 try 0, below 15
    ");
    let traces: BTreeSet<&str> = seen.iter().map(|span| span.field("trace_id")).collect();
    assert_eq!(traces.len(), 1, "{told}");
    let alone: Vec<_> = seen.iter().filter(|span| span.field("parent_span_id").is_empty()).collect();
    assert_eq!(alone.len(), 1, "{alone:?}");

    // What was seen is what is kept: also of the call that the process ended over.
    let tenant = Host::builder().data_dir(data).background(false).build().await?.default_tenant();
    let mut kept = BTreeSet::new();
    for row in tenant.run(run).await?.timeline().await? {
        kept.extend(row.span_id.map(|id| id.to_string()));
        match row.what {
            LogKind::Started { span, .. } | LogKind::Resumed { span, .. } => {
                kept.extend(span.and_then(|span| span.span_id).map(|id| id.to_string()));
            }
            _ => {}
        }
    }
    let is_kept = |span: &&Seen| {
        span.name == "step" || ["workflow run", "workflow run (resumed)"].contains(&span.field("otel.name"))
    };
    let wanted: BTreeSet<String> =
        seen.iter().filter(is_kept).map(|span| span.field("span_id").to_owned()).collect();
    assert_eq!(kept, wanted);
    Ok(())
}

/// What observers got of a run's spans, in the processes that brought it on, is one tree: each span ended once, and
/// has the id that the log has. The spans of a process that was killed are in the log alone.
#[tokio::test]
async fn the_spans_that_observers_get_are_one_tree() -> Result<()> {
    let fails = |digest: &str| {
        let retry = json!({"retries": 1, "delayMs": 0});
        vec![json!({"then": {"id": "fail", "component": digest, "step": "fail", "retry": retry}})]
    };
    let TakenOver { folder, beside, run, by: mut second } = taken_over(fails).await?;
    let (data, file) = (folder.path(), spans_file(&beside));
    let payload = json(json!({"retryable_times": 1}));
    second.ask(&Request::Event { run, name: "paid".into(), key: "k".into(), payload }).await?;
    second.kill().await?;
    let mut third = HostProcess::start_traced(PROGRAM.as_ref(), data, None, &file).await?;
    let answer = Request::Resume { run, data: json!("yes") };
    for request in [Request::Travel { run, to: "ask".parse()? }, answer.clone(), answer] {
        third.ask(&request).await?.context("the process has died")?;
    }
    third.kill().await?;

    let values: Vec<SpanValue> = std::fs::read_to_string(values_file(&file))?
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?;
    insta::assert_snapshot!(tree_of_values(&values), @"
    1 workflow run
    2 count call 1 try 0, below 4
    3 count call 2 try 0, below 4
    4 workflow run (taken over), below 1
    5 fail call 1 try 0, below 8: failed as told, attempt 0 of 1
    6 fail call 1 try 1, below 8
    7 ask call 1 try 0, below 8
    8 workflow run (event), below 1
    9 ask call 1 try 0, below 10
    10 workflow run (sent back), below 1
    11 ask call 2 try 0, below 12
    12 workflow run (resumed), below 1
    13 workflow run (resumed), below 12: this workflow run was not suspended: it is success
    ");
    let ids: BTreeSet<&str> = values.iter().map(|span| span.id.as_str()).collect();
    assert_eq!(ids.len(), values.len(), "each ends once");
    assert!(values.iter().all(|span| span.start <= span.end && span.trace == values[0].trace), "{values:?}");

    let tenant = Host::builder().data_dir(data).background(false).build().await?.default_tenant();
    let mut kept = BTreeMap::new();
    for row in tenant.run(run).await?.timeline().await? {
        kept.extend(row.span_id.map(|id| (id.to_string(), row.path.to_string())));
        match row.what {
            LogKind::Started { span, .. } | LogKind::Resumed { span, .. } => {
                kept.extend(span.and_then(|span| span.span_id).map(|id| (id.to_string(), "run".to_owned())));
            }
            _ => {}
        }
    }
    let is_kept = |span: &&SpanValue| {
        span.name.contains(" call ") || ["workflow run", "workflow run (resumed)"].contains(&&*span.name)
    };
    let strangers: Vec<_> =
        values.iter().filter(is_kept).filter(|span| !kept.contains_key(&span.id)).collect();
    // A request that was refused has a span, of which nothing is kept.
    assert!(matches!(&*strangers, [refused] if refused.error.is_some()), "{strangers:?}");
    kept.retain(|id, _| !ids.contains(id.as_str()));
    assert_eq!(
        kept.into_values().collect::<Vec<_>>(),
        ["count"],
        "the call over which the process was killed"
    );
    Ok(())
}

/// A line for each span: its number in the order of their ends, what it is of, the number of its parent, and what
/// went wrong.
fn tree_of_values(values: &[SpanValue]) -> String {
    let number = |id: &str| values.iter().position(|span| span.id == id).map(|at| at + 1);
    let mut told = String::new();
    for (at, span) in (1..).zip(values) {
        let below =
            span.parent.as_deref().map(|id| number(id).map_or("nothing".to_owned(), |at| at.to_string()));
        let below = below.map(|parent| format!(", below {parent}")).unwrap_or_default();
        let error = span.error.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        writeln!(told, "{at} {}{below}{error}", span.name).unwrap();
    }
    told
}

/// The program of the host processes.
const PROGRAM: &str = env!("CARGO_BIN_EXE_host-process");

/// The result that a host process gave.
fn done(response: Option<Response>) -> Result<serde_json::Value> {
    match response {
        Some(Response::Done { result, .. }) => Ok(result),
        other => anyhow::bail!("{other:?}"),
    }
}

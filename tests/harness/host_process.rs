//! A host that tests drive over its standard input and output, and kill. See `process.rs`.
//!
//! `host-process DATA_DIR [FAULT_POINT TIME]`

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use anyhow::{Context as _, Result};
use reentry::core::id::RunId;
use reentry::core::resume::Target;
use reentry::core::run::RunStatus;
use reentry::fault::FaultPoint;
use reentry::{
    Error, Host, Json, Level, Observer, OutputOptions, ResumeOptions, RunResult, SendEvent, Source, Span,
    StartOptions, Tenant, TravelOptions,
};
use reentry_tests::process::{Asked, Request, Response, Rest, SPANS_VARIABLE, SpanValue, values_file};
use reentry_tests::{Log, event, json, workflow_after, workflow_of};
use reentry_wire::ResultFields;
use tokio::io::{AsyncBufReadExt, BufReader};
use tracing_subscriber::fmt::format::FmtSpan;

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let data_dir = arguments.next().context("usage: host-process DATA_DIR [FAULT_POINT TIME]")?;
    let log = Log::new();
    let mut observer: Arc<dyn Observer> = log.clone();
    if let Some(path) = std::env::var_os(SPANS_VARIABLE) {
        let open = |path: &Path| OpenOptions::new().create(true).append(true).open(path);
        let file = open(path.as_ref())?;
        let values = Mutex::new(open(&values_file(path.as_ref()))?);
        observer = Arc::new(Values { log: log.clone(), values });
        tracing_subscriber::fmt()
            .with_span_events(FmtSpan::NEW | FmtSpan::CLOSE)
            .with_ansi(false)
            .with_writer(Mutex::new(file))
            .init();
    }
    let mut builder = Host::builder().data_dir(data_dir).background(false).observer(observer);
    if let (Some(point), Some(time)) = (arguments.next(), arguments.next()) {
        builder = builder.on_fault_point(die_at(point, time.parse()?));
    }
    let host = builder.build().await?;
    println!("ready");

    let mut woken = Vec::new();
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let before = log.lines().len();
        let request = serde_json::from_str(&line)?;
        let response = match respond(&host, request, &mut woken, || log.lines().split_off(before)).await {
            Ok(response) => response,
            Err(error) => {
                let error: Error = error.downcast()?;
                Response::Refused { code: error.code().to_owned(), message: error.to_string() }
            }
        };
        println!("{}", serde_json::to_string(&response)?);
    }
    Ok(())
}

/// Writes down the spans that it gets, beside keeping the log.
struct Values {
    log: Arc<Log>,
    values: Mutex<File>,
}

impl Observer for Values {
    fn log(&self, source: &Source, level: Level, message: &str, fields: Option<&Json>) {
        self.log.log(source, level, message, fields);
    }

    fn wants_spans(&self) -> bool {
        true
    }

    fn span(&self, span: &Span) {
        let line = serde_json::to_string(&SpanValue::of(span)).expect("texts and numbers");
        let mut file = self.values.lock().expect("nothing panics with it");
        writeln!(file, "{line}").expect("the file of spans is writable");
    }
}

/// `woken` are the runs whose time has come in this process: one look for what is due wakes all of them.
async fn respond(
    host: &Host,
    request: Request,
    woken: &mut Vec<RunId>,
    log: impl Fn() -> Vec<String>,
) -> Result<Response> {
    let tenant = host.default_tenant();
    let run = match request {
        Request::Begin { component, step, input, context } => {
            let run = workflow_of(&tenant, &component, &step).await?.new_run().create().await?;
            run.start(StartOptions::input(input).request_context(context)).await?;
            run.id()
        }
        Request::Answer { run, label, data, context } => {
            let step = label.map(Target::label).unwrap_or_default();
            let options = ResumeOptions::data(data).request_context(context);
            tenant.run(run).await?.resume(options.step(step)).await?;
            run
        }
        Request::Event { run, name, key, payload } => {
            tenant.send_event(SendEvent::new(name).key(key).payload(payload)).await?;
            while tenant.run(run).await?.status().await? == RunStatus::Running {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
            host.quiet().await;
            run
        }
        Request::Due(run) => {
            while !woken.contains(&run) {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                woken.extend(host.wake_due().await?);
            }
            run
        }
        other => return Ok(Response::Done { result: serve(host, other).await?, log: log() }),
    };
    let result = tenant.run(run).await?.result(OutputOptions::default()).await?;
    let asked = result.suspended.into_iter();
    Ok(Response::Rests(Rest {
        run,
        status: result.status,
        result: result.result,
        error: result.error.map(serde_json::to_value).transpose()?,
        asked: asked.map(|step| Asked { payload: step.payload, labels: step.labels }).collect(),
        log: log(),
    }))
}

async fn serve(host: &Host, request: Request) -> Result<serde_json::Value> {
    let tenant = host.default_tenant();
    let result = match request {
        Request::Start { component, step, before, input } => {
            let run = workflow_after(&tenant, &component, &before, &step).await?.new_run().create().await?;
            run.start(StartOptions::input(json(input))).await?
        }
        Request::Resume { run, data } => {
            tenant.run(run).await?.resume(ResumeOptions::data(json(data))).await?
        }
        Request::Migrate { run, component, step } => {
            let to = workflow_of(&tenant, &component, &step).await?.digest();
            let migration = tenant.run(run).await?.migrate(to).await?;
            return Ok(serde_json::to_value(reentry_wire::Migration::from(&migration))?);
        }
        Request::Cancel(run) => tenant.run(run).await?.cancel().await?,
        Request::Pause(run) => tenant.run(run).await?.pause().await?,
        Request::Unpause(run) => tenant.run(run).await?.unpause().await?,
        Request::Restart(run) => tenant.run(run).await?.restart().await?,
        Request::Travel { run, to } => {
            let back = TravelOptions::to(to);
            tenant.run(run).await?.travel(back).await?
        }
        Request::Send { name, payload } => {
            let receipt = tenant.send_event(event(&name, payload)).await?;
            return Ok(serde_json::json!({"delivered": receipt.delivered}));
        }
        Request::Recover => return all(&tenant, host.recover().await?).await,
        Request::Wake => return all(&tenant, host.wake_due().await?).await,
        Request::Begin { .. } | Request::Answer { .. } | Request::Event { .. } | Request::Due(_) => {
            anyhow::bail!("this request is answered elsewhere")
        }
    };
    Ok(serde_json::to_value(ResultFields::from(&result))?)
}

/// The results of several runs.
async fn all(tenant: &Tenant, runs: Vec<RunId>) -> Result<serde_json::Value> {
    let mut results: Vec<RunResult> = Vec::new();
    for run in runs {
        results.push(tenant.run(run).await?.result(OutputOptions::default()).await?);
    }
    Ok(results
        .iter()
        .map(|result| serde_json::to_value(ResultFields::from(result)))
        .collect::<Result<_, _>>()?)
}

/// Ends this process with SIGKILL at a fault point.
fn die_at(point: String, time: u32) -> reentry::fault::FaultHook {
    let passed = AtomicU32::new(0);
    Arc::new(move |here: FaultPoint| {
        if here.to_string() == point && passed.fetch_add(1, Ordering::SeqCst) + 1 == time {
            // Nothing of this process runs after this: no destructor, no flush. A shell has `kill` built in; the
            // program is not everywhere.
            let kill = format!("kill -9 {}", std::process::id());
            let _ = std::process::Command::new("sh").args(["-c", &kill]).status();
            loop {
                std::thread::park();
            }
        }
    })
}

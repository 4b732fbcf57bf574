//! Hosts in processes of their own: driven line by line, and killed.
//!
//! The process is the binary `host-process` of this package. It takes one JSON request a line and answers each with
//! one line.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result, bail};
use reentry::core::id::RunId;
use reentry::core::json::Json;
use reentry::core::path::StepPath;
use reentry::core::run::RunStatus;
use reentry::{Span, SpanOf, SpanStatus};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// Variable with the file to which a host process writes its spans.
pub const SPANS_VARIABLE: &str = "REENTRY_TEST_SPANS";

/// A span that an observer got, as a host process writes it to [`values_file`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SpanValue {
    /// The trace.
    pub trace: String,
    /// The span.
    pub id: String,
    /// The one that it is below.
    pub parent: Option<String>,
    /// What it is called, and what it is of.
    pub name: String,
    /// When it began.
    pub start: u64,
    /// When it ended.
    pub end: u64,
    /// What went wrong.
    pub error: Option<String>,
}

impl SpanValue {
    /// What of a span is written.
    pub fn of(span: &Span) -> Self {
        let name = match &span.of {
            SpanOf::Call { path, call, attempt } => format!("{path} call {call} try {attempt}"),
            _ => span.name.to_owned(),
        };
        let error = match &span.status {
            SpanStatus::Ok => None,
            SpanStatus::Error(why) => Some(why.clone()),
        };
        Self {
            trace: span.trace_id.to_string(),
            id: span.span_id.to_string(),
            parent: span.parent_span_id.map(|id| id.to_string()),
            name,
            start: span.start.0,
            end: span.end.0,
            error,
        }
    }
}

/// The file to which a process writes the spans that its observer gets, one a line, beside that of its spans.
pub fn values_file(spans: &Path) -> PathBuf {
    spans.with_extension("values")
}

/// Something that a host in another process is to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Request {
    /// Creates a run of a sample step and starts it.
    Start {
        /// Sample component.
        component: String,
        /// Step of it.
        step: String,
        /// Entries before the step.
        before: Vec<Value>,
        /// Its input.
        input: Value,
    },
    /// Resumes a run.
    Resume {
        /// The run.
        run: RunId,
        /// The answer.
        data: Value,
    },
    /// Cancels a run.
    Cancel(RunId),
    /// Pauses a run.
    Pause(RunId),
    /// Lets a paused run go on.
    Unpause(RunId),
    /// Has a run that ended badly go on.
    Restart(RunId),
    /// Sends a run back to an entry.
    Travel {
        /// The run.
        run: RunId,
        /// The entry.
        to: StepPath,
    },
    /// Sends an event under an id of its own.
    Send {
        /// Name and id of the event.
        name: String,
        /// Its payload.
        payload: Value,
    },
    /// Moves a run to a workflow of one step of another component.
    Migrate {
        /// The run.
        run: RunId,
        /// Sample component.
        component: String,
        /// Step of it.
        step: String,
    },
    /// Takes over what dead processes left.
    Recover,
    /// Wakes what is due.
    Wake,
    /// As [`Self::Start`], with all that a test may want to say, and an answer that keeps every text:
    /// [`Response::Rests`].
    Begin {
        /// Sample component.
        component: String,
        /// Step of it.
        step: String,
        /// Its input.
        input: Json,
        /// The request context.
        context: BTreeMap<String, Json>,
    },
    /// As [`Self::Resume`], likewise.
    Answer {
        /// The run.
        run: RunId,
        /// The label of the suspension that is answered; without one, there is only one.
        label: Option<String>,
        /// The answer.
        data: Json,
        /// The request context.
        context: BTreeMap<String, Json>,
    },
    /// Sends an event, and waits until the run that waits for it rests.
    Event {
        /// The run.
        run: RunId,
        /// Name of the event.
        name: String,
        /// Its key.
        key: String,
        /// Its payload.
        payload: Json,
    },
    /// Waits until the time has come that a run waits for, and wakes it. Answered like [`Self::Begin`].
    Due(RunId),
}

/// A run that has ended or waits.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rest {
    /// The run.
    pub run: RunId,
    /// How it stands.
    pub status: RunStatus,
    /// What it came to.
    pub result: Option<Json>,
    /// Why it failed.
    pub error: Option<Value>,
    /// What it asks.
    pub asked: Vec<Asked>,
    /// The lines that guests logged meanwhile.
    pub log: Vec<String>,
}

/// An open question.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Asked {
    /// What the one who answers gets to see.
    pub payload: Json,
    /// Names by which it may be addressed.
    pub labels: Vec<String>,
}

/// What came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Response {
    /// The result, as it goes over the wire, and the lines that guests logged.
    Done {
        /// The result.
        result: Value,
        /// The log.
        log: Vec<String>,
    },
    /// What came of the requests that keep every text.
    Rests(Rest),
    /// An error.
    Refused {
        /// Its stable word.
        code: String,
        /// Its text.
        message: String,
    },
}

/// A host in a process of its own. Killed when this is dropped.
pub struct HostProcess {
    child: Child,
    requests: ChildStdin,
    responses: Lines<BufReader<ChildStdout>>,
}

impl HostProcess {
    /// Starts a host on a data folder. With `die_at`, it ends itself with SIGKILL when it passes that fault point for
    /// the given time (1 is the first).
    ///
    /// # Errors
    /// When the process cannot be started.
    pub async fn start(program: &Path, data_dir: &Path, die_at: Option<(&str, u32)>) -> Result<Self> {
        Self::run(Command::new(program), program, data_dir, die_at).await
    }

    /// The same, and its spans are written to the end of a file, as lines of `tracing_subscriber`.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_traced(
        program: &Path,
        data_dir: &Path,
        die_at: Option<(&str, u32)>,
        spans: &Path,
    ) -> Result<Self> {
        let mut command = Command::new(program);
        command.env(SPANS_VARIABLE, spans);
        Self::run(command, program, data_dir, die_at).await
    }

    async fn run(
        mut command: Command,
        program: &Path,
        data_dir: &Path,
        die_at: Option<(&str, u32)>,
    ) -> Result<Self> {
        command.arg(data_dir).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        if let Some((point, time)) = die_at {
            command.arg(point).arg(time.to_string());
        }
        let mut child = command.spawn().with_context(|| program.display().to_string())?;
        let requests = child.stdin.take().context("standard input is piped")?;
        let responses = BufReader::new(child.stdout.take().context("standard output is piped")?).lines();
        let mut process = Self { child, requests, responses };
        match process.responses.next_line().await? {
            Some(ready) if ready == "ready" => Ok(process),
            other => bail!("the host process said {other:?} instead of `ready`"),
        }
    }

    /// Sends a request without waiting for what comes of it.
    ///
    /// # Errors
    /// When the process is gone.
    pub async fn send(&mut self, request: &Request) -> Result<()> {
        let line = serde_json::to_string(request)? + "\n";
        self.requests.write_all(line.as_bytes()).await?;
        Ok(self.requests.flush().await?)
    }

    /// Waits for what came of a request; `None` when the process has died.
    ///
    /// # Errors
    /// When it says something else.
    pub async fn response(&mut self) -> Result<Option<Response>> {
        let line = self.responses.next_line().await?;
        line.map(|line| serde_json::from_str(&line).with_context(|| line.clone())).transpose()
    }

    /// Has something done; `None` when the process died over it.
    ///
    /// # Errors
    /// As [`Self::response`].
    pub async fn ask(&mut self, request: &Request) -> Result<Option<Response>> {
        match self.send(request).await {
            Ok(()) => self.response().await,
            Err(_) => Ok(None),
        }
    }

    /// Ends the process with SIGKILL, and waits until it is gone.
    ///
    /// # Errors
    /// When it was gone already.
    pub async fn kill(mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }
}

//! Watching a run: what happened, then what happens, until it has ended.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use reentry_core::id::RunId;
use reentry_core::json::Json;
use reentry_core::path::StepPath;
use reentry_core::run::{LogEntry, LogKind, RunStatus, Step};
use reentry_core::time::Timestamp;
use reentry_store::LogRow;
use serde::Serialize;
use serde_json::{Value, json};

use crate::error::Error;
use crate::live::{Happened, Listener};
use crate::run::Run;

/// How often a watcher looks for what other processes did to the run.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// After how many looks in vain a watcher makes sure that the run is still there.
const LOOKS_IN_VAIN: u32 = 20;

/// Most commits that are read at once.
const ROWS: usize = 100;

/// Something that watchers see. On the wire as Mastra's: `{type, runId, from, payload}`, with its place beside it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WatchEvent {
    /// What happened, in a word.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The run.
    pub run_id: RunId,
    /// `WORKFLOW`, or `USER` for what a step emitted.
    pub from: &'static str,
    /// The data: that of a step is taken from its record as it is when the event is read.
    pub payload: Value,
    /// The version of the run with which it came; a watcher can go on after it. For what a step emitted, the version before.
    pub version: u64,
    /// Its place among the events of that version.
    pub index: usize,
    /// When it was.
    pub at: Timestamp,
}

/// A run that is being watched. Dropping it ends the watching.
#[derive(Debug)]
pub struct Watch {
    run: Run,
    listener: Listener,
    after: u64,
    ready: VecDeque<WatchEvent>,
    /// Looks at the log since the run itself was looked at; `None` when it has to be, because the log says that it stopped.
    looks: Option<u32>,
    ended: bool,
}

impl Run {
    /// Watches the run: first what happened after a version of it (`None`: everything), then what happens. What steps emit is not
    /// stored: only chunks of steps that this process calls are seen, from now on.
    ///
    /// What this process does is seen at once. For what others do, the log of the run is looked at four times a second, which costs one
    /// search in an index.
    pub fn watch(&self, after: Option<u64>) -> Watch {
        let listener = self.host.inner.live.listen(self.id);
        let after = after.unwrap_or_default();
        Watch { run: self.watched(), listener, after, ready: VecDeque::new(), looks: None, ended: false }
    }
}

impl Watch {
    /// The next event; `None` when the run has ended and all was seen. Can be dropped and asked again.
    ///
    /// # Errors
    /// `NotFound` when there is no such run (any more); `Damaged`, `Unavailable`.
    pub async fn next(&mut self) -> Result<Option<WatchEvent>, Error> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                self.run.saw(event.version);
                return Ok(Some(event));
            }
            if self.ended {
                return Ok(None);
            }
            // What was emitted before a commit is seen before it.
            if let Some(Happened::Emitted(path, chunk)) = self.listener.now() {
                self.emitted(&path, &chunk);
                continue;
            }
            // Looked at first: what ended the run is in the log then.
            let ended = self.has_ended().await?;
            if self.read().await? {
                continue;
            }
            self.ended = ended;
            if ended {
                continue;
            }
            let clock = &*self.run.host.inner.clock;
            if let Some(Happened::Emitted(path, chunk)) = self.listener.next(clock, LOOK_EVERY).await {
                self.emitted(&path, &chunk);
            }
        }
    }

    /// Whether the run has ended. The run itself, which grows with its open steps, is read only when there is reason to.
    async fn has_ended(&mut self) -> Result<bool, Error> {
        match self.looks {
            Some(looks) if looks < LOOKS_IN_VAIN => {
                self.looks = Some(looks + 1);
                Ok(false)
            }
            _ => {
                self.looks = Some(0);
                Ok(self.run.load().await?.status().is_final())
            }
        }
    }

    /// Reads what was stored since. Says whether there was anything.
    async fn read(&mut self) -> Result<bool, Error> {
        let store = &self.run.host.inner.store;
        let rows = store.log(self.run.id, self.after, ROWS).await?;
        for row in &rows {
            let entries = entries(self.run.id, row)?;
            if entries.iter().any(|entry| matches!(entry.kind, LogKind::Stopped { .. })) {
                self.looks = None;
            }
            let paths: Vec<StepPath> = entries.iter().map(|entry| entry.path.clone()).collect();
            let records = store.outputs(self.run.id, &paths).await?;
            let records: BTreeMap<StepPath, Option<Step>> = records.into_iter().collect();
            let seen = entries.iter().flat_map(|entry| {
                let record = records.get(&entry.path).and_then(Option::as_ref);
                events(entry, record)
            });
            let (run_id, version, at) = (self.run.id, row.version, row.at);
            self.ready.extend(seen.enumerate().map(|(index, (kind, payload))| {
                let from = "WORKFLOW";
                WatchEvent { kind, run_id, from, payload, version, index, at }
            }));
            self.after = row.version;
        }
        Ok(!rows.is_empty())
    }

    fn emitted(&mut self, path: &StepPath, chunk: &Json) {
        self.ready.push_back(WatchEvent {
            kind: "workflow-step-output",
            run_id: self.run.id,
            from: "USER",
            payload: json!({"id": path, "output": chunk}),
            version: self.after,
            index: 0,
            at: self.run.host.inner.clock.now(),
        });
    }
}

/// What watchers saw of one commit.
pub(crate) fn entries(run: RunId, row: &LogRow) -> Result<Vec<LogEntry>, Error> {
    row.entries.decode().map_err(|error| Error::Damaged {
        what: format!("log of run {run}, version {}", row.version),
        reason: error.to_string(),
    })
}

/// The events that an entry of the log is told as: a name and a payload each.
fn events(entry: &LogEntry, record: Option<&Step>) -> Vec<(&'static str, Value)> {
    let (path, shown) = (&entry.path, record.map(Step::shown));
    let of = |value: fn(&reentry_core::run::StepEntry) -> Value| shown.as_ref().map_or(Value::Null, value);
    // The workflow itself is told of by the events of the run.
    let begins_or_ends = matches!(entry.kind, LogKind::Began | LogKind::Ended { .. });
    if path.is_root() && begins_or_ends {
        return Vec::new();
    }
    let one = match &entry.kind {
        LogKind::Started => ("workflow-start", json!({"payload": of(|entry| json!(entry.payload))})),
        LogKind::Resumed => ("workflow-start", json!({"resumed": true})),
        LogKind::Began => {
            let (payload, at) = (of(|entry| json!(entry.payload)), of(|entry| json!(entry.started_at)));
            (
                "workflow-step-start",
                json!({"id": path, "payload": payload, "startedAt": at, "status": "running"}),
            )
        }
        LogKind::Reentered { call } => {
            let answer = of(|entry| json!(entry.resume_payload));
            let payload = json!({"id": path, "call": call, "resumePayload": answer, "status": "running"});
            ("workflow-step-start", payload)
        }
        LogKind::Ended { status } => ("workflow-step-result", result(path, json!(status), of(|e| json!(e)))),
        LogKind::Retrying { attempt, until } => {
            ("workflow-step-waiting", json!({"id": path, "attempt": attempt, "until": until}))
        }
        LogKind::AnswerRefused { suspension, message } => (
            "workflow-step-answer-refused",
            json!({"id": path, "suspensionId": suspension, "message": message, "status": "suspended"}),
        ),
        LogKind::Suspended { suspension } => {
            let (shown, at) =
                (of(|entry| json!(entry.suspend_payload)), of(|entry| json!(entry.suspended_at)));
            let payload =
                json!({"id": path, "suspensionId": suspension, "suspendPayload": shown, "suspendedAt": at});
            ("workflow-step-suspended", payload)
        }
        LogKind::Waiting { until } => ("workflow-step-waiting", json!({"id": path, "until": until})),
        LogKind::Progress { completed, total, index } => {
            let counts =
                json!({"id": path, "completedCount": completed, "totalCount": total, "currentIndex": index});
            ("workflow-step-progress", counts)
        }
        LogKind::Paused => ("workflow-paused", json!({})),
        LogKind::Unpaused => ("workflow-unpaused", json!({})),
        LogKind::TakenOver => ("workflow-taken-over", json!({})),
        LogKind::Restarted => ("workflow-restarted", json!({})),
        LogKind::Traveled => ("workflow-traveled", json!({"id": path})),
        LogKind::Forked => ("workflow-forked", json!({})),
        LogKind::Migrated => ("workflow-migrated", json!({})),
        LogKind::Stopped { status } => return finish(*status, &of(|entry| json!(entry))),
    };
    vec![one]
}

fn result(path: &StepPath, status: Value, entry: Value) -> Value {
    let mut payload = match entry {
        Value::Object(entry) => entry,
        _ => serde_json::Map::new(),
    };
    payload.insert("id".to_owned(), json!(path));
    payload.insert("status".to_owned(), status);
    Value::Object(payload)
}

fn finish(status: RunStatus, root: &Value) -> Vec<(&'static str, Value)> {
    let mut payload = json!({"workflowStatus": status});
    for key in ["output", "error"] {
        if let (true, Some(value), Some(to)) = (status.is_final(), root.get(key), payload.as_object_mut()) {
            to.insert(key.to_owned(), value.clone());
        }
    }
    let finished = ("workflow-finish", payload);
    match status {
        RunStatus::Canceled => vec![("workflow-canceled", json!({})), finished],
        // It is told when it is asked for.
        RunStatus::Paused => Vec::new(),
        _ => vec![finished],
    }
}

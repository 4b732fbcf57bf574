//! Watching a run: what happened, then what happens, until it has ended.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use reentry_core::id::RunId;
use reentry_core::json::{Json, JsonError};
use reentry_core::path::StepPath;
use reentry_core::run::{LogEntry, LogKind, RunStatus, Step, StepEntry};
use reentry_core::time::Timestamp;
use reentry_store::{CallLogFilter, LogPlace, LogRow};
use serde::Serialize;
use serde_json::Value;

use crate::error::Error;
use crate::live::{Happened, Listener};
use crate::logs::{LogLine, lines};
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
    pub payload: WatchPayload,
    /// The version of the run with which it came; a watcher can go on after it. For what a step emitted, the version before.
    pub version: u64,
    /// Its place among the events of that version.
    pub index: usize,
    /// When it was; of a line of the log, when that was logged.
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
                Ok(self.run.load().await?.status().stands_still())
            }
        }
    }

    /// Reads what was stored since. Says whether there was anything.
    async fn read(&mut self) -> Result<bool, Error> {
        let store = &self.run.host.inner.store;
        let rows = store.log(self.run.id, self.after, ROWS).await?;
        let mut logged = match rows.last() {
            Some(last) => self.logged(last.version).await?,
            None => BTreeMap::new(),
        };
        for row in &rows {
            let entries = entries(self.run.id, row)?;
            if entries.iter().any(|entry| matches!(entry.kind, LogKind::Stopped { .. })) {
                self.looks = None;
            }
            let paths: Vec<StepPath> = entries.iter().map(|entry| entry.path.clone()).collect();
            let records = store.outputs(self.run.id, &paths).await?;
            let records: BTreeMap<StepPath, Option<Step>> = records.into_iter().collect();
            // What was logged in a call is told before its end.
            let later = logged.split_off(&row.version.saturating_add(1));
            let lines = std::mem::replace(&mut logged, later).into_values().flatten();
            let mut seen: Vec<_> =
                lines.map(|line| (line.at, "workflow-step-log", line_payload(line))).collect();
            for entry in &entries {
                let record = records.get(&entry.path).and_then(Option::as_ref);
                let events = events(entry, record).map_err(|error| unreadable(self.run.id, row, error))?;
                seen.extend(events.into_iter().map(|(kind, payload)| (row.at, kind, payload)));
            }
            let (run_id, version) = (self.run.id, row.version);
            self.ready.extend(seen.into_iter().enumerate().map(|(index, (at, kind, payload))| {
                let from = "WORKFLOW";
                WatchEvent { kind, run_id, from, payload, version, index, at }
            }));
            self.after = row.version;
        }
        Ok(!rows.is_empty())
    }

    /// What guests logged since, by the version with which the call ended, up to a version.
    async fn logged(&self, until: u64) -> Result<BTreeMap<u64, Vec<LogLine>>, Error> {
        let run = self.run.id;
        let (mut after, mut logged) = (LogPlace { run, version: self.after, lines: 0 }, BTreeMap::new());
        loop {
            let filter = CallLogFilter { step: None, after: Some(after) };
            let page = self.run.host.inner.store.call_logs(run, &filter).await?;
            for row in page.rows.into_iter().filter(|row| row.version <= until) {
                logged.insert(row.version, lines(row)?);
            }
            match page.next {
                Some(next) if page.more && next.version < until => after = next,
                _ => return Ok(logged),
            }
        }
    }

    fn emitted(&mut self, path: &StepPath, chunk: &Json) {
        self.ready.push_back(WatchEvent {
            kind: "workflow-step-output",
            run_id: self.run.id,
            from: "USER",
            payload: WatchPayload::from([("id", path.to_string().into()), ("output", chunk.clone())]),
            version: self.after,
            index: 0,
            at: self.run.host.inner.clock.now(),
        });
    }
}

/// What watchers saw of one commit.
pub(crate) fn entries(run: RunId, row: &LogRow) -> Result<Vec<LogEntry>, Error> {
    row.entries.decode().map_err(|error| unreadable(run, row, error))
}

fn unreadable(run: RunId, row: &LogRow, error: JsonError) -> Error {
    Error::Damaged { what: format!("log of run {run}, version {}", row.version), reason: error.to_string() }
}

/// The data of an event, by key.
pub type WatchPayload = BTreeMap<&'static str, Json>;

/// The events that an entry of the log is told as: a name and a payload each.
fn events(entry: &LogEntry, record: Option<&Step>) -> Result<Vec<(&'static str, WatchPayload)>, JsonError> {
    let (path, shown) = (&entry.path, record.map(Step::shown));
    // The workflow itself is told of by the events of the run.
    let begins_or_ends = matches!(entry.kind, LogKind::Began | LogKind::Ended { .. });
    if path.is_root() && begins_or_ends {
        return Ok(Vec::new());
    }
    let shown = shown.as_ref();
    let mut payload = WatchPayload::new();
    let mut with = |key, value: Result<Json, JsonError>| value.map(|value| _ = payload.insert(key, value));
    let id = || Json::record(path);
    let maybe = |value: Option<&Option<Json>>| Ok(value.cloned().flatten().unwrap_or_else(Json::null));
    let name = match &entry.kind {
        LogKind::Started { .. } => {
            with("payload", Ok(shown.map_or_else(Json::null, |entry| entry.payload.clone())))?;
            "workflow-start"
        }
        LogKind::Resumed { .. } => {
            with("resumed", Json::record(&true))?;
            "workflow-start"
        }
        LogKind::Began => {
            with("id", id())?;
            with("payload", Ok(shown.map_or_else(Json::null, |entry| entry.payload.clone())))?;
            with("startedAt", Json::record(&shown.map(|entry| entry.started_at)))?;
            with("status", Json::record("running"))?;
            "workflow-step-start"
        }
        LogKind::Reentered { call } => {
            with("id", id())?;
            with("call", Json::record(call))?;
            with("resumePayload", maybe(shown.map(|entry| &entry.resume_payload)))?;
            with("status", Json::record("running"))?;
            "workflow-step-start"
        }
        // That the entry begins or goes on is told beside it.
        LogKind::Called { .. } => return Ok(Vec::new()),
        LogKind::Ended { status } => {
            if let Some(entry) = shown {
                payload = whole(entry)?;
            }
            payload.insert("id", id()?);
            payload.insert("status", Json::record(status)?);
            "workflow-step-result"
        }
        LogKind::Retrying { attempt, until } => {
            with("id", id())?;
            with("attempt", Json::record(attempt))?;
            with("until", Json::record(until))?;
            "workflow-step-waiting"
        }
        LogKind::AnswerRefused { suspension, message } => {
            with("id", id())?;
            with("suspensionId", Json::record(suspension))?;
            with("message", Json::record(message))?;
            with("status", Json::record("suspended"))?;
            "workflow-step-answer-refused"
        }
        LogKind::Suspended { suspension } => {
            with("id", id())?;
            with("suspensionId", Json::record(suspension))?;
            with("suspendPayload", maybe(shown.map(|entry| &entry.suspend_payload)))?;
            with("suspendedAt", Json::record(&shown.and_then(|entry| entry.suspended_at)))?;
            "workflow-step-suspended"
        }
        LogKind::Waiting { until } => {
            with("id", id())?;
            with("until", Json::record(until))?;
            "workflow-step-waiting"
        }
        LogKind::Progress { completed, total, index } => {
            with("id", id())?;
            with("completedCount", Json::record(completed))?;
            with("totalCount", Json::record(total))?;
            with("currentIndex", Json::record(index))?;
            "workflow-step-progress"
        }
        LogKind::Paused => "workflow-paused",
        LogKind::Unpaused => "workflow-unpaused",
        LogKind::TakenOver => "workflow-taken-over",
        LogKind::Restarted => "workflow-restarted",
        LogKind::Traveled => {
            with("id", id())?;
            "workflow-traveled"
        }
        LogKind::Forked => "workflow-forked",
        LogKind::Migrated => "workflow-migrated",
        LogKind::Stopped { status } => return finish(*status, shown),
    };
    Ok(vec![(name, payload)])
}

/// What is told of a line that a guest logged.
fn line_payload(line: LogLine) -> WatchPayload {
    let mut payload = WatchPayload::from([
        ("id", line.path.to_string().into()),
        ("call", Value::from(line.call).into()),
        ("attempt", Value::from(line.attempt).into()),
        ("level", line.level.as_str().to_owned().into()),
        ("message", line.message.into()),
    ]);
    payload.extend(line.fields.map(|fields| ("fields", fields)));
    payload.extend(line.dropped.map(|dropped| ("dropped", Value::from(dropped).into())));
    payload
}

/// All that results show of an entry.
fn whole(entry: &StepEntry) -> Result<WatchPayload, JsonError> {
    let mut payload = WatchPayload::new();
    payload.insert("payload", entry.payload.clone());
    payload.insert("startedAt", Json::record(&entry.started_at)?);
    let texts = [
        ("output", &entry.output),
        ("suspendPayload", &entry.suspend_payload),
        ("resumePayload", &entry.resume_payload),
    ];
    payload.extend(texts.into_iter().filter_map(|(key, text)| Some((key, text.clone()?))));
    let instants =
        [("endedAt", entry.ended_at), ("suspendedAt", entry.suspended_at), ("resumedAt", entry.resumed_at)];
    for (key, at) in instants.into_iter().filter_map(|(key, at)| Some((key, at?))) {
        payload.insert(key, Json::record(&at)?);
    }
    if let Some(error) = &entry.error {
        payload.insert("error", Json::record(error)?);
    }
    Ok(payload)
}

fn finish(
    status: RunStatus,
    root: Option<&StepEntry>,
) -> Result<Vec<(&'static str, WatchPayload)>, JsonError> {
    let mut payload = WatchPayload::from([("workflowStatus", Json::record(&status)?)]);
    if let (true, Some(root)) = (status.is_final(), root) {
        let mut root = whole(root)?;
        payload.extend(["output", "error"].into_iter().filter_map(|key| root.remove_entry(key)));
    }
    let finished = ("workflow-finish", payload);
    Ok(match status {
        RunStatus::Canceled => vec![("workflow-canceled", WatchPayload::new()), finished],
        // It is told when it is asked for.
        RunStatus::Paused => Vec::new(),
        _ => vec![finished],
    })
}

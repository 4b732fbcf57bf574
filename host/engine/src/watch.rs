//! Watching a run: what happened, then what happens, until it has ended.

use std::collections::{BTreeMap, VecDeque};
use std::ops::RangeInclusive;
use std::time::Duration;

use reentry_core::actor::By;
use reentry_core::id::{RunId, TenantId};
use reentry_core::json::{Json, JsonError};
use reentry_core::path::StepPath;
use reentry_core::run::{LogEntry, LogKind, RunStatus, Step, StepEntry};
use reentry_core::time::Timestamp;
use reentry_store::{Ancestor, CallLogFilter, LogPlace, LogRow, Runs, StoreError};
use serde::Serialize;
use serde_json::Value;

use crate::error::Error;
use crate::live::{Happened, Listener};
use crate::logs::{LogLine, lines};
use crate::run::Run;
use crate::told::{Asked, Told};

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
    /// The run: the one that is watched, or one that it was forked from.
    pub run_id: RunId,
    /// `WORKFLOW`, or `USER` for what a step emitted.
    pub from: &'static str,
    /// The data. Questions and answers are as they were, and left out or `null` where they are not recorded; inputs and outputs are taken
    /// from the step's record, unless that is of a later time that the step was done.
    pub payload: WatchPayload,
    /// The version of that run with which it came; a watcher can go on after it. For what a step emitted, the version before.
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
    /// What is to be read first of the runs that this one was forked from; `None` as long as that is not known.
    past: Option<VecDeque<Ancestor>>,
    /// Up to which version the first of them was read.
    past_after: u64,
    ready: VecDeque<WatchEvent>,
    /// Looks at the log since the run itself was looked at; `None` when it has to be, because the log says that it stopped.
    looks: Option<u32>,
    ended: bool,
}

impl Run {
    /// Watches the run: first what happened after a version of it (`None`: everything, in the runs that it was forked from, too), then what
    /// happens. What steps emit is not stored: only chunks of steps that this process calls are seen, from now on.
    ///
    /// What this process does is seen at once. For what others do, the log of the run is looked at four times a second, which costs one
    /// search in an index.
    pub fn watch(&self, after: Option<u64>) -> Watch {
        let listener = self.tenant.shared.live.listen(self.id);
        let past = after.map(|_| VecDeque::new());
        Watch {
            run: self.watched(),
            listener,
            after: after.unwrap_or_default(),
            past,
            past_after: 0,
            ready: VecDeque::new(),
            looks: None,
            ended: false,
        }
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
                if event.run_id == self.run.id {
                    self.run.saw(event.version);
                }
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
            let clock = &*self.run.tenant.shared.clock;
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
        while let Some(Ancestor { run, until: Some(until) }) = self.next_of_past().await? {
            let past = Ancestor { run, until: Some(until) };
            let rows =
                log_of(&*self.run.tenant.shared.store, &self.run.tenant.id, past, self.past_after, ROWS)
                    .await?;
            if !rows.is_empty() {
                self.tell(run, self.past_after, &rows).await?;
                return Ok(true);
            }
            self.past_after = 0;
            if let Some(past) = &mut self.past {
                past.pop_front();
            }
        }
        let tenant = &self.run.tenant;
        let rows = tenant.shared.store.log(&tenant.id, self.run.id, self.after, ROWS).await?;
        self.tell(self.run.id, self.after, &rows).await?;
        Ok(!rows.is_empty())
    }

    /// The run that is to be read before this one, if there is any left.
    async fn next_of_past(&mut self) -> Result<Option<Ancestor>, Error> {
        let past = match &mut self.past {
            Some(past) => past,
            None => {
                let tenant = &self.run.tenant;
                let lineage = tenant.shared.store.lineage(&tenant.id, self.run.id).await?;
                self.past.insert(lineage.into_iter().filter(|one| one.until.is_some()).collect())
            }
        };
        Ok(past.front().copied())
    }

    /// Makes events of what was stored after a version. Each row counts as read as soon as its events are there, whatever becomes of those
    /// after it.
    async fn tell(&mut self, run: RunId, after: u64, rows: &[LogRow]) -> Result<(), Error> {
        let store = &self.run.tenant.shared.store;
        let mut logged = match rows.last() {
            Some(last) => self.logged(run, after..=last.version).await?,
            None => BTreeMap::new(),
        };
        let all: Vec<_> = rows.iter().map(|row| entries(run, row)).collect();
        let asked = Asked::of(&self.run.tenant, run, all.iter().flatten().flatten()).await?;
        for (row, entries) in rows.iter().zip(all) {
            let entries = entries?;
            if run == self.run.id && entries.iter().any(|entry| matches!(entry.kind, LogKind::Stopped { .. }))
            {
                self.looks = None;
            }
            let paths: Vec<StepPath> = entries.iter().map(|entry| entry.path.clone()).collect();
            let records = store.outputs(&self.run.tenant.id, run, &paths).await?;
            let records: BTreeMap<StepPath, Option<Step>> = records.into_iter().collect();
            // What was logged in a call is told before its end.
            let later = logged.split_off(&row.version.saturating_add(1));
            let lines = std::mem::replace(&mut logged, later).into_values().flatten();
            let mut seen: Vec<_> =
                lines.map(|line| (line.at, "workflow-step-log", line_payload(line))).collect();
            for entry in &entries {
                let record = records.get(&entry.path).and_then(Option::as_ref);
                let told = asked.told(entry, row.version);
                let events = events(entry, record, told, row.at);
                let events = events.map_err(|error| unreadable(run, row, error))?;
                seen.extend(events.into_iter().map(|(kind, payload)| (row.at, kind, payload)));
            }
            let version = row.version;
            self.ready.extend(seen.into_iter().enumerate().map(|(index, (at, kind, payload))| {
                let from = "WORKFLOW";
                WatchEvent { kind, run_id: run, from, payload, version, index, at }
            }));
            match run == self.run.id {
                true => self.after = version,
                false => self.past_after = version,
            }
        }
        Ok(())
    }

    /// What guests logged after the first version and up to the last one, by the version with which the call ended.
    async fn logged(
        &self,
        run: RunId,
        versions: RangeInclusive<u64>,
    ) -> Result<BTreeMap<u64, Vec<LogLine>>, Error> {
        let (version, until) = versions.into_inner();
        let (mut after, mut logged) = (LogPlace { run, version, lines: 0 }, BTreeMap::new());
        loop {
            let filter = CallLogFilter { step: None, after: Some(after) };
            let page = self.run.tenant.shared.store.call_logs(&self.run.tenant.id, run, &filter).await?;
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
            at: self.run.tenant.shared.clock.now(),
        });
    }
}

/// What is in the log of a run after a version, at most so many commits; of a parent, what was before the fork.
pub(crate) async fn log_of(
    store: &dyn Runs,
    tenant: &TenantId,
    of: Ancestor,
    after: u64,
    limit: usize,
) -> Result<Vec<LogRow>, StoreError> {
    let mut rows = store.log(tenant, of.run, after, limit).await?;
    rows.retain(|row| of.until.is_none_or(|until| row.version <= until));
    Ok(rows)
}

/// What watchers saw of one commit.
pub(crate) fn entries(run: RunId, row: &LogRow) -> Result<Vec<LogEntry>, Error> {
    let mut entries: Vec<LogEntry> = row.entries.decode().map_err(|error| unreadable(run, row, error))?;
    entries.iter_mut().for_each(|entry| entry.complete(run, row.version));
    Ok(entries)
}

fn unreadable(run: RunId, row: &LogRow, error: JsonError) -> Error {
    Error::Damaged { what: format!("log of run {run}, version {}", row.version), reason: error.to_string() }
}

/// The data of an event, by key.
pub type WatchPayload = BTreeMap<&'static str, Json>;

/// The events that an entry of the log is told as: a name and a payload each.
fn events(
    entry: &LogEntry,
    record: Option<&Step>,
    told: Told,
    at: Timestamp,
) -> Result<Vec<(&'static str, WatchPayload)>, JsonError> {
    let (path, shown) = (&entry.path, record.map(Step::shown));
    // The workflow itself is told of by the events of the run.
    let begins_or_ends = matches!(entry.kind, LogKind::Began { .. } | LogKind::Ended { .. });
    if path.is_root() && begins_or_ends {
        return Ok(Vec::new());
    }
    let shown = shown.as_ref();
    let mut payload = WatchPayload::new();
    let mut with = |key, value: Result<Json, JsonError>| value.map(|value| _ = payload.insert(key, value));
    let id = || Json::record(path);
    let maybe = |value: Option<Json>| Ok(value.unwrap_or_else(Json::null));
    let name = match &entry.kind {
        LogKind::Started { .. } => {
            with("payload", Ok(shown.map_or_else(Json::null, |entry| entry.payload.clone())))?;
            payload.extend(who(&entry.by)?);
            "workflow-start"
        }
        LogKind::Resumed { .. } => {
            with("resumed", Json::record(&true))?;
            with("answers", Json::record(&told.answers))?;
            "workflow-start"
        }
        LogKind::Began { .. } => {
            // A step that was done again has another input.
            let shown = shown.filter(|entry| entry.started_at == at);
            with("id", id())?;
            with("payload", Ok(shown.map_or_else(Json::null, |entry| entry.payload.clone())))?;
            with("startedAt", Json::record(&at))?;
            with("status", Json::record("running"))?;
            "workflow-step-start"
        }
        LogKind::Reentered { call, .. } => {
            with("id", id())?;
            with("call", Json::record(call))?;
            with("resumePayload", maybe(told.resume_payload))?;
            with("status", Json::record("running"))?;
            "workflow-step-start"
        }
        // That the entry goes on is told by what ended before.
        LogKind::Called { .. } => return Ok(Vec::new()),
        LogKind::Ended { status } => {
            if let Some(entry) = shown.filter(|entry| entry.ended_at == Some(at)) {
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
            if let Some(refused) = told.answers.into_iter().next() {
                with("resumePayload", maybe(refused.resume_payload))?;
                payload.extend(who(&refused.by)?);
            }
            "workflow-step-answer-refused"
        }
        LogKind::Suspended { suspension } => {
            with("id", id())?;
            with("suspensionId", Json::record(suspension))?;
            with("suspendPayload", maybe(told.suspend_payload))?;
            with("suspendedAt", Json::record(&told.suspended_at))?;
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
        LogKind::Stopped { status } => {
            return finish(*status, shown.filter(|entry| entry.ended_at == Some(at)), &entry.by);
        }
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

/// Who did something, by key.
fn who(by: &By) -> Result<WatchPayload, JsonError> {
    let mut who = WatchPayload::new();
    if let Some(actor) = &by.actor {
        who.insert("actor", Json::record(actor)?);
    }
    for (key, text) in [("channel", &by.channel), ("comment", &by.comment)] {
        if let Some(text) = text {
            who.insert(key, Json::record(text)?);
        }
    }
    Ok(who)
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
    by: &By,
) -> Result<Vec<(&'static str, WatchPayload)>, JsonError> {
    let mut payload = WatchPayload::from([("workflowStatus", Json::record(&status)?)]);
    if let (true, Some(root)) = (status.is_final(), root) {
        let mut root = whole(root)?;
        payload.extend(["output", "error"].into_iter().filter_map(|key| root.remove_entry(key)));
    }
    let finished = ("workflow-finish", payload);
    Ok(match status {
        RunStatus::Canceled => vec![("workflow-canceled", who(by)?), finished],
        // It is told when it is asked for.
        RunStatus::Paused => Vec::new(),
        _ => vec![finished],
    })
}

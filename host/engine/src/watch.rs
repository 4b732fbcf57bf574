//! Watching a run: what happened, then what happens, until it has ended.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::future::poll_fn;
use std::ops::RangeInclusive;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use reentry_core::id::{RunId, TenantId};
use reentry_core::json::{Json, JsonError};
use reentry_core::path::StepPath;
use reentry_core::run::{EntryRecord, LogEntry, LogKind};
use reentry_store::{Ancestor, CallLogFilter, LogPlace, LogRow, Runs, StoreError};

use crate::error::Error;
use crate::happening::{Happening, WatchEvent, happenings, is_of};
use crate::live::{Listener, Signal};
use crate::logs::{LogLine, lines};
use crate::run::Run;
use crate::told::Suspensions;

/// How often a watcher looks for what other processes did to the run.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// After how many looks in vain a watcher makes sure that the run is still there.
const LOOKS_IN_VAIN: u32 = 20;

/// Most commits that are read at once.
const ROWS: usize = 100;

/// What there is to see next; `None` when the run has ended and all was seen.
type Next = Result<Option<WatchEvent>, Error>;

/// A run that is being watched: [`Watch::next`], or the same as a [`Stream`]. Dropping it ends the watching.
pub struct Watch {
    run: RunId,
    /// The watcher, busy with what is next. It is left so when a caller stops waiting, and loses nothing.
    looking: Pin<Box<dyn Future<Output = (Watcher, Next)> + Send>>,
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Watch").field(&self.run).finish()
    }
}

/// What looks at a run, and how far it has come.
struct Watcher {
    run: Run,
    listener: Listener,
    after: u64,
    /// What is to be read first of the runs that this one was forked from; `None` as long as that is not known.
    past: Option<VecDeque<Ancestor>>,
    /// Up to which version the first of them was read.
    past_after: u64,
    ready: VecDeque<WatchEvent>,
    /// Looks at the log since the run itself was looked at; `None` when it has to be, because the log says that it
    /// stopped.
    looks: Option<u32>,
    ended: bool,
}

impl Run {
    /// Watches the run: first what happened after a version of it (`None`: everything, in the runs that it was forked
    /// from, too), then what happens. What steps emit is not stored: only chunks of steps that this process calls are
    /// seen, from now on.
    ///
    /// What this process does is seen at once. For what others do, the log of the run is looked at four times a
    /// second, which costs one search in an index.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/doc.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use reentry::{Happening, ResumeOptions, StartOptions};
    /// # use serde_json::json;
    /// # let (host, tenant, ask) = asks().await?;
    /// # let workflow = tenant.workflow("approval").then(ask.step("ask")).commit().await?;
    /// # let run = workflow.new_run().start(StartOptions::input(json!({"amount": 120}))).await?.run;
    /// run.resume(ResumeOptions::data(json!(true))).await?;
    /// let mut watch = run.watch(None);
    /// let mut happened = Vec::new();
    /// while let Some(event) = watch.next().await? {
    ///     happened.push(event.what);
    /// }
    /// assert!(happened.iter().any(|what| matches!(what, Happening::Suspended { .. })));
    /// assert!(matches!(happened.last(), Some(Happening::Finished { .. })));
    /// # Ok(())
    /// # }
    /// ```
    pub fn watch(&self, after: Option<u64>) -> Watch {
        let listener = self.tenant.shared.live.listen(self.id);
        let past = after.map(|_| VecDeque::new());
        let watcher = Watcher {
            run: self.watched(),
            listener,
            after: after.unwrap_or_default(),
            past,
            past_after: 0,
            ready: VecDeque::new(),
            looks: None,
            ended: false,
        };
        Watch { run: self.id, looking: Box::pin(watcher.look()) }
    }
}

impl Watch {
    /// Returns the next event; `None` when the run has ended and all was seen. The future can be dropped and asked
    /// for again.
    ///
    /// # Errors
    /// `NotFound` when there is no such run (any more); `Damaged`, `Unavailable`.
    pub async fn next(&mut self) -> Result<Option<WatchEvent>, Error> {
        poll_fn(|context| self.poll(context)).await
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Next> {
        self.looking.as_mut().poll(context).map(|(watcher, next)| {
            self.looking = Box::pin(watcher.look());
            next
        })
    }
}

/// What [`Watch::next`] returns, until it returns `None`. An error does not end the stream: polled again, it looks
/// again.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/doc.rs"));
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use reentry::StartOptions;
/// # use serde_json::json;
/// # let (host, tenant, ask) = asks().await?;
/// # let workflow = tenant.workflow("approval").then(ask.step("ask")).commit().await?;
/// # let run = workflow.new_run().start(StartOptions::input(json!({"amount": 120}))).await?.run;
/// use std::{future::poll_fn, pin::Pin};
///
/// use futures_core::Stream;
///
/// run.cancel().await?;
/// let mut watch = run.watch(None);
/// let mut seen = 0;
/// // With a crate of combinators: `watch.try_for_each(..)`.
/// while let Some(event) = poll_fn(|context| Pin::new(&mut watch).poll_next(context)).await {
///     seen += usize::from(event?.run_id == run.id());
/// }
/// assert!(seen > 1);
/// # Ok(())
/// # }
/// ```
impl Stream for Watch {
    type Item = Result<WatchEvent, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll(context).map(Result::transpose)
    }
}

impl Watcher {
    async fn look(mut self) -> (Self, Next) {
        let next = self.next().await;
        (self, next)
    }

    async fn next(&mut self) -> Next {
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
            if let Some(Signal::Emitted(path, chunk)) = self.listener.now() {
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
            if let Some(Signal::Emitted(path, chunk)) = self.listener.next(clock, LOOK_EVERY).await {
                self.emitted(&path, &chunk);
            }
        }
    }

    /// Whether the run has ended. The run itself, which grows with its open steps, is read only when there is reason
    /// to.
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

    /// Makes events of what was stored after a version. Each row counts as read as soon as its events are there,
    /// whatever becomes of those after it.
    async fn tell(&mut self, run: RunId, after: u64, rows: &[LogRow]) -> Result<(), Error> {
        let store = &self.run.tenant.shared.store;
        let mut logged = match rows.last() {
            Some(last) => self.logged(run, after..=last.version).await?,
            None => BTreeMap::new(),
        };
        let all: Vec<_> = rows.iter().map(|row| entries(run, row)).collect();
        let asked = Suspensions::of(&self.run.tenant, run, all.iter().flatten().flatten()).await?;
        for (row, entries) in rows.iter().zip(all) {
            let entries = entries?;
            if run == self.run.id && entries.iter().any(|entry| matches!(entry.kind, LogKind::Stopped { .. }))
            {
                self.looks = None;
            }
            let paths: Vec<StepPath> = entries.iter().map(|entry| entry.path.clone()).collect();
            let records = store.outputs(&self.run.tenant.id, run, &paths).await?;
            let records: BTreeMap<StepPath, Option<EntryRecord>> = records.into_iter().collect();
            // What was logged in a call is told before its end.
            let later = logged.split_off(&row.version.saturating_add(1));
            let lines = std::mem::replace(&mut logged, later).into_values().flatten();
            let mut seen: Vec<_> = lines.map(|line| (line.at, Happening::Logged(line))).collect();
            for entry in &entries {
                let record = records.get(&entry.path).and_then(Option::as_ref);
                let old = match is_of(record, entry, row.at) {
                    true => None,
                    false => store.old_step(&self.run.tenant.id, run, &entry.path, row.version).await?,
                };
                let record = old.as_ref().or(record);
                let told = asked.told(entry, row.version);
                seen.extend(happenings(entry, record, told, row.at).into_iter().map(|what| (row.at, what)));
            }
            let version = row.version;
            let event = |(index, (at, what))| WatchEvent { run_id: run, version, index, at, what };
            self.ready.extend(seen.into_iter().enumerate().map(event));
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
            run_id: self.run.id,
            version: self.after,
            index: 0,
            at: self.run.tenant.shared.clock.now(),
            what: Happening::Emitted { path: path.clone(), chunk: chunk.clone() },
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

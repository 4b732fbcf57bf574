//! What guests logged, call by call.

use reentry_core::id::{RunId, TenantId};

use super::Data;
use super::runs::KeptRun;
use crate::columns::{column_of, count, damaged, instant};
use crate::commit::{CallLog, RUN_LOG_BYTES_MAX};
use crate::query::{PAGE_ROWS_MAX, done, dropped, no_such_log_place};
use crate::rows::{NewCallLog, is_within};
use crate::{CallLogFilter, CallLogRow, CallLogs, LogPlace, StoreError};

/// What a guest logged during a call, as it is kept.
pub(super) struct KeptCallLog {
    at: i64,
    log: NewCallLog,
    /// Lines and bytes that the run had logged before.
    before: (i64, i64),
}

impl KeptRun {
    /// Keeps what a guest logged, and drops the oldest as far as there is too much then.
    pub(super) fn keep_call_log(&mut self, version: i64, at: i64, log: NewCallLog) {
        let last = self.call_logs.last_key_value();
        let (lines, bytes) = last
            .map_or((0, 0), |(_, kept)| (kept.before.0 + kept.log.lines, kept.before.1 + kept.log.bytes()));
        let from = bytes + log.bytes() - column_of(RUN_LOG_BYTES_MAX);
        self.call_logs.retain(|_, kept| kept.before.1 >= from);
        self.call_logs.insert(version, KeptCallLog { at, log, before: (lines, bytes) });
    }

    fn add_call_logs(
        &self,
        begins: LogPlace,
        until: Option<i64>,
        filter: &CallLogFilter,
        page: &mut CallLogs,
    ) -> Result<(), StoreError> {
        let (run, after) = (begins.run, column_of(begins.version));
        let left: Vec<_> = self.call_logs.iter().filter(|(version, _)| **version > after).collect();
        if page.rows.len() == PAGE_ROWS_MAX && !left.is_empty() {
            page.more = true;
            return Ok(());
        }
        let first =
            left.first().map(|(version, kept)| Ok::<_, StoreError>((**version, count(kept.before.0)?)));
        page.dropped += dropped(begins, first.transpose()?, until.unwrap_or(i64::MAX));
        let step = filter.step.as_ref().map(ToString::to_string).unwrap_or_default();
        let mut last = None;
        for (version, kept) in
            left.into_iter().filter(|(version, _)| until.is_none_or(|until| **version <= until))
        {
            last = Some(kept.place(run, *version)?);
            if !is_within(&kept.log.path, &step) {
                continue;
            }
            if page.rows.len() == PAGE_ROWS_MAX {
                page.more = true;
                return Ok(());
            }
            page.next = last;
            page.rows.push(kept.row(run, *version)?);
        }
        page.next = done(begins, last, until).or(page.next);
        Ok(())
    }
}

impl Data {
    pub(super) fn call_logs(
        &self,
        tenant: &TenantId,
        id: RunId,
        filter: &CallLogFilter,
    ) -> Result<CallLogs, StoreError> {
        let mut layers = Vec::new();
        let (mut next, mut until) = (Some(id), None);
        while let Some((id, run)) = next.and_then(|id| self.run_of(tenant, id).map(|run| (id, run))) {
            layers.push((id, run, until));
            (next, until) = run.fork_of.unzip();
        }
        if layers.is_empty() {
            return Ok(CallLogs::default());
        }
        if let Some(place) = filter.after {
            // Those after it are children of its run.
            let first = layers.iter().position(|(id, ..)| *id == place.run);
            layers.truncate(first.ok_or_else(|| no_such_log_place(place))? + 1);
        }
        let mut page = CallLogs { next: filter.after, ..CallLogs::default() };
        for (id, run, until) in layers.into_iter().rev() {
            if page.more {
                break;
            }
            let begins = filter.after.filter(|place| place.run == id);
            run.add_call_logs(
                begins.unwrap_or(LogPlace { run: id, version: 0, lines: 0 }),
                until,
                filter,
                &mut page,
            )?;
        }
        Ok(page)
    }
}

impl KeptCallLog {
    fn row(&self, run: RunId, version: i64) -> Result<CallLogRow, StoreError> {
        let NewCallLog { path, call, attempt, lines, text } = &self.log;
        let path =
            path.parse().map_err(|error| damaged(format_args!("log of run {run}, step `{path}`"), error))?;
        let (call, attempt, lines) = (*call, *attempt, count(*lines)?);
        let log = CallLog { path, call, attempt, lines, text: text.clone() };
        Ok(CallLogRow { run, version: count(version)?, at: instant(self.at)?, log })
    }

    fn place(&self, run: RunId, version: i64) -> Result<LogPlace, StoreError> {
        Ok(LogPlace { run, version: count(version)?, lines: count(self.before.0 + self.log.lines)? })
    }
}

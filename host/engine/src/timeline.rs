//! A run's past in the order of time.

use std::collections::{BTreeMap, VecDeque};

use reentry_core::actor::By;
use reentry_core::id::RunId;
use reentry_core::path::StepPath;
use reentry_core::run::LogKind;
use reentry_core::time::Timestamp;
use reentry_core::trace::SpanId;

use crate::error::Error;
use crate::run::Run;
use crate::told::{Asked, Told};
use crate::watch::{entries, log_of};

/// Most commits that are read at once.
const ROWS: usize = 1_000;

/// Something that happened in a run.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TimelineRow {
    /// When.
    pub at: Timestamp,
    /// The run: this one, or one that it was forked from.
    pub run_id: RunId,
    /// The version of that run with which it came.
    pub version: u64,
    /// Where; the root path for the run itself.
    pub path: StepPath,
    /// What.
    pub what: LogKind,
    /// The span of the call with which the entry began or went on.
    pub span_id: Option<SpanId>,
    /// What was asked and answered.
    pub told: Told,
    /// Who wanted it, where it is no answer.
    pub by: By,
    /// How long it took from the beginning of the entry to its end, in milliseconds; there when it ended.
    pub duration_ms: Option<u64>,
}

impl Run {
    /// Lists all that happened in the run, the oldest first; of a fork, also what happened in its parents before. The
    /// cost grows with the run.
    ///
    /// # Errors
    /// `NotFound`, `Damaged`, `Unavailable`.
    pub async fn timeline(&self) -> Result<Vec<TimelineRow>, Error> {
        self.load().await?;
        let mut began: BTreeMap<StepPath, Timestamp> = BTreeMap::new();
        let mut timeline = Vec::new();
        let (store, tenant) = (&*self.tenant.shared.store, &self.tenant.id);
        let mut lineage = VecDeque::from(store.lineage(tenant, self.id).await?);
        let mut after = 0;
        while let Some(of) = lineage.front().copied() {
            let run = of.run;
            let rows = log_of(store, tenant, of, after, ROWS).await?;
            let Some(last) = rows.last() else {
                lineage.pop_front();
                after = 0;
                continue;
            };
            after = last.version;
            let all: Vec<_> = rows.iter().map(|row| entries(run, row)).collect::<Result<_, _>>()?;
            let asked = Asked::of(&self.tenant, run, all.iter().flatten()).await?;
            for (row, entries) in rows.iter().zip(all) {
                for mut entry in entries {
                    let span_id = entry.take_call_span(run, row.version);
                    let told = asked.told(&entry, row.version);
                    let duration_ms = match entry.kind {
                        LogKind::Ended { .. } => began.remove(&entry.path).map(|from| row.at.ms_since(from)),
                        _ => None,
                    };
                    if matches!(entry.kind, LogKind::Began { .. }) {
                        began.insert(entry.path.clone(), row.at);
                    }
                    timeline.push(TimelineRow {
                        at: row.at,
                        run_id: run,
                        version: row.version,
                        path: entry.path,
                        what: entry.kind,
                        span_id,
                        told,
                        by: entry.by,
                        duration_ms,
                    });
                }
            }
        }
        Ok(timeline)
    }
}

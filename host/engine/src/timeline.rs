//! A run's past in the order of time.

use std::collections::BTreeMap;

use reentry_core::path::StepPath;
use reentry_core::run::LogKind;
use reentry_core::time::Timestamp;
use reentry_core::trace::SpanId;
use serde::Serialize;

use crate::error::Error;
use crate::run::Run;
use crate::watch::entries;

/// Most commits that are read at once.
const ROWS: usize = 1_000;

/// Something that happened in a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TimelineRow {
    /// When.
    pub at: Timestamp,
    /// The version of the run with which it came.
    pub version: u64,
    /// Where; the root path for the run itself.
    pub path: StepPath,
    /// What.
    #[serde(flatten)]
    pub what: LogKind,
    /// The span of the call with which the entry began or went on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span_id: Option<SpanId>,
    /// How long it took from the beginning of the entry to its end, in milliseconds; there when it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
}

impl Run {
    /// All that happened in the run, the oldest first. Grows with the run.
    ///
    /// # Errors
    /// `NotFound`, `Damaged`, `Unavailable`.
    pub async fn timeline(&self) -> Result<Vec<TimelineRow>, Error> {
        self.load().await?;
        let mut began: BTreeMap<StepPath, Timestamp> = BTreeMap::new();
        let (mut timeline, mut after) = (Vec::<TimelineRow>::new(), 0);
        loop {
            let rows = self.host.inner.store.log(self.id, after, ROWS).await?;
            let Some(last) = rows.last() else { return Ok(timeline) };
            after = last.version;
            for row in &rows {
                for entry in entries(self.id, row)? {
                    if let LogKind::Called { span_id, .. } = entry.kind
                        && let Some(begins) = timeline
                            .last_mut()
                            .filter(|last| begins_with_a_call(last, row.version, &entry.path))
                    {
                        begins.span_id = Some(span_id);
                        continue;
                    }
                    let duration_ms = match entry.kind {
                        LogKind::Ended { .. } => began.remove(&entry.path).map(|from| row.at.ms_since(from)),
                        _ => None,
                    };
                    if entry.kind == LogKind::Began {
                        began.insert(entry.path.clone(), row.at);
                    }
                    let (at, version) = (row.at, row.version);
                    timeline.push(TimelineRow {
                        at,
                        version,
                        path: entry.path,
                        what: entry.kind,
                        span_id: None,
                        duration_ms,
                    });
                }
            }
        }
    }
}

/// Whether a row says that an entry begins or goes on in this version, with the call that is told of next.
fn begins_with_a_call(row: &TimelineRow, version: u64, path: &StepPath) -> bool {
    let begins = matches!(row.what, LogKind::Began | LogKind::Reentered { .. });
    begins && row.version == version && row.path == *path && row.span_id.is_none()
}

//! Which question a request meant, and what became of it when it is not open any more.

use reentry_core::event::Event;
use reentry_core::id::SuspensionId;
use reentry_core::resume::{Target, TargetError, find_all};
use reentry_core::run::{RunState, SuspensionEnd};
use reentry_core::time::Timestamp;
use reentry_store::{SuspensionFilter, SuspensionRecord};

use crate::cause::Cause;
use crate::error::Error;
use crate::shared::Shared;

/// Most pages of a run's history that are looked through for a question that is over.
const PAGES_MAX: usize = 10;

/// The questions that a request meant when the run was first looked at.
#[derive(Default)]
pub(crate) struct Meant {
    target: Target,
    /// Each with the instant at which its time is over.
    open: Vec<(SuspensionId, Option<Timestamp>)>,
}

impl Meant {
    /// Those that a cause is an answer to; none for other causes.
    pub(crate) fn by(cause: &Cause, run: &RunState) -> Self {
        let Cause::Event(Event::Resumed(request, _)) = cause else { return Self::default() };
        let open = find_all(run, &request.target).unwrap_or_default();
        let open = open.into_iter().map(|(path, open)| (open.id, run.expires_at(path, open)));
        Self { target: request.target.clone(), open: open.collect() }
    }

    /// Why the target names nothing, in view of what is known of the run's past: what was there and is gone was
    /// answered, expired or closed. That is given as well.
    pub(crate) async fn told(
        self,
        host: &Shared,
        run: &RunState,
        error: TargetError,
    ) -> Result<(TargetError, Option<SuspensionId>), Error> {
        let Target { step, label, suspension, .. } = &self.target;
        let is_named = suspension.is_some() || label.is_some() || step.is_some() || !self.open.is_empty();
        if !is_named || matches!(error, TargetError::Ambiguous { .. }) {
            return Ok((error, None));
        }
        let only: Vec<SuspensionId> = match suspension {
            Some(id) => vec![*id],
            None => self.open.iter().map(|(id, _)| *id).collect(),
        };
        let mut filter =
            SuspensionFilter::default().run(run.id).only(only).with_ended(true).latest_first(true);
        let mut pages = 0;
        loop {
            let page = host.store.list_suspensions(&run.tenant, filter.clone()).await?;
            let over = page.rows.into_iter().find_map(|row| Some((self.end_of(&row)?, row)));
            if let Some(((end, at), row)) = over {
                let by = row.past.by.name().filter(|_| end == SuspensionEnd::Answered).map(str::to_owned);
                let error = TargetError::consumed(run, self.target, end, at, by);
                return Ok((error, Some(row.id)));
            }
            (filter.after, pages) = (page.next, pages + 1);
            if filter.after.is_none() || pages == PAGES_MAX {
                return Ok((error, None));
            }
        }
    }

    /// How and when a suspension ended, if it is one that was meant.
    fn end_of(&self, row: &SuspensionRecord) -> Option<(SuspensionEnd, Timestamp)> {
        let (end, ended_at) = row.state.ended?;
        let expires = match self.open.iter().find(|(id, _)| *id == row.id) {
            Some((_, expires)) => *expires,
            None if self.open.is_empty() && self.fits(row) => row.due_at,
            None => return None,
        };
        // It was over then, whenever that was noticed.
        let expired = expires.filter(|at| end == SuspensionEnd::Elapsed && *at <= ended_at);
        Some((end, expired.unwrap_or(ended_at)))
    }

    fn fits(&self, row: &SuspensionRecord) -> bool {
        let Target { step, label, suspension, for_each_index, .. } = &self.target;
        match (suspension, label, step) {
            (Some(id), ..) => *id == row.id,
            (_, Some(label), _) => row.labels.contains(label),
            (_, _, Some(step)) => {
                let named = row.path.segments().get(step.segments().len().saturating_sub(1));
                row.path.is_within(step)
                    && (for_each_index.is_none()
                        || named.is_some_and(|segment| segment.index == *for_each_index))
            }
            (None, None, None) => false,
        }
    }
}

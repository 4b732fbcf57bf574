//! What a list has and in which order, and how its rows are counted.

use std::ops::RangeInclusive;

use reentry_core::digest::WorkflowDigest;
use reentry_core::id::{RunId, SuspensionId, check_name};
use reentry_core::path::StepPath;
use reentry_core::run::{LABEL_BYTES_MAX, RunStatus};
use reentry_core::time::Timestamp;

use crate::columns::column;
use crate::query::{no_such_place, place};
use crate::{RunSummary, StoreError, SuspensionEnd, SuspensionRecord};

/// Most rows that are looked at for one page or count, whatever was asked for. Bounds the work of a filter that few
/// of many rows pass.
pub const LOOKED_MAX: usize = 10_000;

/// Which runs to list.
///
/// Runs come in the order in which they were created. With a filter on what they wait for (`step`, `label`,
/// `assignee`, `actor`, `due_from`, `due_before`) they come in the order of those waits, each run once: where its
/// first wait that passes stands in the list of suspensions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunFilter {
    /// Only runs with this status.
    pub status: Option<RunStatus>,
    /// Only runs of the workflow with this id, whatever its version.
    pub workflow_id: Option<String>,
    /// Only runs that follow this very definition.
    pub workflow: Option<WorkflowDigest>,
    /// Only runs about this resource.
    pub resource_id: Option<String>,
    /// Only runs that were created at this instant or later.
    pub created_from: Option<Timestamp>,
    /// Only runs that were created before this instant.
    pub created_before: Option<Timestamp>,
    /// Only runs that wait here; see [`SuspensionFilter::step`].
    pub step: Option<StepPath>,
    /// Only runs that wait under this label.
    pub label: Option<String>,
    /// Only runs with a question that asks this one.
    pub assignee: Option<String>,
    /// Only runs with a question that this one has answered. The other filters on waits look at the same question
    /// then, instead of at an open one.
    pub actor: Option<String>,
    /// Only runs that wait for something that happens by itself at this instant or later.
    pub due_from: Option<Timestamp>,
    /// Only runs that wait for something that happens by itself before this instant.
    pub due_before: Option<Timestamp>,
    /// The oldest first, instead of the latest.
    pub oldest_first: bool,
    /// Where the page begins: `next` of the page before.
    pub after: Option<String>,
    /// Rows wanted; 0 and anything above [`PAGE_ROWS_MAX`](crate::query::PAGE_ROWS_MAX) mean that bound.
    pub limit: usize,
}

reentry_core::setters!(RunFilter {
    status: Option<RunStatus>,
    workflow_id: Option<String>,
    workflow: Option<WorkflowDigest>,
    resource_id: Option<String>,
    created_from: Option<Timestamp>,
    created_before: Option<Timestamp>,
    step: Option<StepPath>,
    label: Option<String>,
    assignee: Option<String>,
    actor: Option<String>,
    due_from: Option<Timestamp>,
    due_before: Option<Timestamp>,
    oldest_first: bool,
    after: Option<String>,
    limit: usize,
});

/// Which suspensions to list.
///
/// They come in the order of their ids, which is that in which they were opened; with `due_from` or `due_before` in
/// the order of their deadlines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SuspensionFilter {
    /// Only those of this run. Then ended ones may be listed too.
    pub run: Option<RunId>,
    /// Only these; none for all. Then `run` must be given.
    pub only: Vec<SuspensionId>,
    /// Only those of runs of the workflow with this id, whatever its version.
    pub workflow_id: Option<String>,
    /// Only those of runs that follow this very definition.
    pub workflow: Option<WorkflowDigest>,
    /// Only those of runs about this resource.
    pub resource_id: Option<String>,
    /// Only those of this step, or of one below it: the elements named must stand in the path one after the other.
    /// One without an index means every repetition.
    pub step: Option<StepPath>,
    /// Only those with this label.
    pub label: Option<String>,
    /// Only those that ask this one.
    pub assignee: Option<String>,
    /// Only those that this one has answered: ended ones, of any run.
    pub actor: Option<String>,
    /// Only those that were opened at this instant or later, as their ids say.
    pub opened_from: Option<Timestamp>,
    /// Only those that were opened before this instant, as their ids say.
    pub opened_before: Option<Timestamp>,
    /// Only those to which something happens by itself at this instant or later.
    pub due_from: Option<Timestamp>,
    /// Only those to which something happens by itself before this instant.
    pub due_before: Option<Timestamp>,
    /// Ended ones as well: the history, which is kept by run, so that `run` must be given.
    pub with_ended: bool,
    /// The answers that did not count as well. Then `run` must be given.
    pub with_tries: bool,
    /// Those that wait for time or events as well, not only for answers.
    pub with_timers: bool,
    /// The latest first, instead of the oldest.
    pub latest_first: bool,
    /// Where the page begins: `next` of the page before.
    pub after: Option<String>,
    /// Rows wanted; 0 and anything above [`PAGE_ROWS_MAX`](crate::query::PAGE_ROWS_MAX) mean that bound.
    pub limit: usize,
}

reentry_core::setters!(SuspensionFilter {
    run: Option<RunId>,
    only: Vec<SuspensionId>,
    workflow_id: Option<String>,
    workflow: Option<WorkflowDigest>,
    resource_id: Option<String>,
    step: Option<StepPath>,
    label: Option<String>,
    assignee: Option<String>,
    actor: Option<String>,
    opened_from: Option<Timestamp>,
    opened_before: Option<Timestamp>,
    due_from: Option<Timestamp>,
    due_before: Option<Timestamp>,
    with_ended: bool,
    with_tries: bool,
    with_timers: bool,
    latest_first: bool,
    after: Option<String>,
    limit: usize,
});

/// A suspension with all that filters look at.
#[derive(Clone, Debug)]
pub(crate) struct Wait {
    /// Without the record of its step.
    pub(crate) record: SuspensionRecord,
    pub(crate) takes_answer: bool,
    pub(crate) assignees: Vec<String>,
    pub(crate) actor: Option<String>,
    /// Whom or what its run is about.
    pub(crate) resource_id: Option<String>,
}

impl Wait {
    /// Whether this one has answered it. Who ends a run is kept with the questions that end with it, and answers none.
    fn is_answered_by(&self, actor: &str) -> bool {
        let is_answered = matches!(self.record.state.ended, Some((SuspensionEnd::Answered, _)));
        is_answered && self.actor.as_deref() == Some(actor)
    }
}

/// Where a suspension stands in a list: by its deadline, which is 0 in lists that are not in the order of deadlines,
/// and its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct WaitPlace {
    pub(crate) due: i64,
    pub(crate) id: SuspensionId,
}

impl RunFilter {
    /// Refuses what no run can pass.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        check_range("created", self.created_from, self.created_before)?;
        check_workflow(self.workflow_id.as_deref())?;
        self.waits().map_or(Ok(()), |waits| waits.check())
    }

    /// The waits of which a run must have one, if there is a filter on them.
    pub(crate) fn waits(&self) -> Option<SuspensionFilter> {
        let names = [&self.label, &self.assignee, &self.actor];
        let is_filtered = names.iter().any(|name| name.is_some()) || self.step.is_some();
        let is_by_due = self.due_from.is_some() || self.due_before.is_some();
        (is_filtered || is_by_due).then(|| SuspensionFilter {
            workflow_id: self.workflow_id.clone(),
            workflow: self.workflow,
            resource_id: self.resource_id.clone(),
            step: self.step.clone(),
            label: self.label.clone(),
            assignee: self.assignee.clone(),
            actor: self.actor.clone(),
            due_from: self.due_from,
            due_before: self.due_before,
            with_timers: true,
            latest_first: !self.oldest_first,
            after: self.after.clone(),
            limit: self.limit,
            ..SuspensionFilter::default()
        })
    }

    /// Whether a run passes, what it waits for aside.
    pub(crate) fn fits(&self, run: &RunSummary) -> bool {
        self.status.is_none_or(|status| status == run.status)
            && self.workflow_id.as_ref().is_none_or(|id| *id == run.workflow_id)
            && self.workflow.is_none_or(|workflow| workflow == run.workflow)
            && self.resource_id.as_ref().is_none_or(|id| Some(id) == run.resource_id.as_ref())
            && self.created_from.is_none_or(|from| run.created_at >= from)
            && self.created_before.is_none_or(|before| run.created_at < before)
    }
}

impl SuspensionFilter {
    /// Refuses what no index answers, and what no suspension can pass.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        if self.with_ended && self.run.is_none() && self.actor.is_none() {
            let reason = "ended suspensions are listed by run only: name the run, or leave them out";
            return Err(StoreError::Refused(reason.to_owned()));
        }
        if self.with_tries && self.run.is_none() {
            let reason = "tries are listed by run only: name the run, or leave them out";
            return Err(StoreError::Refused(reason.to_owned()));
        }
        if !self.only.is_empty() && self.run.is_none() {
            let reason = "suspensions are picked out of one run only: name the run";
            return Err(StoreError::Refused(reason.to_owned()));
        }
        if self.is_by_due() && (self.with_ended || self.actor.is_some()) {
            let reason = "only open suspensions are listed by deadline: leave the ended ones out";
            return Err(StoreError::Refused(reason.to_owned()));
        }
        if self.step.as_ref().is_some_and(StepPath::is_root) {
            return Err(StoreError::Refused("a step was to be named, found an empty path".to_owned()));
        }
        for (what, name) in [("a label", &self.label), ("an assignee", &self.assignee)] {
            if let Some(name) = name
                && !(1..=LABEL_BYTES_MAX).contains(&name.len())
            {
                let found = name.len();
                let reason = format!("{what} has 1 to {LABEL_BYTES_MAX} bytes, found {found}");
                return Err(StoreError::Refused(reason));
            }
        }
        check_workflow(self.workflow_id.as_deref())?;
        check_range("opened", self.opened_from, self.opened_before)?;
        check_range("due", self.due_from, self.due_before)
    }

    /// Whether the list is in the order of deadlines.
    pub(crate) fn is_by_due(&self) -> bool {
        self.due_from.is_some() || self.due_before.is_some()
    }

    /// Whether ended ones may pass.
    pub(crate) fn has_ended(&self) -> bool {
        self.with_ended || self.actor.is_some()
    }

    /// The ids that may pass, as numbers.
    pub(crate) fn ids(&self) -> RangeInclusive<u128> {
        let first = self.opened_from.map_or(0, first_id);
        first..=self.opened_before.map_or(u128::MAX, |before| first_id(before).saturating_sub(1))
    }

    /// The deadlines that may pass, where the list is in their order.
    pub(crate) fn due(&self) -> RangeInclusive<i64> {
        let first = self.due_from.map_or(0, column);
        first..=self.due_before.map_or(i64::MAX, |before| column(before).saturating_sub(1))
    }

    /// Whether a suspension passes.
    pub(crate) fn fits(&self, wait: &Wait) -> bool {
        let record = &wait.record;
        self.run.is_none_or(|run| run == record.run)
            && (self.only.is_empty() || self.only.contains(&record.id))
            && self.workflow_id.as_ref().is_none_or(|id| *id == record.workflow_id)
            && self.workflow.is_none_or(|workflow| workflow == record.workflow)
            && self.resource_id.as_ref().is_none_or(|id| Some(id) == wait.resource_id.as_ref())
            && self.step.as_ref().is_none_or(|step| stands_at(&record.path, step))
            && self.label.as_ref().is_none_or(|label| record.labels.contains(label))
            && self.assignee.as_ref().is_none_or(|assignee| wait.assignees.contains(assignee))
            && self.actor.as_ref().is_none_or(|actor| wait.is_answered_by(actor))
            && self.ids().contains(&u128::from_be_bytes(*record.id.as_bytes()))
            && (!self.is_by_due() || record.due_at.is_some_and(|at| self.due().contains(&column(at))))
            && (self.has_ended() || record.state.ended.is_none())
            && (self.with_timers || wait.takes_answer)
    }

    /// The place of a suspension in this list.
    pub(crate) fn place_of(&self, record: &SuspensionRecord) -> WaitPlace {
        let due = record.due_at.filter(|_| self.is_by_due()).map_or(0, column);
        WaitPlace { due, id: record.id }
    }

    /// A place as callers are told it.
    pub(crate) fn told(&self, place: WaitPlace) -> String {
        let WaitPlace { due, id } = place;
        if self.is_by_due() { format!("{due}-{id}") } else { id.to_string() }
    }

    /// The place behind which the page begins, if it is not the first one.
    pub(crate) fn begins_after(&self) -> Result<Option<WaitPlace>, StoreError> {
        let Some(text) = &self.after else { return Ok(None) };
        if !self.is_by_due() {
            return Ok(place(Some(text))?.map(|id| WaitPlace { due: 0, id }));
        }
        let read = text.split_once('-').and_then(|(due, id)| {
            let due = due.parse().ok().filter(|due| *due >= 0)?;
            Some(WaitPlace { due, id: id.parse().ok()? })
        });
        read.map(Some).ok_or_else(|| no_such_place(text))
    }

    /// Whether the first of two places comes before the other in this list.
    pub(crate) fn precedes(&self, one: WaitPlace, other: WaitPlace) -> bool {
        if self.latest_first { one > other } else { one < other }
    }
}

/// Whether a path is that of a step as it is named, or lies below one.
pub(crate) fn stands_at(path: &StepPath, named: &StepPath) -> bool {
    let elements = named.segments();
    path.segments().windows(elements.len().max(1)).any(|found| {
        let mut both = found.iter().zip(elements);
        both.all(|(found, named)| {
            found.id == named.id && (named.index.is_none() || named.index == found.index)
        })
    })
}

/// The path of a step without the indexes of its repetitions.
pub(crate) fn without_indexes(path: &StepPath) -> String {
    let ids: Vec<&str> = path.segments().iter().map(|segment| segment.id.as_str()).collect();
    ids.join(".")
}

/// The lowest id of an instant, as a number: ids begin with 48 bits of time.
fn first_id(at: Timestamp) -> u128 {
    if at.0 >> 48 == 0 { u128::from(at.0) << 80 } else { u128::MAX }
}

fn check_range(what: &str, from: Option<Timestamp>, before: Option<Timestamp>) -> Result<(), StoreError> {
    match (from, before) {
        (Some(from), Some(before)) if from >= before => Err(StoreError::Refused(format!(
            "nothing was {what} both from {from} on and before {before}: the first has to be the earlier one"
        ))),
        _ => Ok(()),
    }
}

fn check_workflow(id: Option<&str>) -> Result<(), StoreError> {
    id.map_or(Ok(()), |id| check_name("workflow", id)).map_err(|error| StoreError::Refused(error.to_string()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_named_by_its_id_or_by_a_piece_of_its_path() {
        for (path, named, wanted) in [
            ("approve", "approve", true),
            ("outer.approve", "approve", true),
            ("outer.approve", "outer.approve", true),
            ("outer.approve", "outer", true),
            ("outer.approve.ask", "outer.ask", false),
            ("approve-all", "approve", false),
            ("each[3]", "each", true),
            ("each[3].check", "each.check", true),
            ("each[3].check", "each[3]", true),
            ("each[30].check", "each[3]", false),
            ("each[3].check[1]", "check[1]", true),
            ("check", "each.check", false),
            ("", "approve", false),
        ] {
            let (path, named) = (path.parse().unwrap(), named.parse().unwrap());
            assert_eq!(stands_at(&path, &named), wanted, "{path} {named}");
        }
        assert_eq!(without_indexes(&"each[3].check[1]".parse().unwrap()), "each.check");
    }

    #[test]
    fn the_ids_of_a_span_of_time_are_in_a_row() {
        let id = |at, chance| u128::from_be_bytes(*SuspensionId::new(Timestamp(at), [chance; 10]).as_bytes());
        let (opened_from, opened_before) = (Some(Timestamp(5)), Some(Timestamp(7)));
        let ids = SuspensionFilter { opened_from, opened_before, ..SuspensionFilter::default() }.ids();
        let inside = [id(4, 0xff), id(5, 0), id(6, 0xff), id(7, 0)].map(|id| ids.contains(&id));
        assert_eq!(inside, [false, true, true, false]);
        let never =
            SuspensionFilter { opened_from: Some(Timestamp(u64::MAX)), ..SuspensionFilter::default() };
        assert!(!never.ids().contains(&id(1 << 47, 0xff)));
    }
}

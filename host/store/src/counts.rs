//! How many rows a list has, in all and by what they have in common.

use std::collections::BTreeMap;

use crate::filter::{Wait, without_indexes};
use crate::{RunSummary, SuspensionRecord};

/// Most groups that are counted apart. Bounds the memory of one answer.
pub const GROUPS_MAX: usize = 1_000;

/// How many there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// How many there are: exactly, or at least.
    pub number: u64,
    /// Whether there may be more: counting ended at its bound.
    pub more: bool,
    /// How many of them have something in common, the most first. One with several labels or assignees counts with
    /// each, one with none counts with none. At most [`GROUPS_MAX`].
    pub groups: Vec<(String, u64)>,
}

/// By what runs are counted apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunGroups {
    /// The id of the workflow.
    Workflow,
    /// The status.
    Status,
}

/// By what suspensions are counted apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuspensionGroups {
    /// The id of the run's workflow.
    Workflow,
    /// The path of the step, all repetitions together.
    Step,
    /// The labels.
    Label,
    /// Those who are asked.
    Assignee,
}

/// What was counted so far.
#[derive(Default)]
pub(crate) struct Tally {
    number: u64,
    left_out: bool,
    groups: BTreeMap<String, u64>,
}

impl Tally {
    /// Counts a run.
    pub(crate) fn add_run(&mut self, run: &RunSummary, by: Option<RunGroups>) {
        self.number += 1;
        match by {
            None => {}
            Some(RunGroups::Workflow) => self.add_to(&run.workflow_id),
            Some(RunGroups::Status) => self.add_to(run.status.as_str()),
        }
    }

    /// Counts a suspension.
    pub(crate) fn add_wait(&mut self, wait: &Wait, by: Option<SuspensionGroups>) {
        self.number += 1;
        let SuspensionRecord { workflow_id, path, labels, .. } = &wait.record;
        match by {
            None => {}
            Some(SuspensionGroups::Workflow) => self.add_to(workflow_id),
            Some(SuspensionGroups::Step) => self.add_to(&without_indexes(path)),
            Some(SuspensionGroups::Label) => self.add_each(labels),
            Some(SuspensionGroups::Assignee) => self.add_each(&wait.assignees),
        }
    }

    fn add_each(&mut self, names: &[String]) {
        for (at, name) in names.iter().enumerate() {
            // Nothing keeps a step from giving a name twice.
            if !names.iter().take(at).any(|before| before == name) {
                self.add_to(name);
            }
        }
    }

    fn add_to(&mut self, group: &str) {
        if let Some(number) = self.groups.get_mut(group) {
            *number += 1;
        } else if self.groups.len() < GROUPS_MAX {
            self.groups.insert(group.to_owned(), 1);
        } else {
            self.left_out = true;
        }
    }

    /// What was counted, and whether there may be more.
    pub(crate) fn counts(self, more: bool) -> Counts {
        let mut groups: Vec<(String, u64)> = self.groups.into_iter().collect();
        groups.sort_by_key(|(_, number)| std::cmp::Reverse(*number));
        Counts { number: self.number, more: more || self.left_out, groups }
    }
}

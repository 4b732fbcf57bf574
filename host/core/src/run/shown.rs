//! The statuses that results show: an entry that holds others stands as what it holds does.

use std::collections::BTreeMap;

use super::doing::Doing;
use super::head::RunState;
use super::status::StepStatus;
use super::structure::holder;
use crate::path::StepPath;
use crate::workflow::Program;

impl RunState {
    /// The statuses of the entries that are not done, as results show them.
    ///
    /// What holds other entries (a workflow, a block, a step that has something run on its behalf) is running if any
    /// of them is, else suspended if any of them waits for an answer, else waiting. `program` must be that of the
    /// run; an entry that it does not have stands for itself.
    pub fn statuses(&self, program: &Program) -> BTreeMap<StepPath, StepStatus> {
        let mut statuses = BTreeMap::new();
        for (path, step) in &self.steps {
            if matches!(step.doing, Doing::Holding(_)) {
                continue;
            }
            let status = step.entry.status;
            let mut at = Some(path.clone());
            while let Some(entry) = at {
                let shown = statuses.entry(entry.clone()).or_insert(status);
                if rank(status) > rank(*shown) {
                    *shown = status;
                }
                at = holder(program, &self.called, &entry).unwrap_or_default();
            }
        }
        statuses
    }
}

/// How lively a status is: the liveliest of what an entry holds is its own.
fn rank(status: StepStatus) -> u8 {
    match status {
        StepStatus::Running => 3,
        StepStatus::Suspended => 2,
        StepStatus::Waiting => 1,
        StepStatus::Pending | StepStatus::Success | StepStatus::Failed | StepStatus::Canceled => 0,
    }
}

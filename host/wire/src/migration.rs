//! Runs that move to another version of their workflow.

use reentry::core::digest::{ComponentDigest, WorkflowDigest};
use reentry::core::id::RunId;
use reentry::core::path::StepPath;
use serde::Serialize;

/// A run that moved, or would.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Migration {
    /// The run.
    pub run_id: RunId,
    /// The version that it followed.
    pub from: WorkflowDigest,
    /// The version that it follows now; the same as `from` where there was nothing to do.
    pub to: WorkflowDigest,
    /// The steps that go on in another component.
    pub steps: Vec<MigratedStep>,
}

/// A step that goes on in another component.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MigratedStep {
    /// The step.
    pub path: StepPath,
    /// The component that it began in.
    pub from: ComponentDigest,
    /// The component that it goes on in.
    pub to: ComponentDigest,
    /// Bytes of the state that one exported and the other one took up. Absent for a step that has no memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_bytes: Option<usize>,
}

impl MigratedStep {
    /// The steps of a move.
    pub fn all(steps: &[reentry::MigratedStep]) -> Vec<Self> {
        let step = |step: &reentry::MigratedStep| Self {
            path: step.path.clone(),
            from: step.from,
            to: step.to,
            state_bytes: step.state_bytes,
        };
        steps.iter().map(step).collect()
    }
}

impl From<&reentry::Migration> for Migration {
    fn from(migration: &reentry::Migration) -> Self {
        let reentry::Migration { run_id, from, to, steps, .. } = migration;
        Self { run_id: *run_id, from: *from, to: *to, steps: MigratedStep::all(steps) }
    }
}

/// What became of all runs of a workflow.
#[derive(Clone, Debug, Serialize)]
pub struct Migrated {
    /// The runs that had not ended.
    pub runs: Vec<MigratedRow>,
    /// The version that they were to follow.
    pub to: WorkflowDigest,
}

/// What became of one of several runs.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MigratedRow {
    /// The run.
    pub run_id: RunId,
    /// Whether it moved, or would.
    pub moved: bool,
    /// The steps that go on in another component. Absent where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<MigratedStep>,
    /// Why it did not move. Absent where it did, and for a run that follows the version already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

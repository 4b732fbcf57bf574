//! Moments to which one may want to go back.

use super::Run;
use super::change::Change;
use crate::id::{OwnerId, SnapshotId, SuspensionId};

/// Most open entries of a run that is saved. A run with more can be forked where it stands, not in its past: saving it at each
/// answer would write the whole of it each time.
pub const SAVED_STEPS_MAX: usize = 256;

/// A run as it was before a decision.
#[derive(Clone, Debug)]
pub struct Saved {
    /// What for.
    pub kind: SavedKind,
    /// The run, its open entries included.
    pub run: Run,
}

/// What a run was saved for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SavedKind {
    /// This suspension ended: a fork may give another answer.
    Suspension(SuspensionId),
    /// The run failed or was cancelled: it may be restarted.
    End,
}

impl Saved {
    /// The memories that it refers to.
    pub fn images(&self) -> Vec<SnapshotId> {
        self.run.images().collect()
    }
}

impl Change<'_> {
    /// Saves the run as it stands, before a suspension ends. The first of a decision counts.
    pub(super) fn save_before(&mut self, suspension: SuspensionId) {
        if self.saved.is_none() && self.run.steps.len() <= SAVED_STEPS_MAX {
            self.saved = Some(Saved { kind: SavedKind::Suspension(suspension), run: self.run.clone() });
        }
    }

    /// Saves the run as it stands, before it ends. What was about to be entered is saved as put off.
    pub(super) fn save_before_end(&mut self, owner: OwnerId) {
        if self.run.steps.len() > SAVED_STEPS_MAX {
            return;
        }
        let mut run = self.run.clone();
        for entering in &self.entering {
            let step = self.new_step(entering.input.clone(), super::Doing::Continuing(owner));
            run.steps.insert(entering.path.clone(), step);
        }
        self.saved = Some(Saved { kind: SavedKind::End, run });
    }
}

//! Moments to which one may want to go back.

use super::change::Change;
use super::decision::{SaveReason, SavedRun};
use super::doing::Doing;
use super::limits::SAVED_STEPS_MAX;
use crate::id::SuspensionId;

impl Change<'_> {
    /// Saves the run as it stands, before a suspension ends. The first of a decision counts.
    pub(super) fn save_before(&mut self, suspension: SuspensionId) {
        if self.saved.is_none() && self.run.steps.len() <= SAVED_STEPS_MAX {
            self.saved = Some(SavedRun { kind: SaveReason::Suspension(suspension), run: self.run.clone() });
        }
    }

    /// Saves the run as it stands, before it ends. What was about to be entered is saved as put off.
    pub(super) fn save_before_end(&mut self) {
        if self.run.steps.len() > SAVED_STEPS_MAX {
            return;
        }
        let mut run = self.run.clone();
        for entering in &self.entering {
            let step = self.new_step(entering.input.clone(), Doing::Continuing(self.owner));
            run.steps.insert(entering.path.clone(), step);
        }
        self.saved = Some(SavedRun { kind: SaveReason::End, run });
    }
}

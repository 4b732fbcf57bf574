//! What a decision uses of the run's quotas, and what it keeps back when one is reached.

use super::change::Change;
use super::quotas::Quota;
use crate::path::StepPath;
use crate::workflow::Place;

impl Change<'_> {
    /// Counts one more call into a guest; `false` when it is to be kept back, as a quota is reached.
    pub(super) fn spends_call(&mut self) -> bool {
        let may = self.has_left(&[Quota::Calls, Quota::Log, Quota::CallTime]);
        self.run.spent.calls += u64::from(may);
        may
    }

    /// Counts one more entry entered; `false` when it is to be kept back, as a quota is reached.
    pub(super) fn spends_turn(&mut self, path: &StepPath) -> bool {
        let is_child = self.run.called.contains_key(path)
            || matches!(self.program.place(&self.run.called, path), Some(Place::Called(..)));
        let may =
            self.has_left(&[Quota::Turns, Quota::Log]) && (!is_child || self.has_left(&[Quota::Children]));
        self.run.spent.turns += u64::from(may);
        self.run.spent.children += u64::from(may && is_child);
        may
    }

    /// Whether there is something left of all of these; the run is blocked if not.
    fn has_left(&mut self, quotas: &[Quota]) -> bool {
        if self.run.blocked.is_none() {
            let (spent, most) = (&self.run.spent, &self.known.quotas);
            self.run.blocked = quotas.iter().find_map(|quota| quota.reached(spent, most));
        }
        self.run.blocked.is_none()
    }
}

//! Who holds whom: blocks do not show in paths, so the holder of an entry is found in the definition.

use std::collections::BTreeMap;

use super::change::Change;
use super::refused::{Refused, misfit};
use super::status::StepStatus;
use crate::digest::WorkflowDigest;
use crate::path::StepPath;
use crate::workflow::{Place, Program};

/// The record that holds an entry: of the block or workflow it stands in, or of the step on whose behalf it runs;
/// `None` for the run itself. `called` are the workflows that steps of the run have called, by path.
pub(super) fn holder(
    program: &Program,
    called: &BTreeMap<StepPath, WorkflowDigest>,
    path: &StepPath,
) -> Result<Option<StepPath>, Refused> {
    let (Some(last), Some(parent)) = (path.last(), path.parent()) else { return Ok(None) };
    let place = |path: &StepPath| program.place(called, path).ok_or_else(|| misfit(path));
    if place(&parent)?.step().is_some() {
        return Ok(Some(parent));
    }
    let holder = match place(path)? {
        Place::Repetition(..) => path.without_index(),
        Place::Entry(scope, node) => match node.within {
            Some((block, _)) => parent.child(&scope.at(block).ok_or_else(|| misfit(path))?.id),
            None if last.index.is_some() => path.without_index(),
            None => parent,
        },
        Place::Workflow(_) | Place::Called(..) => parent,
    };
    Ok(Some(holder))
}

impl Change<'_> {
    /// The record that holds an entry, as [`holder`].
    pub(super) fn holder(&self, path: &StepPath) -> Result<Option<StepPath>, Refused> {
        holder(self.program, &self.run.called, path)
    }

    /// Whether an entry stands within another one, at whatever depth, and is not that one.
    pub(super) fn is_within(&self, path: &StepPath, above: &StepPath) -> Result<bool, Refused> {
        let mut holder = self.holder(path)?;
        while let Some(at) = holder {
            if at == *above {
                return Ok(true);
            }
            holder = self.holder(&at)?;
        }
        Ok(false)
    }

    /// Ends everything within an entry that is not done (not the entry itself) as cancelled.
    pub(super) fn close_within(&mut self, above: &StepPath) -> Result<(), Refused> {
        let mut open = Vec::new();
        for path in self.run.steps.keys() {
            if above.is_root() && !path.is_root() || self.is_within(path, above)? {
                open.push(path.clone());
            }
        }
        // The innermost first: what holds a path is looked up through what holds it.
        for path in open.iter().rev() {
            self.end_step(path, StepStatus::Canceled)?;
        }
        let mut kept = std::collections::VecDeque::new();
        while let Some(entering) = self.entering.pop_front() {
            let holder = self.holder(&entering.path)?;
            if holder.as_ref() != Some(above)
                && holder.is_some_and(|holder| self.run.steps.contains_key(&holder))
            {
                kept.push_back(entering);
            }
        }
        self.entering = kept;
        Ok(())
    }
}

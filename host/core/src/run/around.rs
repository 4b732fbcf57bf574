//! What expressions read of the blocks around them: the item, the iteration, the error that is dealt with.

use std::collections::BTreeMap;

use super::change::Change;
use super::known::NoDecision;
use super::refused::{Refused, misfit};
use crate::json::Json;
use crate::path::StepPath;
use crate::workflow::node::Kind;
use crate::workflow::{Arm, Place};

impl Change<'_> {
    /// The item that the innermost `foreach` around a path is at, with its index.
    pub(super) fn item_around(&self, path: &StepPath) -> Result<Option<(u32, Json)>, NoDecision> {
        let around = self.repetition_around(path, |kind| matches!(kind, Kind::ForEach(_)))?;
        let Some((at, index)) = around else { return Ok(None) };
        Ok(Some((index, self.input_of_open(&at)?)))
    }

    /// The number of the time, from 1, that the innermost loop around a path is at.
    pub(super) fn iteration_around(&self, path: &StepPath) -> Result<Option<u32>, Refused> {
        let around = self.repetition_around(path, |kind| matches!(kind, Kind::Loop(_)))?;
        Ok(around.map(|(_, index)| index.saturating_add(1)))
    }

    /// The innermost repetition around a path of a block of some kind, with its index.
    fn repetition_around(
        &self,
        path: &StepPath,
        of: impl Fn(&Kind) -> bool,
    ) -> Result<Option<(StepPath, u32)>, Refused> {
        let mut above = Some(path.clone());
        while let Some(at) = above {
            if let (Place::Repetition(block, _), Some(index)) =
                (self.place(&at)?, at.last().and_then(|last| last.index))
                && of(&block.kind)
            {
                return Ok(Some((at, index)));
            }
            above = at.parent();
        }
        Ok(None)
    }

    /// The error that the innermost `catch` around the entry at `path`, which has this input, deals with. It is part
    /// of the input of the first entry there, and kept with that.
    pub(super) fn error_around(&self, path: &StepPath, input: &Json) -> Result<Option<Json>, NoDecision> {
        let mut above = Some(path.clone());
        while let Some(at) = above {
            let place = self.place(&at)?;
            if place.workflow().is_some() {
                return Ok(None);
            }
            if let Place::Entry(scope, node) = place
                && let Some((block, Arm::Catch)) = node.within
            {
                let block = scope.at(block).ok_or_else(|| misfit(&at))?;
                let Kind::Try(block) = &block.kind else { return Err(misfit(&at).into()) };
                let first = scope.at(block.catch.first).ok_or_else(|| misfit(&at))?;
                let first = at.sibling(&first.id);
                let given = if first == *path { Some(input.clone()) } else { self.input_of(&first)? };
                let given = given.and_then(|given| given.decode::<BTreeMap<String, Json>>().ok());
                return Ok(given.and_then(|mut given| given.remove("error")));
            }
            above = self.holder(&at)?;
        }
        Ok(None)
    }
}

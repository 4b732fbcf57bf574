//! The same for each item of an array.
//!
//! Each item is a record from the beginning, so that what is written for an item does not grow with their number.

use super::change::Change;
use super::complete::{Arrival, Wrapped};
use super::doing::{Doing, Held};
use super::expressions::NoValue;
use super::known::NoDecision;
use super::limits::MOVES_MAX;
use super::log::LogKind;
use super::refused::misfit;
use crate::failure;
use crate::json::Json;
use crate::path::StepPath;
use crate::workflow::node::{ForEachNode, Kind};

/// Most items of one block.
pub(super) const ITEMS_MAX: usize = 100_000;

impl Change<'_> {
    pub(super) fn enter_foreach(
        &mut self,
        path: &StepPath,
        each: &ForEachNode,
        input: Json,
    ) -> Result<(), NoDecision> {
        let items = match &each.items {
            None => Ok(input.clone()),
            Some(expression) => self.evaluate(path, expression, &input, &[]),
        };
        let items = items.and_then(|items| {
            let problem = || format!("foreach expects an array, found {}", items.shown());
            items.decode::<Vec<Json>>().map_err(|_| NoValue::Problem(problem()))
        });
        self.insert(path, input, Doing::Continuing(self.owner));
        let items = match items {
            Ok(items) if items.len() > ITEMS_MAX => {
                let problem = format!("{} items given, at most {ITEMS_MAX} are allowed", items.len());
                return self.block_failed(path, &failure::TOO_MANY_ITEMS, problem);
            }
            Ok(items) => items,
            Err(NoValue::NoDecision(stop)) => return Err(stop),
            Err(NoValue::Problem(problem)) => {
                return self.block_failed(path, &failure::INVALID_ITEMS, problem);
            }
        };
        let count = u32::try_from(items.len()).unwrap_or(u32::MAX);
        if count == 0 {
            return self.complete(path, Json::from(serde_json::json!([])));
        }
        for (index, item) in (0..count).zip(items) {
            let queued = self.new_step(item, Doing::Queued);
            self.inactive.insert(path.repetition(index), queued);
        }
        let begun = each.concurrency.min(count);
        self.hold(path, Held::ForEach { count, begun, open: begun })?;
        for index in 0..begun {
            self.begin_item(path, (index, count))?;
        }
        Ok(())
    }

    fn begin_item(&mut self, path: &StepPath, (index, count): (u32, u32)) -> Result<(), NoDecision> {
        let item = path.repetition(index);
        let queued = match self.record(&item) {
            Err(NoDecision::Missing(mut missing)) => {
                // As many more as were asked for already: whatever one decision begins, it is made anew only a few
                // times.
                let known = u32::try_from(self.known.steps.len()).unwrap_or(MOVES_MAX).min(MOVES_MAX);
                let more = index.saturating_add(1)..index.saturating_add(known.max(1)).min(count);
                let more = more.map(|index| path.repetition(index));
                missing.steps.extend(more.filter(|item| !self.known.steps.contains_key(item)));
                return Err(NoDecision::Missing(missing));
            }
            found => found?.ok_or_else(|| misfit(&item))?,
        };
        self.enter(item, queued.entry.payload);
        Ok(())
    }

    pub(super) fn item_done(&mut self, path: &StepPath, item: &StepPath) -> Result<Arrival, NoDecision> {
        let (_, Kind::ForEach(_)) = self.block_at(path)? else { return Err(misfit(path).into()) };
        let Doing::Holding(Held::ForEach { count, begun, open }) =
            self.run.steps.get(path).ok_or_else(|| misfit(path))?.doing
        else {
            return Err(misfit(path).into());
        };
        let index = item.last().and_then(|last| last.index).unwrap_or(0);
        let completed = (begun + 1).saturating_sub(open);
        self.log(path, LogKind::Progress { completed, total: count, index });
        if begun < count {
            self.begin_item(path, (begun, count))?;
            self.hold(path, Held::ForEach { count, begun: begun + 1, open })?;
            return Ok(Arrival::Not);
        }
        self.hold(path, Held::ForEach { count, begun, open: open.saturating_sub(1) })?;
        if open > 1 {
            return Ok(Arrival::Not);
        }
        let output = self.gathered(path, count)?;
        self.wrapped(path, output)
    }

    /// The outputs of all items, in order.
    fn gathered(&self, path: &StepPath, count: u32) -> Result<Wrapped, NoDecision> {
        let known = self.known.repetitions.get(path);
        let known = known.ok_or_else(|| NoDecision::repetitions(path.clone()))?;
        let mut outputs = vec![None; count as usize];
        let here = (0..count).map(|index| path.repetition(index)).filter_map(|item| {
            let step = self.inactive.get(&item)?.clone();
            Some((item, step))
        });
        for (item, step) in known.iter().cloned().chain(here) {
            let index = item.last().and_then(|last| last.index).and_then(|index| usize::try_from(index).ok());
            if let Some(slot) = index.and_then(|index| outputs.get_mut(index)) {
                *slot = step.entry.output;
            }
        }
        let outputs: Option<Vec<Json>> = outputs.into_iter().collect();
        Ok(Json::of(&outputs.ok_or_else(|| misfit(path))?))
    }
}

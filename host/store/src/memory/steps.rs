//! Reading steps: those of a run, and for a fork those of its parents too.

use std::collections::BTreeSet;

use reentry_core::id::{RunId, TenantId};
use reentry_core::path::StepPath;
use reentry_core::run::EntryRecord;

use super::Data;
use super::runs::{KeptRun, KeptStep};
use crate::StoreError;
use crate::rows::is_within;

impl KeptRun {
    /// The records that a fork which began at a version sees of this run: those of that version that nothing was
    /// going on in.
    fn still_at(&self, version: i64) -> impl Iterator<Item = &KeptStep> {
        let kept = self.steps.values().filter(|step| !step.row.active);
        let old = self.old_steps.iter().filter(move |old| version < old.until).map(|old| &old.step);
        kept.chain(old).filter(move |step| step.row.version <= version)
    }
}

impl Data {
    /// The records of a run and of its parents whose paths are wanted, in order.
    pub(super) fn steps(
        &self,
        tenant: &TenantId,
        id: RunId,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<(StepPath, EntryRecord)>, StoreError> {
        let Some(run) = self.run_of(tenant, id) else { return Ok(Vec::new()) };
        let (mut seen, mut hidden) = (BTreeSet::new(), Vec::new());
        let mut layers =
            vec![(id, fresh(run.steps.values().filter(|step| wanted(&step.row.path)), &mut seen))];
        let (mut below, mut version) = (run, i64::MAX);
        while let Some((parent, forked_at)) = below.fork_of {
            hidden.extend(below.hidden.iter().filter(|(_, since)| **since <= version).map(|(path, _)| path));
            let Some(above) = self.runs.get(&parent) else { break };
            let shown = above.still_at(forked_at).filter(|step| {
                wanted(&step.row.path) && !hidden.iter().any(|path| is_within(&step.row.path, path))
            });
            layers.push((parent, fresh(shown, &mut seen)));
            (below, version) = (above, forked_at);
        }
        let is_fork = layers.len() > 1;
        let rows =
            layers.into_iter().rev().flat_map(|(run, rows)| rows.into_iter().map(move |row| (run, row)));
        let mut steps = rows.map(|(run, row)| self.whole_step(run, row)).collect::<Result<Vec<_>, _>>()?;
        if is_fork {
            steps.sort_by_key(|(_, step)| step.entry.started_at);
        }
        Ok(steps)
    }

    pub(super) fn step(
        &self,
        tenant: &TenantId,
        run: RunId,
        path: &StepPath,
    ) -> Result<Option<EntryRecord>, StoreError> {
        let path = path.to_string();
        if let Some(own) = self.run_of(tenant, run).and_then(|run| run.steps.get(&path)) {
            return self.whole_step(run, own).map(|(_, step)| Some(step));
        }
        Ok(self.steps(tenant, run, |found| *found == path)?.pop().map(|(_, step)| step))
    }

    pub(super) fn old_step(
        &self,
        tenant: &TenantId,
        run: RunId,
        path: &StepPath,
        version: u64,
    ) -> Result<Option<EntryRecord>, StoreError> {
        let (path, version) = (path.to_string(), i64::try_from(version).unwrap_or(i64::MAX));
        let old = self.run_of(tenant, run).into_iter().flat_map(|run| &run.old_steps).map(|old| &old.step);
        let wanted = old.filter(|step| step.row.path == path && step.row.version >= version);
        let first = wanted.min_by_key(|step| step.row.version);
        first.map(|step| self.whole_step(run, step).map(|(_, step)| step)).transpose()
    }

    pub(super) fn children(
        &self,
        tenant: &TenantId,
        run: RunId,
        path: &StepPath,
    ) -> Result<Vec<(StepPath, EntryRecord)>, StoreError> {
        if path.last().is_none_or(|last| last.index.is_some()) {
            return Ok(Vec::new());
        }
        let path = path.to_string();
        let is_child = |found: &str| {
            let index = found.strip_prefix(&path).and_then(|rest| rest.strip_prefix('['));
            index.is_some_and(|index| !index.contains('.'))
        };
        let mut children = self.steps(tenant, run, is_child)?;
        children.sort_by_key(|(path, _)| path.last().and_then(|last| last.index));
        Ok(children)
    }
}

/// Records of steps that nobody has shown yet, in the order of storing.
fn fresh<'a>(steps: impl Iterator<Item = &'a KeptStep>, seen: &mut BTreeSet<&'a str>) -> Vec<&'a KeptStep> {
    let mut fresh: Vec<_> = steps.filter(|step| seen.insert(&step.row.path)).collect();
    fresh.sort_by_key(|step| step.place);
    fresh
}

//! Lists of runs and suspensions, and what is due, held or without a holder.

use std::collections::{BTreeSet, HashSet};

use reentry_core::id::{OwnerId, RunId, SuspensionId, TenantId};
use reentry_core::run::RunStatus;
use reentry_core::time::Timestamp;

use super::Data;
use super::runs::{KeptRun, KeptSuspension};
use crate::query::{no_such_place, page, page_rows, place};
use crate::rows::{as_far_as_read, column, damaged, decode_labels, instant};
use crate::{Page, RunFilter, RunSummary, StoreError, SuspensionFilter, SuspensionRecord, SuspensionState};

impl Data {
    pub(super) fn list_runs(
        &self,
        tenant: &TenantId,
        filter: &RunFilter,
    ) -> Result<Page<RunSummary>, StoreError> {
        let wanted = page_rows(filter.limit);
        let before = match place::<RunId>(filter.after.as_deref())? {
            None => u64::MAX,
            Some(id) => self.run_of(tenant, id).ok_or_else(|| no_such_place(id))?.place,
        };
        let rows = self.runs_in_order().into_iter().rev().filter(|run| {
            run.place < before
                && run.row.tenant == *tenant
                && filter.status.is_none_or(|status| status == run.row.status)
                && filter.workflow_id.as_ref().is_none_or(|id| *id == run.row.workflow_id)
                && filter.resource_id.as_ref().is_none_or(|id| Some(id) == run.row.resource_id.as_ref())
        });
        let rows = rows.take(wanted + 1).map(|run| run.row.summary()).collect::<Result<_, _>>()?;
        Ok(page(rows, wanted, |row: &RunSummary| row.id.to_string()))
    }

    pub(super) fn runs_with_digits(&self, tenant: &TenantId, digits: &str, limit: usize) -> Vec<RunId> {
        let ids = self.runs_in_order().into_iter().rev().filter(|run| run.row.tenant == *tenant);
        let fits = |id: &RunId| {
            let id = id.to_string();
            id.trim_start_matches("run_").starts_with(digits) || id.ends_with(digits)
        };
        ids.map(|run| run.row.id).filter(fits).take(limit).collect()
    }

    pub(super) fn last_run(&self, tenant: &TenantId) -> Option<RunId> {
        let mut runs = self.runs_in_order();
        runs.retain(|run| run.row.tenant == *tenant);
        let answered = |run: &&KeptRun| {
            let ended = run.suspensions.iter().filter(|kept| kept.is_answered());
            ended.filter_map(|kept| kept.ended.as_ref()).map(|ended| ended.at).max()
        };
        let answered = runs.iter().filter_map(|run| Some((answered(run)?, run.place, run.row.id)));
        let created = runs.last().map(|run| (run.row.created_at, run.place, run.row.id));
        answered.chain(created).max_by_key(|(at, place, _)| (*at, *place)).map(|(_, _, id)| id)
    }

    pub(super) fn list_suspensions(
        &self,
        tenant: &TenantId,
        filter: &SuspensionFilter,
    ) -> Result<Page<SuspensionRecord>, StoreError> {
        filter.check()?;
        let wanted = page_rows(filter.limit);
        let after = place::<SuspensionId>(filter.after.as_deref())?;
        let mut rows = Vec::new();
        for run in self.runs.values().filter(|run| run.row.tenant == *tenant) {
            let matching = run.suspensions.iter().filter(|kept| kept.matches(run.row.id, filter));
            let beyond = matching.filter(|kept| match after {
                Some(after) if filter.latest_first => kept.what.id < after,
                Some(after) => kept.what.id > after,
                None => true,
            });
            rows.extend(beyond.map(|kept| (run, kept)));
        }
        rows.sort_by_key(|(_, kept)| kept.what.id);
        if filter.latest_first {
            rows.reverse();
        }
        let rows = rows.into_iter().take(wanted + 1).map(|(run, kept)| run.suspension_record(kept, filter));
        let rows = rows.collect::<Result<_, _>>()?;
        Ok(page(rows, wanted, |row: &SuspensionRecord| row.id.to_string()))
    }

    pub(super) fn due(
        &self,
        now: Timestamp,
        except: &HashSet<RunId>,
        limit: usize,
    ) -> Vec<(TenantId, RunId)> {
        let now = column(now);
        let first = |run: &KeptRun| run.steps.values().filter_map(|step| step.row.due_at).min();
        let mut runs = self.runs_in_order();
        runs.retain(|run| run.row.status != RunStatus::Blocked);
        let mut due: Vec<_> = runs.iter().filter_map(|run| Some((first(run)?, run))).collect();
        due.retain(|(at, run)| *at <= now && !except.contains(&run.row.id));
        due.sort_by_key(|(at, _)| *at);
        due.into_iter().take(limit).map(|(_, run)| run.key()).collect()
    }

    pub(super) fn next_due(&self, after: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let steps = self.runs.values().flat_map(|run| run.steps.values());
        steps
            .filter_map(|step| step.row.due_at)
            .filter(|at| *at > column(after))
            .min()
            .map(instant)
            .transpose()
    }

    pub(super) fn orphans(&self, except: &HashSet<RunId>, limit: usize) -> Vec<(TenantId, RunId, OwnerId)> {
        let mut orphans = BTreeSet::new();
        let running = self.runs.values().filter(|run| run.row.status == RunStatus::Running);
        for run in running.filter(|run| !except.contains(&run.row.id)) {
            let dead = run.owners().filter(|owner| !self.live_owners.contains(owner));
            orphans.extend(dead.map(|owner| (owner, run.place, run.key())));
        }
        let orphans = orphans.into_iter().take(limit);
        orphans.map(|(owner, _, (tenant, run))| (tenant, run, owner)).collect()
    }

    pub(super) fn owned(&self, owner: OwnerId) -> Vec<(TenantId, RunId)> {
        let running = self.runs_in_order().into_iter().filter(|run| run.row.status == RunStatus::Running);
        running.filter(|run| run.owners().any(|found| found == owner)).map(KeptRun::key).collect()
    }
}

impl KeptRun {
    pub(super) fn key(&self) -> (TenantId, RunId) {
        (self.row.tenant.clone(), self.row.id)
    }

    fn owners(&self) -> impl Iterator<Item = OwnerId> {
        self.steps.values().filter(|step| step.row.active).filter_map(|step| step.row.owner)
    }

    fn suspension_record(
        &self,
        kept: &KeptSuspension,
        filter: &SuspensionFilter,
    ) -> Result<SuspensionRecord, StoreError> {
        let (id, path) = (kept.what.id, &kept.what.path);
        let step = self.steps.get(path).filter(|_| kept.is_open());
        let step = step.map(|step| step.decode(self.row.id)).transpose();
        let (step, labels, damage) = as_far_as_read(step, kept.labels());
        let ended = kept.ended.as_ref();
        let ended =
            ended.map(|ended| Ok::<_, StoreError>((ended.what.end, instant(ended.at)?))).transpose()?;
        Ok(SuspensionRecord {
            id,
            run: self.row.id,
            workflow_id: self.row.workflow_id.clone(),
            workflow: self.row.workflow,
            path: path.parse().map_err(|error| damaged(format_args!("path of {id}"), error))?,
            labels,
            since: instant(kept.what.since)?,
            due_at: kept.what.due_at.map(instant).transpose()?,
            state: SuspensionState { ended },
            step: step.map(|(_, step)| step),
            past: kept.past(filter.with_tries)?,
            damage,
        })
    }
}

impl KeptSuspension {
    fn labels(&self) -> Result<Vec<String>, StoreError> {
        decode_labels(self.what.id, self.what.labels.as_ref().map(String::as_bytes))
    }

    fn matches(&self, run: RunId, filter: &SuspensionFilter) -> bool {
        let labels = self.labels().unwrap_or_default();
        filter.run.is_none_or(|wanted| wanted == run)
            && (filter.only.is_empty() || filter.only.contains(&self.what.id))
            && filter.label.as_ref().is_none_or(|label| labels.contains(label))
            && (filter.with_ended || self.is_open())
            && (filter.with_timers || self.what.takes_answer)
    }
}

//! Lists of runs and suspensions.

use reentry_core::id::{RunId, TenantId};

use super::Data;
use super::runs::{KeptRun, KeptSuspension};
use crate::columns::{damaged, instant};
use crate::counts::Tally;
use crate::decode::decode_names;
use crate::filter::{Wait, WaitPlace};
use crate::query::{no_such_place, page, page_rows, place};
use crate::{
    Counts, Page, RunFilter, RunGroups, RunSummary, StoreError, SuspensionFilter, SuspensionGroups,
    SuspensionPast, SuspensionRecord, SuspensionState,
};

/// When a run was created, and its place in the order of storing.
type CreationKey = (i64, u64);

impl Data {
    pub(super) fn list_runs(
        &self,
        tenant: &TenantId,
        filter: &RunFilter,
    ) -> Result<Page<RunSummary>, StoreError> {
        filter.check()?;
        let wanted = page_rows(filter.limit);
        let mut rows = match filter.waits() {
            Some(waits) => {
                let after = waits.begins_after()?;
                let mut rows = self.runs_by_waits(tenant, filter, &waits)?;
                rows.retain(|(place, _)| after.is_none_or(|after| waits.precedes(after, *place)));
                rows.into_iter().map(|(place, run)| (waits.told(place), run)).collect()
            }
            None => {
                let after = place::<RunId>(filter.after.as_deref())?;
                let after = after.map(|id| self.run_of(tenant, id).ok_or_else(|| no_such_place(id)));
                let after = after.transpose()?.map(KeptRun::created);
                let mut rows = self.runs_by_creation(tenant, filter)?;
                rows.retain(|(at, _)| match after {
                    Some(after) if filter.oldest_first => *at > after,
                    Some(after) => *at < after,
                    None => true,
                });
                rows.into_iter().map(|(_, run)| (run.id.to_string(), run)).collect::<Vec<_>>()
            }
        };
        rows.truncate(wanted + 1);
        let Page { rows, next } = page(rows, wanted, |(place, _)| place.clone());
        Ok(Page { rows: rows.into_iter().map(|(_, run)| run).collect(), next })
    }

    pub(super) fn count_runs(
        &self,
        tenant: &TenantId,
        filter: &RunFilter,
        by: Option<RunGroups>,
    ) -> Result<Counts, StoreError> {
        filter.check()?;
        let mut tally = Tally::default();
        let rows = match filter.waits() {
            Some(waits) => {
                self.runs_by_waits(tenant, filter, &waits)?.into_iter().map(|(_, run)| run).collect()
            }
            None => {
                let rows = self.runs_by_creation(tenant, filter)?;
                rows.into_iter().map(|(_, run)| run).collect::<Vec<_>>()
            }
        };
        rows.iter().for_each(|run| tally.add_run(run, by));
        Ok(tally.counts(false))
    }

    /// Runs that pass a filter, in the order in which they were created or the other way round.
    fn runs_by_creation(
        &self,
        tenant: &TenantId,
        filter: &RunFilter,
    ) -> Result<Vec<(CreationKey, RunSummary)>, StoreError> {
        let mut rows = Vec::new();
        for run in self.runs.values().filter(|run| run.row.tenant == *tenant) {
            rows.push((run.created(), run.row.summary()?));
        }
        rows.retain(|(_, run)| filter.fits(run));
        rows.sort_by_key(|(created, _)| *created);
        if !filter.oldest_first {
            rows.reverse();
        }
        Ok(rows)
    }

    /// Runs that pass a filter on what they wait for, each where the first of these waits stands.
    fn runs_by_waits(
        &self,
        tenant: &TenantId,
        filter: &RunFilter,
        waits: &SuspensionFilter,
    ) -> Result<Vec<(WaitPlace, RunSummary)>, StoreError> {
        let mut rows = Vec::new();
        for (wait, run) in self.waits(tenant, waits)? {
            let run = run.row.summary()?;
            let is_first = rows.iter().all(|(_, before): &(_, RunSummary)| before.id != run.id);
            if is_first && filter.fits(&run) {
                rows.push((waits.place_of(&wait.record), run));
            }
        }
        Ok(rows)
    }

    /// Suspensions that pass a filter, in the order of their list.
    fn waits(
        &self,
        tenant: &TenantId,
        filter: &SuspensionFilter,
    ) -> Result<Vec<(Wait, &KeptRun)>, StoreError> {
        let mut waits = Vec::new();
        for run in self.runs.values().filter(|run| run.row.tenant == *tenant) {
            for kept in &run.suspensions {
                waits.push((run.wait(kept)?, run));
            }
        }
        waits.retain(|(wait, _)| filter.fits(wait));
        waits.sort_by_key(|(wait, _)| filter.place_of(&wait.record));
        if filter.latest_first {
            waits.reverse();
        }
        Ok(waits)
    }

    pub(super) fn runs_with_digits(&self, tenant: &TenantId, digits: &str, limit: usize) -> Vec<RunId> {
        let mut runs: Vec<&KeptRun> = self.runs.values().filter(|run| run.row.tenant == *tenant).collect();
        runs.sort_by_key(|run| std::cmp::Reverse(run.created()));
        let fits = |id: &RunId| {
            let id = id.to_string();
            id.trim_start_matches("run_").starts_with(digits) || id.ends_with(digits)
        };
        runs.into_iter().map(|run| run.row.id).filter(fits).take(limit).collect()
    }

    pub(super) fn last_run(&self, tenant: &TenantId) -> Option<RunId> {
        let mut runs = self.runs_in_order();
        runs.retain(|run| run.row.tenant == *tenant);
        let answered = |run: &&KeptRun| {
            let ended = run.suspensions.iter().filter(|kept| kept.is_answered());
            ended.filter_map(|kept| kept.ended.as_ref()).map(|ended| ended.at).max()
        };
        let answered = runs.iter().filter_map(|run| Some((answered(run)?, run.place, run.row.id)));
        let created = runs.iter().max_by_key(|run| run.created());
        let created = created.map(|run| (run.row.created_at, run.place, run.row.id));
        answered.chain(created).max_by_key(|(at, place, _)| (*at, *place)).map(|(_, _, id)| id)
    }

    pub(super) fn list_suspensions(
        &self,
        tenant: &TenantId,
        filter: &SuspensionFilter,
    ) -> Result<Page<SuspensionRecord>, StoreError> {
        filter.check()?;
        let (wanted, after) = (page_rows(filter.limit), filter.begins_after()?);
        let mut waits = self.waits(tenant, filter)?;
        waits.retain(|(wait, _)| {
            after.is_none_or(|after| filter.precedes(after, filter.place_of(&wait.record)))
        });
        waits.truncate(wanted + 1);
        let rows = waits.into_iter().map(|(wait, run)| run.whole(wait.record, filter));
        Ok(page(rows.collect::<Result<_, _>>()?, wanted, |record| filter.told(filter.place_of(record))))
    }

    pub(super) fn count_suspensions(
        &self,
        tenant: &TenantId,
        filter: &SuspensionFilter,
        by: Option<SuspensionGroups>,
    ) -> Result<Counts, StoreError> {
        filter.check()?;
        let mut tally = Tally::default();
        self.waits(tenant, filter)?.iter().for_each(|(wait, _)| tally.add_wait(wait, by));
        Ok(tally.counts(false))
    }
}

impl KeptRun {
    pub(super) fn key(&self) -> (TenantId, RunId) {
        (self.row.tenant.clone(), self.row.id)
    }

    /// Its place in lists: when it was created, and after which others of that instant.
    fn created(&self) -> CreationKey {
        (self.row.created_at, self.place)
    }

    fn wait(&self, kept: &KeptSuspension) -> Result<Wait, StoreError> {
        let (id, path) = (kept.what.id, &kept.what.path);
        let names =
            |what, names: &Option<String>| decode_names(id, what, names.as_ref().map(String::as_bytes));
        let labels = names("labels", &kept.what.labels);
        let assignees = names("assignees", &kept.what.assignees);
        let damage = labels.as_ref().err().or(assignees.as_ref().err()).map(ToString::to_string);
        let ended = kept.ended.as_ref();
        let actor = ended.and_then(|ended| ended.what.by.actor.as_ref()).map(|actor| actor.name.clone());
        let ended =
            ended.map(|ended| Ok::<_, StoreError>((ended.what.end, instant(ended.at)?))).transpose()?;
        let record = SuspensionRecord {
            id,
            run: self.row.id,
            workflow_id: self.row.workflow_id.clone(),
            workflow: self.row.workflow,
            path: path.parse().map_err(|error| damaged(format_args!("path of {id}"), error))?,
            labels: labels.unwrap_or_default(),
            since: instant(kept.what.since)?,
            due_at: kept.what.due_at.map(instant).transpose()?,
            state: SuspensionState { ended },
            step: None,
            past: SuspensionPast::default(),
            damage,
        };
        Ok(Wait {
            record,
            takes_answer: kept.what.takes_answer,
            assignees: assignees.unwrap_or_default(),
            actor,
            resource_id: self.row.resource_id.clone(),
        })
    }

    /// A suspension with the record of its step, if it is open, and what is kept of what was asked and answered.
    fn whole(
        &self,
        mut record: SuspensionRecord,
        filter: &SuspensionFilter,
    ) -> Result<SuspensionRecord, StoreError> {
        if let Some(kept) = self.suspensions.iter().find(|kept| kept.what.id == record.id) {
            record.past = kept.past(filter.with_tries)?;
        }
        let step = self.steps.get(&record.path.to_string()).filter(|_| record.state.ended.is_none());
        match step.map(|step| step.decode(self.row.id)).transpose() {
            Ok(step) => record.step = step.map(|(_, step)| step),
            Err(error) => record.damage = Some(error.to_string()),
        }
        Ok(record)
    }
}

//! Deleting runs that have ended.

use reentry_core::id::{RunId, TenantId};
use reentry_core::time::Timestamp;

use super::Data;
use super::runs::{KeptEnd, KeptTry};
use crate::DeleteError;
use crate::columns::column;
use crate::decode::parts_of_head;

impl Data {
    pub(super) fn delete_run(&mut self, tenant: &TenantId, id: RunId) -> Result<(), DeleteError> {
        let run = self.run_of(tenant, id).ok_or(DeleteError::NotFound { run: id })?;
        if !run.row.status.stands_still() {
            return Err(DeleteError::NotFinal { run: id, status: run.row.status });
        }
        let forks: Vec<RunId> = self.forks_of(id).into_iter().map(|(fork, _)| fork).collect();
        if !forks.is_empty() {
            return Err(DeleteError::HasForks { run: id, forks });
        }
        // As far as the records of steps that are not done can be read.
        let active = run.steps.values().filter(|step| step.row.active);
        let images: Vec<_> = active.filter_map(|step| step.decode(id).ok()?.1.doing.image()).collect();
        images.into_iter().for_each(|image| self.drop_image(image));
        self.delete(id);
        Ok(())
    }

    pub(super) fn delete_runs_before(&mut self, before: Timestamp, limit: usize) -> Vec<RunId> {
        let mut runs = self.runs_in_order();
        runs.retain(|run| {
            let is_over = run.row.status.is_final() && run.row.updated_at < column(before);
            is_over && self.forks_of(run.row.id).is_empty()
        });
        runs.sort_by_key(|run| (run.row.workflow, run.row.updated_at));
        let runs: Vec<RunId> = runs.iter().take(limit).map(|run| run.row.id).collect();
        runs.iter().for_each(|run| self.delete(*run));
        runs
    }

    fn delete(&mut self, id: RunId) {
        let Some(run) = self.runs.remove(&id) else { return };
        let records = run.steps.values().chain(run.old_steps.iter().map(|old| &old.step));
        let payloads: Vec<_> = records.filter_map(|step| step.row.payload.part()).collect();
        let ends = run.suspensions.iter().filter_map(|kept| kept.ended.as_ref()).flat_map(KeptEnd::parts);
        let tries = run.suspensions.iter().flat_map(|kept| &kept.tries).filter_map(KeptTry::part);
        let texts: Vec<_> = ends.chain(tries).chain(parts_of_head(run.row.head.as_bytes())).collect();
        for image in
            run.savepoints.into_values().flat_map(|savepoint| savepoint.images).chain(payloads).chain(texts)
        {
            self.drop_image(image);
        }
        self.requests.retain(|_, request| request.run != id);
    }
}

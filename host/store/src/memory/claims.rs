//! What waits for somebody to act: what is due, calls by their owners, and who has claimed which of it.

use std::collections::BTreeSet;

use reentry_core::id::{OwnerId, RunId, TenantId};
use reentry_core::run::RunStatus;
use reentry_core::time::Timestamp;

use super::Data;
use super::runs::KeptRun;
use crate::StoreError;
use crate::claims::{Batch, CLAIM_MS, Except};
use crate::columns::{column, instant};

/// A claim of a run or a message.
pub(super) struct Claim {
    /// The version of the run; `None` for a message.
    version: Option<i64>,
    owner: OwnerId,
    until: i64,
}

/// What is claimed: the id of a run with its version, or that of a message.
type ClaimKey = ([u8; 16], Option<i64>);

impl Data {
    pub(super) fn claim_due(
        &mut self,
        owner: OwnerId,
        now: Timestamp,
        except: &Except<RunId>,
        limit: usize,
    ) -> Vec<(TenantId, RunId)> {
        let first = |run: &KeptRun| run.steps.values().filter_map(|step| step.row.due_at).min();
        let mut runs = self.runs_in_order();
        runs.retain(|run| run.row.status != RunStatus::Blocked);
        let mut due: Vec<_> = runs.iter().filter_map(|run| Some((first(run)?, run))).collect();
        due.retain(|(at, run)| *at <= column(now) && !except.holds(&run.row.tenant, &run.row.id));
        due.retain(|(_, run)| !self.is_claimed(run.claim(), owner, now));
        due.sort_by_key(|(at, _)| *at);
        let mut batch = Batch::new(limit);
        due.iter().for_each(|(_, run)| batch.offer(&run.row.tenant, (run.claim(), run.key())));
        let (claims, keys): (Vec<_>, Vec<_>) = batch.finish().into_iter().unzip();
        self.claim(owner, now, claims);
        keys
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

    pub(super) fn claim_orphans(
        &mut self,
        owner: OwnerId,
        now: Timestamp,
        except: &Except<RunId>,
        limit: usize,
    ) -> Vec<(TenantId, RunId, OwnerId)> {
        let mut orphans = BTreeSet::new();
        let running = self.runs.values().filter(|run| run.row.status == RunStatus::Running);
        let free = running.filter(|run| !self.is_claimed(run.claim(), owner, now));
        for run in free.filter(|run| !except.holds(&run.row.tenant, &run.row.id)) {
            let dead = run.owners().filter(|owner| !self.live_owners.contains(owner));
            orphans.extend(dead.map(|owner| (owner, run.place, run.key(), run.claim())));
        }
        let mut batch = Batch::new(limit);
        orphans.into_iter().for_each(|orphan| batch.offer(&orphan.2.0.clone(), orphan));
        let orphans = batch.finish();
        self.claim(owner, now, orphans.iter().map(|(.., claim)| *claim).collect());
        orphans.into_iter().map(|(owner, _, (tenant, run), _)| (tenant, run, owner)).collect()
    }

    pub(super) fn owned(&self, owner: OwnerId) -> Vec<(TenantId, RunId)> {
        let running = self.runs_in_order().into_iter().filter(|run| run.row.status == RunStatus::Running);
        running.filter(|run| run.owners().any(|found| found == owner)).map(KeptRun::key).collect()
    }

    /// Whether another owner that is alive has claimed it.
    pub(super) fn is_claimed(&self, (id, version): ClaimKey, owner: OwnerId, now: Timestamp) -> bool {
        let claim =
            self.claims.get(&id).filter(|claim| claim.version == version && claim.until > column(now));
        claim.is_some_and(|claim| claim.owner != owner && self.live_owners.contains(&claim.owner))
    }

    /// Claims what nobody else has claimed.
    pub(super) fn claim(&mut self, owner: OwnerId, now: Timestamp, found: Vec<ClaimKey>) {
        let until = column(now.plus_ms(CLAIM_MS));
        self.claims.extend(found.into_iter().map(|(id, version)| (id, Claim { version, owner, until })));
    }

    /// Lets go of what an owner has claimed.
    pub(super) fn unclaim<'a>(&mut self, owner: OwnerId, ids: impl Iterator<Item = &'a [u8; 16]>) {
        for id in ids {
            if self.claims.get(id).is_some_and(|claim| claim.owner == owner) {
                self.claims.remove(id);
            }
        }
    }
}

impl KeptRun {
    /// What is claimed of it.
    fn claim(&self) -> ClaimKey {
        (*self.row.id.as_bytes(), Some(self.row.version))
    }

    fn owners(&self) -> impl Iterator<Item = OwnerId> {
        self.steps.values().filter(|step| step.row.active).filter_map(|step| step.row.owner)
    }
}

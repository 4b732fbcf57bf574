//! What there is of each tenant.

use std::collections::BTreeMap;

use reentry_core::digest::ComponentDigest;
use reentry_core::id::TenantId;

use super::Data;
use super::library::Hold;
use crate::{RemoveError, TenantSummary};

impl Data {
    pub(super) fn list_tenants(&self) -> Vec<TenantSummary> {
        let mut tenants = BTreeMap::new();
        let mut count = |tenant: &TenantId, add: &dyn Fn(&mut TenantSummary)| {
            add(tenants.entry(tenant.clone()).or_insert_with(|| TenantSummary::of(tenant.clone())));
        };
        for run in self.runs.values() {
            let is_open = !run.row.status.is_final();
            count(&run.row.tenant, &|of| {
                (of.runs, of.open_runs) = (of.runs + 1, of.open_runs + u64::from(is_open))
            });
        }
        self.holds.iter().filter_map(Hold::tenant).for_each(|tenant| count(tenant, &|of| of.components += 1));
        self.workflow_holds.iter().for_each(|(tenant, _)| count(tenant, &|of| of.workflows += 1));
        self.messages.iter().for_each(|kept| count(&kept.message.tenant, &|of| of.messages += 1));
        self.tenants.values().for_each(|record| count(&record.tenant, &|of| of.state = record.state));
        tenants.into_values().collect()
    }

    pub(super) fn delete_tenant(&mut self, tenant: &TenantId) -> Result<Vec<ComponentDigest>, RemoveError> {
        let of = self.list_tenants().into_iter().find(|of| of.tenant == *tenant);
        if let Some(TenantSummary { tenant, runs: runs @ 1.., open_runs, .. }) = of {
            return Err(RemoveError::TenantUsed { tenant, runs, open_runs });
        }
        self.tenants.remove(tenant);
        self.requests.retain(|(of, _), _| of != tenant);
        self.messages.retain(|kept| kept.message.tenant != *tenant);
        Ok(self.end_holds(tenant))
    }
}

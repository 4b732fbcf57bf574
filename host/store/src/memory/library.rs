//! Components and workflow definitions, who has applied them, and who uses them.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use reentry_core::digest::{ComponentDigest, WorkflowDigest};
use reentry_core::id::TenantId;
use reentry_core::time::Timestamp;

use super::Data;
use crate::{
    ComponentRecord, ComponentSummary, ComponentUsage, RemoveError, WorkflowRecord, WorkflowSummary,
};

/// A version of a workflow that a tenant has applied.
pub(super) struct Applied {
    tenant: TenantId,
    id: String,
    workflow: WorkflowDigest,
    at: Timestamp,
    current: bool,
}

impl Data {
    pub(super) fn put_component(&mut self, component: ComponentRecord) {
        if !self.components.iter().any(|kept| kept.digest == component.digest) {
            self.components.push(component);
        }
    }

    pub(super) fn list_components(&self) -> Vec<ComponentSummary> {
        let summary = |kept: &ComponentRecord| ComponentSummary {
            digest: kept.digest,
            name: kept.name.clone(),
            bytes: kept.bytes.len() as u64,
            meta: kept.meta.clone(),
            created_at: kept.created_at,
        };
        self.components.iter().rev().map(summary).collect()
    }

    pub(super) fn put_workflow(&mut self, mut workflow: WorkflowRecord) {
        if !self.workflows.iter().any(|kept| kept.digest == workflow.digest) {
            workflow.components.sort();
            workflow.components.dedup();
            self.workflows.push(workflow);
        }
    }

    pub(super) fn apply_workflow(
        &mut self,
        tenant: &TenantId,
        workflow: WorkflowRecord,
        at: Timestamp,
    ) -> Option<WorkflowDigest> {
        let previous = self.retire_workflow(tenant, &workflow.id);
        self.applied.retain(|applied| !applied.is(tenant, &workflow.digest));
        let (tenant, id) = (tenant.clone(), workflow.id.clone());
        self.applied.push(Applied { tenant, id, workflow: workflow.digest, at, current: true });
        self.put_workflow(workflow);
        previous
    }

    pub(super) fn current_workflow(&self, tenant: &TenantId, id: &str) -> Option<WorkflowDigest> {
        let mut applied = self.applied.iter();
        applied.find(|applied| applied.is_current(tenant, id)).map(|applied| applied.workflow)
    }

    pub(super) fn retire_workflow(&mut self, tenant: &TenantId, id: &str) -> Option<WorkflowDigest> {
        let current = self.applied.iter_mut().find(|applied| applied.is_current(tenant, id))?;
        current.current = false;
        Some(current.workflow)
    }

    pub(super) fn list_workflows(&self, tenant: &TenantId) -> Vec<WorkflowSummary> {
        let follow = |workflow| {
            let open = self.runs.values().map(|run| &run.row).filter(|row| !row.status.is_final());
            open.filter(|row| row.tenant == *tenant && row.workflow == workflow).count() as u64
        };
        let summary = |applied: &Applied| WorkflowSummary {
            id: applied.id.clone(),
            digest: applied.workflow,
            applied_at: applied.at,
            current: applied.current,
            open_runs: follow(applied.workflow),
        };
        let mine = self.applied.iter().filter(|applied| applied.tenant == *tenant);
        let mut rows: Vec<_> = mine.map(summary).collect();
        rows.sort_by_key(|row| (row.id.clone(), Reverse(row.applied_at), row.digest));
        rows
    }

    /// How many runs are pinned to one of these definitions, and how many of them have not ended.
    fn pinned(&self, tenant: Option<&TenantId>, workflows: &[WorkflowDigest]) -> (u64, u64) {
        let runs = self.runs.values().filter(|run| tenant.is_none_or(|tenant| run.row.tenant == *tenant));
        let pinned = runs.filter(|run| run.needs(workflows));
        pinned.fold((0, 0), |(runs, open), run| (runs + 1, open + u64::from(!run.row.status.is_final())))
    }

    pub(super) fn usage(&self, component: &ComponentDigest) -> ComponentUsage {
        let users = self.workflows.iter().filter(|workflow| workflow.components.contains(component));
        let workflows: BTreeSet<_> = users.map(|workflow| (workflow.digest, workflow.id.clone())).collect();
        let digests: Vec<_> = workflows.iter().map(|(digest, _)| *digest).collect();
        let (runs, open_runs) = self.pinned(None, &digests);
        ComponentUsage { workflows: workflows.into_iter().collect(), open_runs, runs }
    }

    pub(super) fn unneeded_components(&self) -> Vec<ComponentSummary> {
        let mut names = BTreeSet::new();
        let mut components = self.list_components();
        components.retain(|component| {
            let is_latest = names.insert(component.name.clone());
            let usage = self.usage(&component.digest);
            let is_applied = |digest| self.applied.iter().any(|applied| applied.workflow == digest);
            !is_latest && usage.runs == 0 && !usage.workflows.iter().any(|(digest, _)| is_applied(*digest))
        });
        components
    }

    pub(super) fn remove_component(&mut self, component: &ComponentDigest) -> Result<(), RemoveError> {
        let at = self.components.iter().position(|kept| kept.digest == *component);
        let at = at.ok_or(RemoveError::NoComponent { component: *component })?;
        let usage = self.usage(component);
        let is_current =
            |digest| self.applied.iter().any(|applied| applied.current && applied.workflow == digest);
        if usage.runs > 0 || usage.workflows.iter().any(|(digest, _)| is_current(*digest)) {
            return Err(RemoveError::ComponentUsed { component: *component, usage });
        }
        self.components.remove(at);
        Ok(())
    }

    pub(super) fn remove_workflow(
        &mut self,
        tenant: &TenantId,
        digest: &WorkflowDigest,
    ) -> Result<(), RemoveError> {
        let workflow = *digest;
        let is_kept = self.workflows.iter().any(|kept| kept.digest == workflow);
        let mut applied = self.applied.iter().filter(|applied| applied.workflow == workflow);
        let mine = applied.clone().find(|applied| applied.tenant == *tenant);
        if mine.is_none() && (!is_kept || applied.next().is_some()) {
            return Err(RemoveError::NoWorkflow { workflow });
        }
        if let Some(Applied { id, .. }) = mine.filter(|mine| mine.current) {
            return Err(RemoveError::WorkflowCurrent { workflow, id: id.clone() });
        }
        let (runs, open_runs) = self.pinned(Some(tenant), &[workflow]);
        if runs > 0 {
            return Err(RemoveError::WorkflowUsed { workflow, runs, open_runs });
        }
        self.applied.retain(|applied| !applied.is(tenant, digest));
        let is_applied = self.applied.iter().any(|applied| applied.workflow == workflow);
        if !is_applied && self.pinned(None, &[workflow]).0 == 0 {
            self.workflows.retain(|kept| kept.digest != workflow);
        }
        Ok(())
    }
}

impl Applied {
    fn is(&self, tenant: &TenantId, workflow: &WorkflowDigest) -> bool {
        self.tenant == *tenant && self.workflow == *workflow
    }

    fn is_current(&self, tenant: &TenantId, id: &str) -> bool {
        self.current && self.tenant == *tenant && self.id == id
    }
}

//! Components and workflow definitions, who holds them, who has applied them, and who uses them.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use reentry_core::digest::{ComponentDigest, WorkflowDigest};
use reentry_core::id::TenantId;
use reentry_core::time::Timestamp;

use super::Data;
use crate::{
    ComponentRecord, ComponentSummary, ComponentUsage, PublishedUsage, RemoveError, WorkflowRecord,
    WorkflowSummary,
};

/// That a tenant has a component, or all have it, as it is published.
pub(super) struct Hold {
    /// `None` for a component that is published.
    tenant: Option<TenantId>,
    component: ComponentDigest,
    name: String,
    at: Timestamp,
}

/// A version of a workflow that a tenant has applied.
pub(super) struct AppliedVersion {
    tenant: TenantId,
    id: String,
    workflow: WorkflowDigest,
    at: Timestamp,
    current: bool,
}

impl Data {
    pub(super) fn put_component(
        &mut self,
        tenant: &TenantId,
        name: &str,
        at: Timestamp,
        component: ComponentRecord,
    ) {
        let digest = component.digest;
        if !self.components.iter().any(|kept| kept.digest == digest) {
            self.components.push(component);
        }
        if !self.holds(tenant, &digest) {
            let (tenant, name) = (Some(tenant.clone()), name.to_owned());
            self.holds.push(Hold { tenant, component: digest, name, at });
        }
    }

    /// Whether a tenant holds a component itself.
    fn holds(&self, tenant: &TenantId, component: &ComponentDigest) -> bool {
        self.holds.iter().any(|hold| hold.is_of(tenant) && hold.component == *component)
    }

    /// The name under which a component is published.
    fn published_as(&self, component: &ComponentDigest) -> Option<&str> {
        let mut published = self.holds.iter().filter(|hold| hold.tenant.is_none());
        published.find(|hold| hold.component == *component).map(|hold| &*hold.name)
    }

    fn is_published(&self, component: &ComponentDigest) -> bool {
        self.published_as(component).is_some()
    }

    pub(super) fn component_named(&self, tenant: &TenantId, name: &str) -> Option<ComponentDigest> {
        let mut named = self.holds.iter().rev().filter(|hold| hold.name == name);
        let published = named.clone().find(|hold| hold.tenant.is_none());
        named.find(|hold| hold.is_of(tenant)).or(published).map(|hold| hold.component)
    }

    pub(super) fn list_components(&self, tenant: &TenantId) -> Vec<ComponentSummary> {
        let summary = |hold: &Hold| {
            let kept = self.components.iter().find(|kept| kept.digest == hold.component)?;
            Some(ComponentSummary {
                digest: kept.digest,
                name: hold.name.clone(),
                held: hold.tenant.is_some(),
                published: self.published_as(&kept.digest).map(str::to_owned),
                bytes: kept.bytes.len() as u64,
                meta: kept.meta.clone(),
                created_at: hold.at,
            })
        };
        let held = self.holds.iter().rev().filter(|hold| hold.is_of(tenant));
        let published = self.holds.iter().rev().filter(|hold| hold.tenant.is_none());
        let others = published.filter(|hold| !self.holds(tenant, &hold.component));
        held.chain(others).filter_map(summary).collect()
    }

    pub(super) fn publish_component(
        &mut self,
        tenant: &TenantId,
        component: &ComponentDigest,
        name: &str,
        at: Timestamp,
    ) -> bool {
        if !self.holds(tenant, component) {
            return false;
        }
        self.holds.retain(|hold| hold.tenant.is_some() || hold.component != *component);
        self.holds.push(Hold { tenant: None, component: *component, name: name.to_owned(), at });
        true
    }

    pub(super) fn unpublish_component(
        &mut self,
        component: &ComponentDigest,
    ) -> Result<Vec<ComponentDigest>, RemoveError> {
        let component = *component;
        if !self.is_published(&component) {
            return Err(RemoveError::NotPublished { component });
        }
        let usage = self.published_usage(&component);
        if usage.tenants > 0 {
            return Err(RemoveError::PublishedUsed { component, usage });
        }
        self.holds.retain(|hold| hold.tenant.is_some() || hold.component != component);
        Ok(self.sweep())
    }

    /// What needs a component because it is published.
    fn published_usage(&self, component: &ComponentDigest) -> PublishedUsage {
        let workflows = self.users_of(component);
        let current = self.applied.iter().filter(|applied| applied.current);
        let current = current.filter(|applied| workflows.contains(&applied.workflow));
        let of_applied = current.map(|applied| &applied.tenant);
        let pinned = self.runs.values().filter(|run| run.needs(&workflows));
        let of_runs = pinned.map(|run| &run.row.tenant);
        let mut usage = PublishedUsage::default();
        let tenants: BTreeSet<&TenantId> = of_applied.clone().chain(of_runs).collect();
        for tenant in tenants.into_iter().filter(|tenant| !self.holds(tenant, component)) {
            let (runs, open_runs) = self.pinned(Some(tenant), &workflows);
            usage.tenants += 1;
            usage.current += of_applied.clone().filter(|of| *of == tenant).count() as u64;
            usage.runs += runs;
            usage.open_runs += open_runs;
        }
        usage
    }

    /// Lets go of components that no tenant holds, that are not published, and that no kept run needs.
    fn sweep(&mut self) -> Vec<ComponentDigest> {
        let is_free = |component: &ComponentDigest| {
            let is_held = self.holds.iter().any(|hold| hold.component == *component);
            !is_held && self.pinned(None, &self.users_of(component)).0 == 0
        };
        let free = self.components.iter().map(|kept| kept.digest).filter(is_free);
        let free: Vec<ComponentDigest> = free.collect();
        self.components.retain(|kept| !free.contains(&kept.digest));
        free
    }

    pub(super) fn put_workflow(&mut self, tenant: &TenantId, mut workflow: WorkflowRecord) {
        self.workflow_holds.insert((tenant.clone(), workflow.digest));
        if !self.workflows.iter().any(|kept| kept.digest == workflow.digest) {
            workflow.components.sort();
            workflow.components.dedup();
            self.workflows.push(workflow);
        }
    }

    pub(super) fn missing_component(
        &self,
        tenant: &TenantId,
        workflow: &WorkflowDigest,
    ) -> Option<ComponentDigest> {
        let kept = self.workflows.iter().find(|kept| kept.digest == *workflow)?;
        let may_use =
            |component: &ComponentDigest| self.holds(tenant, component) || self.is_published(component);
        kept.components.iter().copied().find(|component| !may_use(component))
    }

    pub(super) fn apply_workflow(
        &mut self,
        tenant: &TenantId,
        workflow: WorkflowRecord,
        at: Timestamp,
    ) -> Option<WorkflowDigest> {
        let previous = self.retire_workflow(tenant, &workflow.id);
        self.applied.retain(|applied| !applied.is(tenant, &workflow.digest));
        let (of, id) = (tenant.clone(), workflow.id.clone());
        self.applied.push(AppliedVersion { tenant: of, id, workflow: workflow.digest, at, current: true });
        self.put_workflow(tenant, workflow);
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
        let summary = |applied: &AppliedVersion| WorkflowSummary {
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

    /// Definitions with a step of a component, whoever holds them.
    fn users_of(&self, component: &ComponentDigest) -> Vec<WorkflowDigest> {
        let users = self.workflows.iter().filter(|workflow| workflow.components.contains(component));
        users.map(|workflow| workflow.digest).collect()
    }

    pub(super) fn usage(&self, tenant: &TenantId, component: &ComponentDigest) -> ComponentUsage {
        let users = self.workflows.iter().filter(|workflow| workflow.components.contains(component));
        let mine = users.filter(|workflow| self.holds_workflow(tenant, &workflow.digest));
        let workflows: BTreeSet<_> = mine.map(|workflow| (workflow.digest, workflow.id.clone())).collect();
        let (runs, open_runs) = self.pinned(Some(tenant), &self.users_of(component));
        ComponentUsage { workflows: workflows.into_iter().collect(), open_runs, runs }
    }

    pub(super) fn holds_workflow(&self, tenant: &TenantId, workflow: &WorkflowDigest) -> bool {
        self.workflow_holds.contains(&(tenant.clone(), *workflow))
    }

    pub(super) fn unneeded_components(&self, tenant: &TenantId) -> Vec<ComponentSummary> {
        let mut names = BTreeSet::new();
        let mut components = self.list_components(tenant);
        components.retain(|component| {
            let is_latest = names.insert(component.name.clone());
            let users = self.users_of(&component.digest);
            let mut applied = self.applied.iter().filter(|applied| applied.tenant == *tenant);
            let is_applied = applied.any(|applied| users.contains(&applied.workflow));
            component.held && !is_latest && !is_applied && self.pinned(Some(tenant), &users).0 == 0
        });
        components
    }

    pub(super) fn remove_component(
        &mut self,
        tenant: &TenantId,
        component: &ComponentDigest,
    ) -> Result<Vec<ComponentDigest>, RemoveError> {
        let component = *component;
        if !self.holds(tenant, &component) {
            return Err(match self.is_published(&component) {
                true => RemoveError::Published { component },
                false => RemoveError::NoComponent { component },
            });
        }
        let users = self.users_of(&component);
        let is_current = self
            .applied
            .iter()
            .any(|applied| applied.current && applied.tenant == *tenant && users.contains(&applied.workflow));
        let usage = self.usage(tenant, &component);
        if usage.runs > 0 || is_current {
            return Err(RemoveError::ComponentUsed { component, usage });
        }
        self.holds.retain(|hold| !(hold.is_of(tenant) && hold.component == component));
        Ok(self.sweep())
    }

    pub(super) fn remove_workflow(
        &mut self,
        tenant: &TenantId,
        digest: &WorkflowDigest,
    ) -> Result<(), RemoveError> {
        let workflow = *digest;
        if !self.holds_workflow(tenant, &workflow) {
            return Err(RemoveError::NoWorkflow { workflow });
        }
        let mut applied = self.applied.iter().filter(|applied| applied.is(tenant, &workflow));
        if let Some(AppliedVersion { id, .. }) = applied.find(|applied| applied.current) {
            return Err(RemoveError::WorkflowCurrent { workflow, id: id.clone() });
        }
        let (runs, open_runs) = self.pinned(Some(tenant), &[workflow]);
        if runs > 0 {
            return Err(RemoveError::WorkflowUsed { workflow, runs, open_runs });
        }
        self.applied.retain(|applied| !applied.is(tenant, digest));
        self.workflow_holds.remove(&(tenant.clone(), workflow));
        self.sweep_workflows();
        Ok(())
    }

    /// Lets go of definitions that no tenant holds and to which no kept run is pinned.
    fn sweep_workflows(&mut self) {
        let is_free = |workflow: &WorkflowDigest| {
            let is_held = self.workflow_holds.iter().any(|(_, held)| held == workflow);
            !is_held && self.pinned(None, &[*workflow]).0 == 0
        };
        let free = self.workflows.iter().map(|kept| kept.digest).filter(is_free);
        let free: Vec<WorkflowDigest> = free.collect();
        self.workflows.retain(|kept| !free.contains(&kept.digest));
    }

    /// Ends all that a tenant holds; returns the components that are not kept any more.
    pub(super) fn end_holds(&mut self, tenant: &TenantId) -> Vec<ComponentDigest> {
        self.applied.retain(|applied| applied.tenant != *tenant);
        self.workflow_holds.retain(|(holder, _)| holder != tenant);
        self.holds.retain(|hold| !hold.is_of(tenant));
        self.sweep_workflows();
        self.sweep()
    }
}

impl Hold {
    /// The tenant that has the component; none for one that is published.
    pub(super) fn tenant(&self) -> Option<&TenantId> {
        self.tenant.as_ref()
    }

    fn is_of(&self, tenant: &TenantId) -> bool {
        self.tenant() == Some(tenant)
    }
}

impl AppliedVersion {
    fn is(&self, tenant: &TenantId, workflow: &WorkflowDigest) -> bool {
        self.tenant == *tenant && self.workflow == *workflow
    }

    fn is_current(&self, tenant: &TenantId, id: &str) -> bool {
        self.current && self.tenant == *tenant && self.id == id
    }
}

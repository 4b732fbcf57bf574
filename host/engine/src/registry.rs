//! Components and workflow definitions: kept by digest, held by tenants, opened once a process.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use reentry_core::digest::{ComponentDigest, WorkflowDigest};
use reentry_core::id::TenantId;
use reentry_core::json::Json;
use reentry_core::path::StepPath;
use reentry_core::run::RunState;
use reentry_core::schema::{PatternCost, SchemaCache};
use reentry_core::step::Descriptor;
use reentry_core::workflow::{ComponentSteps, Contract, ContractError, Definition, Program, Workflow};
use reentry_store::{ComponentRecord, Library, WorkflowRecord};
use reentry_wasm::{Grants, LoadError, Phase};
use tokio::sync::OnceCell;

use crate::checks::{AT_ONCE_BYTES_MAX, Checks};
use crate::clock::Clock;
use crate::error::Error;
use crate::guests::{ComponentMeta, Guests, OpenComponent};
use crate::memory_budget::MemoryBudget;
use crate::opened::Opened;

/// A value of each key, made once however many ask at the same time.
struct Once<K, V>(Mutex<HashMap<K, Arc<OnceCell<V>>>>);

impl<K: Copy + Eq + Hash, V: Clone> Once<K, V> {
    fn new() -> Self {
        Self(Mutex::new(HashMap::new()))
    }

    fn cell(&self, key: K) -> Arc<OnceCell<V>> {
        let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(cells.entry(key).or_default())
    }

    async fn get(&self, key: K, make: impl Future<Output = Result<V, Error>>) -> Result<V, Error> {
        self.cell(key).get_or_try_init(|| make).await.cloned()
    }

    fn remove(&self, key: &K) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    fn set(&self, key: K, value: V) {
        // Somebody who made the same value first made it from the same bytes.
        let _ = self.cell(key).set(value);
    }
}

/// Opened components and committed workflows of this process.
pub(crate) struct Registry {
    store: Arc<dyn Library>,
    guests: Arc<dyn Guests>,
    clock: Arc<dyn Clock>,
    opened: Opened<dyn OpenComponent>,
    contracts: Once<ComponentDigest, Arc<ComponentSteps>>,
    workflows: Once<WorkflowDigest, Arc<Workflow>>,
    /// Schemas that questions bring along.
    schemas: SchemaCache,
    checks: Arc<Checks>,
}

impl Registry {
    pub(crate) fn new(
        store: Arc<dyn Library>,
        guests: Arc<dyn Guests>,
        clock: Arc<dyn Clock>,
        checks: Arc<Checks>,
        memory: &Arc<MemoryBudget>,
    ) -> Self {
        let (opened, contracts, workflows) = (Opened::new(Arc::clone(memory)), Once::new(), Once::new());
        let schemas = SchemaCache::default();
        Self { store, guests, clock, opened, contracts, workflows, schemas, checks }
    }

    /// A program that begins with this workflow.
    pub(crate) fn program_with(&self, top: Arc<Workflow>) -> Program {
        Program { schemas: self.schemas.clone(), ..Program::new(top) }
    }

    /// Does work with schemas, of a tenant's if one is given: at once, unless there is much of it.
    async fn check<T: Send + 'static>(
        &self,
        tenant: Option<&TenantId>,
        bytes: usize,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        match bytes <= AT_ONCE_BYTES_MAX {
            true => work(),
            false => self.checks.perform(tenant, work).await.unwrap_or(Err(LoadError::Interrupted.into())),
        }
    }

    /// Loads a component that was uploaded, and keeps it for a tenant.
    pub(crate) async fn add(
        &self,
        tenant: &TenantId,
        name: &str,
        bytes: &[u8],
        grants: Grants,
        progress: &(dyn Fn(Phase) + Send + Sync),
    ) -> Result<(ComponentDigest, ComponentMeta), Error> {
        let digest = ComponentDigest::of(bytes);
        if let Some(seen) = self.store.component_of(tenant, &digest).await?
            && seen.held
        {
            return Ok((digest, meta_of(digest, &seen.meta)?));
        }
        let is_known = self.store.component(&digest).await?.is_some();
        // One that another tenant has is looked into all the same: the answer must not depend on that.
        let prepared = self.guests.prepare(bytes, grants, progress).await?;
        let meta = prepared.meta;
        let steps = meta.steps.clone();
        let check = move || contracts_of(&steps, Contract::new);
        let contracts = self.check(Some(tenant), schema_bytes(&meta.steps), check).await?;
        let record = ComponentRecord {
            digest,
            bytes: bytes.to_vec(),
            base: prepared.record,
            meta: Json::record(&meta).map_err(|error| damaged("component", digest, error))?,
            created_at: self.clock.now(),
        };
        self.store.put_component(tenant, name, record.created_at, record).await?;
        if !is_known {
            // Otherwise the base image that is kept may be another one.
            let bytes = prepared.component.held_bytes();
            self.opened.set((digest, grants), prepared.component, bytes);
        }
        self.contracts.set(digest, Arc::new(contracts));
        Ok((digest, meta))
    }

    /// The component, ready to be called with these grants; for runs, which are pinned to it.
    pub(crate) async fn open(
        &self,
        digest: ComponentDigest,
        grants: Grants,
    ) -> Result<Arc<dyn OpenComponent>, Error> {
        let open = async {
            let record = self.record(digest).await?;
            if ComponentDigest::of(&record.bytes) != digest {
                return Err(damaged("component", digest, "its bytes have another digest"));
            }
            Ok(self.guests.open(&record.bytes, &record.base, grants).await?)
        };
        self.opened.get((digest, grants), OpenComponent::held_bytes, open).await
    }

    /// What is kept of a component that a tenant may use, beside its bytes.
    pub(crate) async fn meta_of(
        &self,
        tenant: &TenantId,
        digest: ComponentDigest,
    ) -> Result<ComponentMeta, Error> {
        let seen = self.store.component_of(tenant, &digest).await?;
        meta_of(digest, &seen.ok_or(Error::NoComponent(digest))?.meta)
    }

    async fn record(&self, digest: ComponentDigest) -> Result<ComponentRecord, Error> {
        self.store.component(&digest).await?.ok_or(Error::NoComponent(digest))
    }

    async fn contracts(&self, digest: ComponentDigest) -> Result<Arc<ComponentSteps>, Error> {
        let make = async {
            let meta = meta_of(digest, &self.record(digest).await?.meta)?;
            let bytes = schema_bytes(&meta.steps);
            let check = move || Ok(Arc::new(contracts_of(&meta.steps, Contract::stored)?));
            self.check(None, bytes, check).await
        };
        self.contracts.get(digest, make).await
    }

    /// Checks a definition, keeps it for a tenant, and gives the workflow.
    pub(crate) async fn commit(
        &self,
        tenant: &TenantId,
        definition: &Definition,
    ) -> Result<Arc<Workflow>, Error> {
        let workflow = self.checked(tenant, definition).await?;
        let record = self.record_of(definition, &workflow);
        self.store.put_workflow(tenant, record).await?;
        self.workflows.set(workflow.digest(), Arc::clone(&workflow));
        Ok(workflow)
    }

    /// The same, and makes it the current version of its id. Gives the one that was, too.
    pub(crate) async fn apply(
        &self,
        tenant: &TenantId,
        definition: &Definition,
    ) -> Result<(Arc<Workflow>, Option<WorkflowDigest>), Error> {
        let workflow = self.checked(tenant, definition).await?;
        let record = self.record_of(definition, &workflow);
        let previous = self.store.apply_workflow(tenant, record, self.clock.now()).await?;
        self.workflows.set(workflow.digest(), Arc::clone(&workflow));
        Ok((workflow, previous))
    }

    fn record_of(&self, definition: &Definition, workflow: &Workflow) -> WorkflowRecord {
        WorkflowRecord {
            digest: workflow.digest(),
            id: workflow.id().to_owned(),
            definition: workflow.definition().clone(),
            components: definition.components(),
            created_at: self.clock.now(),
        }
    }

    /// Lets go of a workflow that was removed.
    pub(crate) fn forget_workflow(&self, workflow: WorkflowDigest) {
        self.workflows.remove(&workflow);
    }

    /// Lets go of components that are not kept any more, their compiled code included.
    pub(crate) fn forget(&self, gone: Vec<ComponentDigest>) {
        for component in gone {
            self.opened.remove(component);
            self.contracts.remove(&component);
            self.guests.forget(component);
        }
    }

    /// A workflow that a tenant holds, and whose components it may use.
    pub(crate) async fn workflow_of(
        &self,
        tenant: &TenantId,
        digest: WorkflowDigest,
    ) -> Result<Arc<Workflow>, Error> {
        if !self.store.holds_workflow(tenant, &digest).await? {
            return Err(Error::NoWorkflow(digest));
        }
        self.check_components(tenant, digest).await?;
        self.workflow(digest).await
    }

    /// Checks that a tenant may use all components of a workflow, for a run that begins or moves there.
    pub(crate) async fn check_components(
        &self,
        tenant: &TenantId,
        workflow: WorkflowDigest,
    ) -> Result<(), Error> {
        match self.store.missing_component(tenant, &workflow).await? {
            None => Ok(()),
            Some(component) => Err(Error::NoComponent(component)),
        }
    }

    /// The workflow that a run is pinned to.
    pub(crate) async fn workflow(&self, digest: WorkflowDigest) -> Result<Arc<Workflow>, Error> {
        let load = async {
            let record = self.store.workflow(&digest).await?.ok_or(Error::NoWorkflow(digest))?;
            if WorkflowDigest::of(record.definition.text().as_bytes()) != digest {
                return Err(damaged("workflow", digest, "its definition has another digest"));
            }
            let definition: Definition =
                record.definition.decode().map_err(|error| damaged("workflow", digest, error))?;
            let contracts = self.contracts_for(None, &definition).await?;
            let (text, bytes) = (record.definition.clone(), record.definition.text().len());
            let load = move || {
                let workflow = Workflow::load(text, &definition, &contracts);
                Ok(Arc::new(workflow.map_err(Error::Definition)?))
            };
            self.check(None, bytes, load).await
        };
        self.workflows.get(digest, load).await
    }

    /// All workflows that a run follows.
    pub(crate) async fn program(&self, run: &RunState) -> Result<Arc<Program>, Error> {
        self.program_of(run.workflow, &run.called).await
    }

    /// A workflow with those that were called from it.
    pub(crate) async fn program_of(
        &self,
        top: WorkflowDigest,
        called: &BTreeMap<StepPath, WorkflowDigest>,
    ) -> Result<Arc<Program>, Error> {
        let mut program = self.program_with(self.workflow(top).await?);
        for digest in called.values() {
            program.called.insert(*digest, self.workflow(*digest).await?);
        }
        Ok(Arc::new(program))
    }

    /// A workflow of a new definition of a tenant's.
    async fn checked(&self, tenant: &TenantId, definition: &Definition) -> Result<Arc<Workflow>, Error> {
        let contracts = self.contracts_for(Some(tenant), definition).await?;
        let bytes = Json::of(definition).map_or(0, |text| text.text().len());
        let definition = definition.clone();
        let check =
            move || Ok(Arc::new(Workflow::commit(&definition, &contracts).map_err(Error::Definition)?));
        self.check(Some(tenant), bytes, check).await
    }

    /// What is known of the components of a definition; to a tenant, if one is given.
    async fn contracts_for(
        &self,
        tenant: Option<&TenantId>,
        definition: &Definition,
    ) -> Result<impl Fn(&ComponentDigest) -> Result<Arc<ComponentSteps>, String> + use<>, Error> {
        let mut known = HashMap::new();
        for digest in definition.components() {
            if let std::collections::hash_map::Entry::Vacant(entry) = known.entry(digest) {
                if let Some(tenant) = tenant
                    && self.store.component_of(tenant, &digest).await?.is_none()
                {
                    entry.insert(None);
                    continue;
                }
                entry.insert(match self.contracts(digest).await {
                    Ok(contracts) => Some(contracts),
                    Err(Error::NoComponent(_)) => None,
                    Err(error) => return Err(error),
                });
            }
        }
        Ok(move |digest: &ComponentDigest| {
            let steps = known.get(digest).cloned().flatten();
            steps.ok_or_else(|| Error::NoComponent(*digest).to_string())
        })
    }
}

fn contracts_of(
    steps: &[Descriptor],
    contract_of: impl Fn(Descriptor) -> Result<Contract, ContractError>,
) -> Result<ComponentSteps, Error> {
    let (mut contracts, mut patterns) = (ComponentSteps::new(), PatternCost::default());
    for step in steps {
        let contract = contract_of(step.clone())?;
        patterns = patterns.and(contract.patterns());
        patterns.check_all().map_err(|source| ContractError {
            step: step.id.clone(),
            which: "schemas",
            source,
        })?;
        contracts.insert(step.id.clone(), Arc::new(contract));
    }
    Ok(contracts)
}

/// Bytes of all schemas of some steps.
fn schema_bytes(steps: &[Descriptor]) -> usize {
    steps.iter().flat_map(Descriptor::schemas).map(|schema| schema.text().len()).sum()
}

fn meta_of(digest: ComponentDigest, meta: &Json) -> Result<ComponentMeta, Error> {
    meta.decode().map_err(|error| damaged("component", digest, error))
}

fn damaged(what: &str, digest: impl ToString, reason: impl ToString) -> Error {
    Error::Damaged { what: format!("{what} {}", digest.to_string()), reason: reason.to_string() }
}

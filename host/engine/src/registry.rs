//! Components and workflow definitions: kept by digest, opened once a process.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use reentry_core::digest::{ComponentDigest, WorkflowDigest};
use reentry_core::id::TenantId;
use reentry_core::json::Json;
use reentry_core::path::StepPath;
use reentry_core::run::Run;
use reentry_core::step::Descriptor;
use reentry_core::workflow::{ComponentSteps, Contract, ContractError, Definition, Program, Workflow};
use reentry_store::{ComponentRecord, Store, WorkflowRecord};
use reentry_wasm::{Capture, Grants, LoadedComponent, Phase, Runtime};
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;

use crate::clock::Clock;
use crate::error::Error;

/// What is kept of a component beside its bytes, so that workflows can be checked without opening it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ComponentMeta {
    /// What the component says of its steps.
    pub steps: Vec<Descriptor>,
    /// What it imports.
    pub imports: Vec<String>,
    /// Why its memory cannot be kept; empty when it can.
    #[serde(default)]
    pub obstacles: Vec<String>,
}

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
    store: Arc<dyn Store>,
    runtime: Runtime,
    clock: Arc<dyn Clock>,
    grants: Grants,
    opened: Once<ComponentDigest, LoadedComponent>,
    contracts: Once<ComponentDigest, Arc<ComponentSteps>>,
    workflows: Once<WorkflowDigest, Arc<Workflow>>,
}

impl Registry {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        runtime: Runtime,
        clock: Arc<dyn Clock>,
        grants: Grants,
    ) -> Self {
        let (opened, contracts, workflows) = (Once::new(), Once::new(), Once::new());
        Self { store, runtime, clock, grants, opened, contracts, workflows }
    }

    /// Loads a component that was uploaded, and keeps it.
    pub(crate) async fn add(
        &self,
        name: &str,
        bytes: &[u8],
        progress: &(dyn Fn(Phase) + Send + Sync),
    ) -> Result<(ComponentDigest, ComponentMeta), Error> {
        let digest = ComponentDigest::of(bytes);
        if let Some(record) = self.store.component(&digest).await? {
            return Ok((digest, meta_of(&record)?));
        }
        let prepared = self.runtime.prepare(bytes, self.grants, progress).await?;
        let meta = ComponentMeta {
            steps: prepared.component.descriptors().to_vec(),
            imports: prepared.component.imports().to_vec(),
            obstacles: match prepared.component.capture() {
                Capture::Restore => Vec::new(),
                Capture::ReEnterOnly { reasons } => reasons.clone(),
            },
        };
        let contracts = contracts_of(&meta, Contract::new)?;
        let record = ComponentRecord {
            digest,
            name: name.to_owned(),
            bytes: bytes.to_vec(),
            base: prepared.record,
            meta: Json::record(&meta).map_err(|error| damaged("component", digest, error))?,
            created_at: self.clock.now(),
        };
        self.store.put_component(record).await?;
        self.opened.set(digest, prepared.component);
        self.contracts.set(digest, Arc::new(contracts));
        Ok((digest, meta))
    }

    /// The component, ready to be called.
    pub(crate) async fn open(&self, digest: ComponentDigest) -> Result<LoadedComponent, Error> {
        let open = async {
            let record = self.record(digest).await?;
            if ComponentDigest::of(&record.bytes) != digest {
                return Err(damaged("component", digest, "its bytes have another digest"));
            }
            Ok(self.runtime.open(&record.bytes, &record.base, self.grants).await?)
        };
        self.opened.get(digest, open).await
    }

    /// What is kept of a component beside its bytes.
    pub(crate) async fn meta(&self, digest: ComponentDigest) -> Result<ComponentMeta, Error> {
        meta_of(&self.record(digest).await?)
    }

    async fn record(&self, digest: ComponentDigest) -> Result<ComponentRecord, Error> {
        self.store.component(&digest).await?.ok_or(Error::NoComponent(digest))
    }

    async fn contracts(&self, digest: ComponentDigest) -> Result<Arc<ComponentSteps>, Error> {
        let make = async { Ok(Arc::new(contracts_of(&self.meta(digest).await?, Contract::stored)?)) };
        self.contracts.get(digest, make).await
    }

    /// Checks a definition, keeps it, and gives the workflow.
    pub(crate) async fn commit(&self, definition: &Definition) -> Result<Arc<Workflow>, Error> {
        let workflow = self.checked(definition).await?;
        let record = self.record_of(definition, &workflow);
        self.store.put_workflow(record).await?;
        self.workflows.set(workflow.digest(), Arc::clone(&workflow));
        Ok(workflow)
    }

    /// The same, and makes it the current version of its id. Gives the one that was, too.
    pub(crate) async fn apply(
        &self,
        tenant: &TenantId,
        definition: &Definition,
    ) -> Result<(Arc<Workflow>, Option<WorkflowDigest>), Error> {
        let workflow = self.checked(definition).await?;
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

    /// Lets go of a component that was removed, its compiled code included.
    pub(crate) fn forget(&self, component: ComponentDigest) {
        self.opened.remove(&component);
        self.contracts.remove(&component);
        self.runtime.forget(component);
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
            let contracts = self.contracts_for(&definition).await?;
            let workflow = Workflow::load(record.definition, &definition, &contracts);
            Ok(Arc::new(workflow.map_err(Error::Definition)?))
        };
        self.workflows.get(digest, load).await
    }

    /// All workflows that a run follows.
    pub(crate) async fn program(&self, run: &Run) -> Result<Arc<Program>, Error> {
        self.program_of(run.workflow, &run.called).await
    }

    /// A workflow with those that were called from it.
    pub(crate) async fn program_of(
        &self,
        top: WorkflowDigest,
        called: &BTreeMap<StepPath, WorkflowDigest>,
    ) -> Result<Arc<Program>, Error> {
        let mut program = Program::new(self.workflow(top).await?);
        for digest in called.values() {
            program.called.insert(*digest, self.workflow(*digest).await?);
        }
        Ok(Arc::new(program))
    }

    /// A workflow of a new definition.
    async fn checked(&self, definition: &Definition) -> Result<Arc<Workflow>, Error> {
        let contracts = self.contracts_for(definition).await?;
        Ok(Arc::new(Workflow::commit(definition, &contracts).map_err(Error::Definition)?))
    }

    /// What is known of the components of a definition.
    async fn contracts_for(
        &self,
        definition: &Definition,
    ) -> Result<impl Fn(&ComponentDigest) -> Result<Arc<ComponentSteps>, String> + use<>, Error> {
        let mut known = HashMap::new();
        for digest in definition.components() {
            if let std::collections::hash_map::Entry::Vacant(entry) = known.entry(digest) {
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
    meta: &ComponentMeta,
    contract_of: impl Fn(Descriptor) -> Result<Contract, ContractError>,
) -> Result<ComponentSteps, Error> {
    let contract = |step: &Descriptor| Ok((step.id.clone(), Arc::new(contract_of(step.clone())?)));
    meta.steps.iter().map(contract).collect()
}

fn meta_of(record: &ComponentRecord) -> Result<ComponentMeta, Error> {
    record.meta.decode().map_err(|error| damaged("component", record.digest, error))
}

fn damaged(what: &str, digest: impl ToString, reason: impl ToString) -> Error {
    Error::Damaged { what: format!("{what} {}", digest.to_string()), reason: reason.to_string() }
}

//! A host that serves two tenants: one whose components are hostile, and a bystander, who must not notice.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use reentry::core::id::TenantId;
use reentry::core::run::RunStatus;
use reentry::store::RunFilter;
use reentry::wasm::{Grants, Limits};
use reentry::{
    Component, Durability, Error, Host, OpenRuns, Policies, ResumeOptions, Run, RunResult, StartOptions,
    Tenant, TenantPolicy, Workflow,
};
use reentry_tests::json;
use serde_json::json;
use tokio::sync::{Mutex, MutexGuard};

use crate::guest::{ASKS, COMPLETES, Guest};

/// Steps of the bystander's workflow.
const STEPS: usize = 20;

/// Calls at once, the bystander's included: an attack that keeps a place of these to itself is noticed by the fourth.
const CALLS: u32 = 4;

/// One host at a time: what its attacks leave behind is told by what the process has.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// Bytes of memory of one call, whoever makes it.
pub(crate) const MEMORY_BYTES: u64 = 16 << 20;

/// Bytes of one value of the attacker's.
pub(crate) const VALUE_BYTES: usize = 1 << 20;

/// Bytes of a component.
pub(crate) const COMPONENT_BYTES: usize = 8 << 20;

pub(crate) struct Stage {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) host: Host,
    /// Whose calls may take long.
    pub(crate) attacker: Tenant,
    /// Whose calls may take a tenth of a second, and who has WASI.
    pub(crate) hurried: Tenant,
    bystander: Tenant,
    workflow: Workflow,
    /// Files that were open before the first attack.
    open: usize,
    runs: std::sync::atomic::AtomicUsize,
    _alone: MutexGuard<'static, ()>,
}

struct ByName(BTreeMap<&'static str, Arc<TenantPolicy>>);

#[async_trait::async_trait]
impl Policies for ByName {
    async fn policy(&self, tenant: &TenantId) -> Result<Arc<TenantPolicy>, Error> {
        self.0.get(tenant.as_str()).cloned().ok_or_else(|| Error::NoTenant(tenant.clone()))
    }
}

fn tenant(host: &Host, name: &str) -> Tenant {
    host.tenant(TenantId::new(name).unwrap())
}

impl Stage {
    pub(crate) async fn new() -> Self {
        let alone = ONE_AT_A_TIME.lock().await;
        let folder = tempfile::tempdir().unwrap();
        let host = open(folder.path()).await;
        let bystander = tenant(&host, "bystander");
        let echo =
            bystander.add_component("echo", &Guest { start: COMPLETES, ..ASKS }.component()).await.unwrap();
        let (digest, id) = (echo.digest(), |number: usize| format!("s{number}"));
        let entry = |number| json!({"then": {"id": id(number), "component": digest, "step": "it"}});
        let steps: Vec<_> = (0..STEPS).map(entry).collect();
        let definition: reentry::core::workflow::Definition =
            serde_json::from_value(json!({"id": "canary", "steps": steps})).unwrap();
        let workflow = bystander.commit(definition).await.unwrap();
        let mut stage = Self {
            open: 0,
            attacker: tenant(&host, "attacker"),
            hurried: tenant(&host, "hurried"),
            folder,
            host,
            bystander,
            workflow,
            runs: 0.into(),
            _alone: alone,
        };
        stage.bystander_is_served("at first").await;
        stage.open = descriptors();
        stage
    }

    /// The bystander's workflow is done: all of its steps, and none of its runs went wrong.
    pub(crate) async fn bystander_is_served(&self, after: &str) {
        let started = self.workflow.new_run().start(input()).await;
        let started = started.unwrap_or_else(|error| panic!("{after}: the bystander is refused: {error}"));
        assert_eq!(started.result.status, RunStatus::Success, "{after}: {:?}", started.result.error);
        let steps = started.run.steps().await.unwrap().steps;
        assert!(steps.len() == STEPS, "{after}: {steps:?}");
        self.runs.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }

    /// A step of a guest as a workflow of a tenant's.
    pub(crate) async fn workflow(&self, tenant: &Tenant, guest: &Guest) -> Result<Workflow, Error> {
        let component = tenant.add_component("hostile", &guest.component()).await?;
        self.workflow_of(tenant, &component).await
    }

    pub(crate) async fn workflow_of(
        &self,
        tenant: &Tenant,
        component: &Component,
    ) -> Result<Workflow, Error> {
        let step = component.steps()[0].id.clone();
        tenant.workflow("hostile").then(component.step(step)).commit().await
    }

    /// A message names nothing of the host or of others.
    pub(crate) fn tells_nothing(&self, name: &str, message: &str) {
        let folder = self.folder.path().display().to_string();
        for secret in [folder.as_str(), "bystander", "/rustc/", ".cargo"] {
            assert!(!message.contains(secret), "{name} tells of {secret}: {message}");
        }
    }

    /// Nothing is left of the attackers when they are deleted, and none of the bystander's runs went wrong.
    pub(crate) async fn ends_unharmed(self) {
        self.bystander_is_served("at last").await;
        let runs = self.bystander.runs(RunFilter::default()).await.unwrap().rows;
        assert!(runs.iter().all(|run| run.status == RunStatus::Success), "{runs:?}");
        assert_eq!(runs.len(), self.runs.load(std::sync::atomic::Ordering::Relaxed));
        for tenant in [&self.attacker, &self.hurried] {
            if self.host.tenants().await.unwrap().iter().any(|row| row.tenant == *tenant.id()) {
                self.host.delete_tenant(tenant.id(), OpenRuns::Cancel).await.unwrap();
            }
        }
        self.host.quiet().await;
        // Two instances at most wait for further calls, with the memory of their components.
        let open = descriptors();
        assert!(open <= self.open + 16, "{open} files are open, {} were", self.open);
        let database = rusqlite::Connection::open(self.folder.path().join("reentry.db")).unwrap();
        let count = |table: &str| -> u32 {
            database.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
        };
        assert_eq!((count("images"), count("components"), count("workflows")), (0, 1, 1), "images, ...");
        assert_eq!(count("runs") as usize, runs.len());
    }
}

/// A host on a folder, as [`Stage`] has it.
pub(crate) async fn open(folder: &std::path::Path) -> Host {
    let limits = Limits::default().memory_bytes(MEMORY_BYTES);
    let of_attacker = limits.clone().value_bytes(VALUE_BYTES).crossing_bytes(4 << 20);
    let policy = |limits: &Limits| TenantPolicy::default().limits(limits.clone());
    let hurried = of_attacker.clone().call(Duration::from_millis(100));
    let policies = ByName(BTreeMap::from([
        ("bystander", Arc::new(policy(&limits))),
        ("attacker", Arc::new(policy(&of_attacker).grants(Grants::none().with_wasi()))),
        ("hurried", Arc::new(policy(&hurried).grants(Grants::none().with_wasi()))),
    ]));
    Host::builder()
        .background(false)
        .data_dir(folder)
        .durability(Durability::Visible)
        .policies(Arc::new(policies))
        .cancel_grace(Duration::ZERO)
        .runtime(move |config| {
            let config = config.limits(limits).calls_max(CALLS).spare_instances(2).quick_compile(true);
            config
                .component_bytes_max(COMPONENT_BYTES)
                .loading(Duration::from_millis(500))
                .base_bytes_max(4 << 20)
        })
        .build()
        .await
        .unwrap()
}

pub(crate) fn input() -> StartOptions {
    StartOptions::input(json(json!({"n": 1})))
}

pub(crate) async fn answer(run: &Run) -> Result<RunResult, Error> {
    run.resume(ResumeOptions::data(json(json!(7)))).await
}

/// Whether a case is to be played.
pub(crate) fn wanted(name: &str) -> bool {
    std::env::var("ATTACK").map_or(true, |begin| name.starts_with(&begin))
}

/// How often something is done: in the long form of an attack more often.
pub(crate) fn times(quick: usize, long: usize) -> usize {
    if std::env::var_os("ATTACKS_LONG").is_some() { long } else { quick }
}

/// Files and sockets that the process has open.
pub(crate) fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

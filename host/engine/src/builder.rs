//! Setting up a host.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use reentry_core::run::{Durability, Refused, RunQuotas};
use reentry_store::Store;
use reentry_store::memory::MemoryStore;
use reentry_store::sqlite::SqliteStore;
use reentry_store::turns::Turns;
use reentry_wasm::{Grants, Limits, Runtime, RuntimeConfig, RuntimeError};

use crate::background;
use crate::bounds::VALUE_BYTES_MAX;
use crate::chance::{Chance, Entropy, SystemEntropy};
use crate::checks::Checks;
use crate::clock::{Clock, SystemClock};
use crate::error::Error;
#[cfg(feature = "fault")]
use crate::fault::FaultHook;
use crate::flights::Flights;
use crate::guests::Guests;
use crate::host::Host;
use crate::host_key;
use crate::inputs::Inputs;
use crate::late_counts::LateCounts;
use crate::live::Live;
use crate::memory_budget::MemoryBudget;
use crate::observer::{Observer, TracingObserver};
use crate::policy::{Policies, SameForAll, TenantPolicy};
use crate::recent::Recent;
use crate::registry::Registry;
use crate::shared::Shared;
use crate::slices;
use crate::stop::Stop;
use crate::tenant_states::TenantStates;

/// Name of the database in a data folder.
pub(crate) const DATABASE: &str = "reentry.db";

/// Default grace period before an obsolete call is interrupted.
pub const CANCEL_GRACE: Duration = Duration::from_secs(5);

/// Default of the longest delay before another try that a caller waits through.
pub const SIT_THROUGH: Duration = Duration::from_secs(10);

/// Default number of savepoints that a run keeps.
pub const SAVEPOINTS_MAX: u32 = 100;

/// Name of the folder with compiled code in a data folder.
const CACHE: &str = "cache";

/// Makes the guests of a host from its settings.
type MakeGuests = dyn FnOnce(RuntimeConfig) -> Result<Arc<dyn Guests>, RuntimeError> + Send;

impl Host {
    /// Begins a host.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/doc.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use reentry::Host;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = dir.path();
    /// let host = Host::builder().data_dir(dir).background(false).build().await?;
    /// assert_eq!(host.tenants().await?, []);
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder() -> HostBuilder {
        HostBuilder::default()
    }
}

/// Collects the settings of a [`Host`].
#[must_use = "a builder does nothing before `build`"]
pub struct HostBuilder {
    data_dir: Option<PathBuf>,
    store: Option<Arc<dyn Store>>,
    secret: Option<[u8; 32]>,
    runtime: Box<dyn FnOnce(RuntimeConfig) -> RuntimeConfig + Send>,
    guests: Box<MakeGuests>,
    grants: Grants,
    quotas: RunQuotas,
    policies: Option<Arc<dyn Policies>>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    observer: Arc<dyn Observer>,
    background: bool,
    cancel_grace: Duration,
    sit_through: Duration,
    savepoints_max: u32,
    durability: Durability,
    #[cfg(feature = "fault")]
    faults: Option<FaultHook>,
}

impl Default for HostBuilder {
    fn default() -> Self {
        Self {
            data_dir: None,
            store: None,
            secret: None,
            runtime: Box::new(|config| config),
            guests: Box::new(|config| Ok(Arc::new(Runtime::new(config)?))),
            grants: Grants::none(),
            quotas: RunQuotas::default(),
            policies: None,
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            observer: Arc::new(TracingObserver),
            background: true,
            cancel_grace: CANCEL_GRACE,
            sit_through: SIT_THROUGH,
            savepoints_max: SAVEPOINTS_MAX,
            durability: Durability::Durable,
            #[cfg(feature = "fault")]
            faults: None,
        }
    }
}

impl HostBuilder {
    /// Keeps everything in this folder: the database, the host's secret, compiled code. The folder is created if it
    /// does not exist.
    ///
    /// To move a host to another machine, move the folder; `cache` in it may be left behind. Without a data folder and
    /// without [`Self::store`], nothing outlives the host.
    pub fn data_dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.data_dir = Some(path.into());
        self
    }

    /// Uses this store instead of the SQLite file in the data folder. Without a data folder, needs a
    /// [`secret`](Self::secret).
    pub fn store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = Some(store);
        self
    }

    /// Seals what is kept with this secret, instead of the one in the data folder: 32 random bytes, the same for all
    /// hosts on one store and after each restart. With another one nothing that is kept can be used, so
    /// [`Self::build`] refuses it.
    pub fn secret(mut self, secret: [u8; 32]) -> Self {
        self.secret = Some(secret);
        self
    }

    /// Sets what one call into a guest may use, whatever the tenant. With [`Self::policies`] these are bounds on what
    /// any tenant may use of memory, tables and instances, and hold for components as they are added.
    pub fn limits(self, limits: Limits) -> Self {
        self.runtime(|config| config.limits(limits))
    }

    /// Sets the bytes for the memory of all guests together, and of open components: calls wait until there is room.
    /// Defaults to half of the memory of the machine, or of what the container may have, but no less than one call may
    /// use. See [`RuntimeConfig::memory_budget`].
    pub fn memory_budget(self, bytes: u64) -> Self {
        self.runtime(move |config| config.memory_budget(bytes))
    }

    /// Changes the settings of the WebAssembly runtime.
    pub fn runtime(mut self, change: impl FnOnce(RuntimeConfig) -> RuntimeConfig + Send + 'static) -> Self {
        let before = self.runtime;
        self.runtime = Box::new(|config| change(before(config)));
        self
    }

    /// Makes what runs the guests, from the settings of the runtime: those of [`Self::limits`], [`Self::runtime`] and
    /// the data folder, the host's secret among them. Defaults to a [`Runtime`](crate::wasm::Runtime) of the host's
    /// own. Guests that other hosts use too are handed out as they are, `guests(move |_| Ok(shared))`; then their own
    /// settings count, and [`Self::secret`] must be theirs.
    pub fn guests(
        mut self,
        make: impl FnOnce(RuntimeConfig) -> Result<Arc<dyn Guests>, RuntimeError> + Send + 'static,
    ) -> Self {
        self.guests = Box::new(make);
        self
    }

    /// Sets what components may import beyond the step contract, whatever the tenant. Defaults to nothing. With
    /// [`Self::policies`] it does not count.
    pub fn grants(mut self, grants: Grants) -> Self {
        self.grants = grants;
        self
    }

    /// Sets what one run may use in all, whatever the tenant. With [`Self::policies`] it does not count.
    pub fn quotas(mut self, quotas: RunQuotas) -> Self {
        self.quotas = quotas;
        self
    }

    /// Asks these what each tenant may use. Defaults to the same for all: [`Self::limits`], [`Self::grants`] and
    /// [`Self::quotas`].
    pub fn policies(mut self, policies: Arc<dyn Policies>) -> Self {
        self.policies = Some(policies);
        self
    }

    /// Sets the clock. Defaults to the system's.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Sets the source of the random bytes of ids and of those that guests get. Defaults to the operating system;
    /// anything else is for simulations.
    pub fn entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.entropy = entropy;
        self
    }

    /// Sets the listener to what guests log and emit, and to what the host does by itself. Defaults to `tracing`.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = observer;
        self
    }

    /// Sets whether the host looks after waiting and orphaned runs by itself: it wakes runs that are due and, when it
    /// is built, takes over the calls of processes that died. Enabled by default; [`Host::recover`] and
    /// [`Host::wake_due`] do one round.
    pub fn background(mut self, background: bool) -> Self {
        self.background = background;
        self
    }

    /// Sets the grace period before an obsolete call is interrupted: one whose run was canceled or whose step was
    /// closed. Defaults to 5 s.
    pub fn cancel_grace(mut self, grace: Duration) -> Self {
        self.cancel_grace = grace;
        self
    }

    /// Sets the longest delay before another try of a failed call that a start or resume waits through. With a longer
    /// delay it returns with the status `waiting`, and this host's background or another process makes the try when
    /// it is due. Defaults to 10 s.
    pub fn sit_through(mut self, delay: Duration) -> Self {
        self.sit_through = delay;
        self
    }

    /// Sets how many savepoints a run keeps: the latest moments to which it can be forked or restarted. Each keeps
    /// the memory images that it needs. Defaults to 100; 0 keeps all.
    pub fn savepoints_max(mut self, savepoints: u32) -> Self {
        self.savepoints_max = savepoints;
        self
    }

    /// Sets what must have happened before a result is acknowledged. Defaults to [`Durability::Durable`]. With
    /// [`Durability::Visible`] a cycle costs no fsync, and a loss of power may undo the latest results.
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// Sets what is called at every [`FaultPoint`](crate::fault::FaultPoint), for tests of what a crash leaves behind.
    #[cfg(feature = "fault")]
    pub fn on_fault_point(mut self, hook: FaultHook) -> Self {
        self.faults = Some(hook);
        self
    }

    /// Builds the host. Must be called on a tokio runtime, on which the host spawns its tasks.
    ///
    /// # Errors
    /// `Unavailable` when the data folder, the store or the WebAssembly runtime cannot be used; `Refused` for a bound
    /// on values of more than 16 MiB, for a memory budget that a single call may exceed, for a store without a secret,
    /// and for a secret other than the one with which the store was sealed; `Damaged` when the secret in the data
    /// folder is another one.
    pub async fn build(self) -> Result<Host, Error> {
        let chance = Chance::new(self.entropy);
        if let Some(dir) = &self.data_dir {
            host_key::private_folder(dir)?;
        }
        let is_own_store = self.store.is_some();
        let store: Arc<dyn Store> = match (self.store, &self.data_dir) {
            (Some(store), _) => store,
            (None, Some(dir)) => Arc::new(SqliteStore::open(dir.join(DATABASE))?),
            (None, None) => Arc::new(MemoryStore::new()),
        };
        let secret = match (self.secret, &self.data_dir) {
            (Some(secret), _) => {
                host_key::check(&*store, &secret).await?;
                secret
            }
            (None, Some(dir)) => host_key::of(dir, &*store, &chance).await?,
            (None, None) if is_own_store => return Err(Error::NoSecret),
            (None, None) => chance.bytes(),
        };
        let cache_dir = self.data_dir.as_ref().map(|dir| dir.join(CACHE));
        cache_dir.as_deref().map_or(Ok(()), host_key::private_folder)?;
        let mut config = RuntimeConfig::new(secret);
        config.cache_dir = cache_dir;
        let guests = (self.guests)((self.runtime)(config).host_key(secret))?;
        if !guests.has_secret(&secret) {
            return Err(Error::OtherSecret);
        }
        let limits = guests.limits().clone();
        let value_bytes = limits.value_bytes;
        if value_bytes > VALUE_BYTES_MAX {
            let (what, at_most) = ("bound on one value (`value_bytes` of the limits)", VALUE_BYTES_MAX);
            return Err(Refused::TooLarge { what, bytes: value_bytes, at_most }.into());
        }
        let (memory_bytes, budget) = (limits.memory_bytes, guests.memory_budget());
        if memory_bytes > budget {
            return Err(Error::SmallBudget { memory_bytes, budget });
        }
        let memory = MemoryBudget::new(budget);
        let clock = Arc::clone(&self.clock);
        let calls = Turns::new(guests.calls_max(), move || clock.uptime());

        let policies = self.policies.unwrap_or_else(|| {
            let policy =
                TenantPolicy::default().limits(limits.clone()).grants(self.grants).quotas(self.quotas);
            Arc::new(SameForAll(Arc::new(policy)))
        });
        let owner = chance.owner_id(self.clock.now());
        let alive = store.register_owner(owner).await?;
        let checks = Arc::<Checks>::default();
        let of_store = Arc::<dyn Store>::clone(&store);
        let registry = Registry::new(of_store, guests, Arc::clone(&self.clock), Arc::clone(&checks), &memory);
        let shared = Shared {
            store,
            registry,
            clock: self.clock,
            chance,
            observer: self.observer,
            key: secret,
            owner,
            _alive: alive,
            calls,
            memory,
            slices: Turns::short(slices::at_once()),
            checks,
            flights: Flights::default(),
            stop: Stop::default(),
            recent: Recent::default(),
            inputs: Inputs::default(),
            late: LateCounts::default(),
            tenant_states: TenantStates::default(),
            live: Arc::new(Live::default()),
            savepoints_max: self.savepoints_max,
            policies,
            limits,
            cancel_grace: self.cancel_grace,
            sit_through_ms: u64::try_from(self.sit_through.as_millis()).unwrap_or(u64::MAX),
            durability: self.durability,
            #[cfg(feature = "fault")]
            faults: self.faults,
        };
        let host = Host { shared: Arc::new(shared) };
        if self.background {
            background::start(&host);
        }
        Ok(host)
    }
}

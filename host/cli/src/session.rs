//! What the global options lead to: streams, data folder, tenant, and the host.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use reentry::core::id::{RunId, TenantId};
use reentry::core::time::Timestamp;
use reentry::store::memory::MemoryStore;
use reentry::wasm::{Grants, RuntimeConfig};
use reentry::{Clock as _, Host, HostBuilder, Observer, SystemClock, Tenant};
use reentry_walls::Standing;

use crate::cli::{Global, Grant};
use crate::codes;
use crate::failure::{Failure, Report};
use crate::invocation::Invocation;
use crate::limits::HostLimits;
use crate::listener::Listener;
use crate::ui::Ui;

/// The surroundings of one command.
pub(crate) struct Session {
    pub(crate) ui: Ui,
    /// Builds commands that lead to the same host.
    pub(crate) again: Invocation,
    data_dir: PathBuf,
    tenant: TenantId,
    grants: Grants,
    limits: HostLimits,
    allow_missing_walls: bool,
    walls: Standing,
    about: OnceLock<RunId>,
}

/// Whether a host looks after waiting and orphaned runs as long as the command lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Background {
    /// For commands that stay.
    On,
    /// For all others: they do what they were asked, and end.
    Off,
}

impl Background {
    /// On for a command that waits.
    pub(crate) fn of(wait: bool) -> Self {
        if wait { Self::On } else { Self::Off }
    }
}

impl Session {
    /// Reads what the global options say and, for a command that keeps to limits, the file that sets them.
    pub(crate) fn new(global: &Global, ui: Ui, keeps_limits: bool) -> Result<Self, Failure> {
        let data_dir = global.data_dir.clone().filter(|dir| !dir.as_os_str().is_empty());
        let Some(data_dir) = data_dir.or_else(default_data_dir) else {
            let report = Report::new(&codes::NO_HOME, "there is no home folder to keep data in");
            return Err(report
                .hint("say where with `--data-dir DIR` or the variable REENTRY_DATA_DIR")
                .into());
        };
        let grants =
            if global.grant.contains(&Grant::Wasi) { Grants::none().with_wasi() } else { Grants::none() };
        let limits = HostLimits::read(keeps_limits.then_some(&data_dir), &global.set_limit)?;
        let again = Invocation::new(global, &data_dir);
        Ok(Self {
            ui,
            again,
            data_dir,
            tenant: global.tenant.clone().unwrap_or_default(),
            grants,
            limits,
            allow_missing_walls: global.allow_missing_walls,
            walls: Standing::default(),
            about: OnceLock::new(),
        })
    }

    /// The same behind these walls.
    #[must_use]
    pub(crate) fn behind(self, walls: Standing) -> Self {
        Self { walls, ..self }
    }

    /// The host of the data folder, which is made if it is not there.
    pub(crate) async fn host(&self, background: Background) -> Result<Host, Failure> {
        self.observed_host(background, Arc::new(Listener::new(self.ui))).await
    }

    async fn observed_host(
        &self,
        background: Background,
        observer: Arc<dyn Observer>,
    ) -> Result<Host, Failure> {
        let builder = Host::builder()
            .data_dir(&self.data_dir)
            .grants(self.grants)
            .observer(observer)
            .background(background == Background::On);
        let builder = self.limits.apply(builder);
        let host = opened(builder).await?;
        self.check_walls(&host).await?;
        Ok(host)
    }

    /// Refuses to serve several tenants where a wall is missing that would be between them and what breaks out.
    async fn check_walls(&self, host: &Host) -> Result<(), Failure> {
        if self.walls.missed.is_empty() || self.allow_missing_walls {
            return Ok(());
        }
        let tenants = host.tenants().await?;
        let others = tenants.iter().filter(|of| of.tenant != self.tenant).count();
        if others == 0 {
            return Ok(());
        }
        let missed = self.walls.missed.iter().map(|(wall, why)| format!("{}: {why}", wall.name()));
        let message =
            "this system does not give all walls around guests, and the data folder has several tenants";
        let report = Report::new(&codes::MISSING_WALLS, message);
        let report = missed.fold(report, Report::cause);
        Err(report
            .hint("`--allow-missing-walls` goes on without them; docs/security.md says what they keep")
            .into())
    }

    /// The host of a data folder that must be there, for commands that only look at what it has: a mistyped folder
    /// must not spring into being.
    pub(crate) async fn existing_host(&self, background: Background) -> Result<Host, Failure> {
        self.check_data_dir()?;
        self.host(background).await
    }

    /// The tenant of this command, on the host of the data folder, which is made if it is not there.
    pub(crate) async fn tenant(&self, background: Background) -> Result<Tenant, Failure> {
        Ok(self.tenant_on(&self.host(background).await?))
    }

    /// The same, of a data folder that must be there.
    pub(crate) async fn existing_tenant(&self, background: Background) -> Result<Tenant, Failure> {
        Ok(self.tenant_on(&self.existing_host(background).await?))
    }

    /// The tenant of this command, for commands that need its host, too.
    pub(crate) fn tenant_on(&self, host: &Host) -> Tenant {
        host.tenant(self.tenant.clone())
    }

    /// The host of a data folder that must be there, with another one who listens.
    pub(crate) async fn existing_host_heard_by(&self, observer: Arc<dyn Observer>) -> Result<Host, Failure> {
        self.check_data_dir()?;
        self.observed_host(Background::Off, observer).await
    }

    /// A host that looks after the runs of a data folder that must be there, and tells on standard output what it does.
    pub(crate) async fn worker(&self) -> Result<Host, Failure> {
        self.check_data_dir()?;
        self.observed_host(Background::On, Arc::new(Listener::telling_upkeep(self.ui))).await
    }

    fn check_data_dir(&self) -> Result<(), Failure> {
        if self.data_dir.is_dir() {
            return Ok(());
        }
        let message = format!("there is no data folder {}", self.data_dir.display());
        let report = Report::new(&codes::NO_DATA_DIR, message);
        Err(report
            .hint("`reentry run` and `reentry components add` make it; `--data-dir` names another one")
            .into())
    }

    /// A tenant of a host that keeps nothing, and lets components import whatever may be granted at all.
    pub(crate) async fn passing_tenant(&self) -> Result<Tenant, Failure> {
        let builder = Host::builder().grants(Grants::none().with_wasi()).background(false);
        Ok(opened(self.limits.apply(builder)).await?.default_tenant())
    }

    /// What guests and hosts are held to.
    pub(crate) fn limits(&self) -> &HostLimits {
        &self.limits
    }

    /// What components may import beyond the contract.
    pub(crate) fn grants(&self) -> Grants {
        self.grants
    }

    /// A tenant of a host that keeps nothing but compiled code: in the data folder if that is there and can be used.
    pub(crate) async fn looking_tenant(&self) -> Result<Tenant, Failure> {
        let builder = || Host::builder().grants(self.grants).background(false);
        if self.data_dir.is_dir() {
            let keeps_nothing = Arc::new(MemoryStore::new());
            if let Ok(host) = opened(builder().data_dir(&self.data_dir).store(keeps_nothing)).await {
                return Ok(host.default_tenant());
            }
        }
        // No run finds the code again, so it need not be fast.
        let quick = |config: RuntimeConfig| config.quick_compile(true);
        Ok(opened(builder().runtime(quick)).await?.default_tenant())
    }

    pub(crate) fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    pub(crate) fn tenant_id(&self) -> &TenantId {
        &self.tenant
    }

    /// Notes the run that the command is about, for hints.
    pub(crate) fn is_about(&self, run: RunId) {
        // A command is about the first run that it names.
        let _ = self.about.set(run);
    }

    /// The run that the command is about, as far as that is known.
    pub(crate) fn about(&self) -> Option<RunId> {
        self.about.get().copied()
    }

    /// The time, for ages.
    pub(crate) fn now(&self) -> Timestamp {
        SystemClock.now()
    }
}

/// A host, whose memory is hidden from now on.
async fn opened(builder: HostBuilder) -> Result<Host, Failure> {
    let host = builder.build().await?;
    reentry_walls::hide_memory();
    Ok(host)
}

/// The data folder when none is named, by the XDG Base Directory Specification; `None` without a home.
pub(crate) fn default_data_dir() -> Option<PathBuf> {
    let folder =
        |variable: &str| std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = folder("XDG_DATA_HOME").or_else(|| folder("HOME").map(|home| home.join(".local/share")));
    base.map(|base| base.join("reentry"))
}

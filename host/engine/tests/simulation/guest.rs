//! The step of the simulation, made ready once and shared by all simulated processes.

use std::sync::{Arc, OnceLock};

use reentry::core::digest::ComponentDigest;
use reentry::store::memory::MemoryStore;
use reentry::wasm::{ComponentizeOptions, Runtime, RuntimeConfig, componentize};
use reentry::{Guests, Host, HostBuilder, store::ComponentRecord, store::Library as _};

/// The secret of all hosts.
const SECRET: [u8; 32] = [7; 32];

const WAT: &str = include_str!("guest.wat");

/// Scripts of steps that only work, by how much.
const STRAIGHT: [&str; 3] = ["w", "ww", "www"];

/// Scripts of steps that wait and fail on the way. Each works at most three times.
pub(crate) const SCRIPTS: [&str; 29] = [
    "w", "ww", "aw", "waw", "awaw", "waaw", "tw", "wtwaw", "ew", "wew", "ewaw", "kw", "wkwaw", "fw", "wafw",
    "yw", "wawyw", "dw", "wdaw", "bw", "wbwaw", "lw", "wlw", "rw", "wgw", "fwkwew", "qw", "wqwaw", "fwqwqw",
];

/// The letter of a wait whose step refuses some answers.
pub(crate) const REFUSING: char = 'q';

/// Whether a step that waits under that letter refuses an answer.
pub(crate) fn is_refused(answer: &str) -> bool {
    answer.ends_with(['1', '3', '5', '7', '9'])
}

/// The script of a step that fails for good, and that of one which does so after an answer.
pub(crate) const FAILING: [&str; 2] = ["wx", "wax"];

/// Scripts of steps that end their workflow.
pub(crate) const BAILING: [&str; 2] = ["wz", "waz"];

/// Scripts of steps that fail for good at some times.
pub(crate) const FAILING_AT_TIMES: [&str; 2] = ["whw", "wawhw"];

/// The same script without anything that waits or can be tried again.
pub(crate) fn straight(script: &str) -> String {
    script.chars().filter(|letter| matches!(letter, 'w' | 'x' | 'z')).collect()
}

/// What all simulated processes have in common: the runtime with the compiled component.
pub(crate) struct Guest {
    runtime: Arc<dyn Guests>,
    pub(crate) component: ComponentRecord,
}

impl Guest {
    /// A host with this runtime, whose secret is that of all others with it.
    pub(crate) fn host(&self) -> HostBuilder {
        host(&self.runtime)
    }

    pub(crate) fn digest(&self) -> ComponentDigest {
        self.component.digest
    }
}

fn host(runtime: &Arc<dyn Guests>) -> HostBuilder {
    let runtime = Arc::clone(runtime);
    Host::builder().secret(SECRET).guests(move |_| Ok(runtime)).background(false)
}

/// The guest of this process.
pub(crate) fn guest() -> &'static Guest {
    static GUEST: OnceLock<Guest> = OnceLock::new();
    GUEST.get_or_init(made)
}

fn made() -> Guest {
    let folder = tempfile::tempdir().unwrap().keep();
    // The ticker decides when a guest yields: so rarely, it never does, and no schedule depends on how long something
    // took.
    let tick = std::time::Duration::from_secs(3_600);
    let config = RuntimeConfig::new(SECRET).cache_dir(folder).tick(tick).calls_max(64);
    let config = config.memory_budget(1 << 30);
    let limits = config.limits.clone().memory_bytes(1 << 20);
    let runtime: Arc<dyn Guests> =
        Arc::new(Runtime::new(config.limits(limits).resident_bytes(1 << 16)).unwrap());
    let bytes = componentize(&wat::parse_str(text()).unwrap(), ComponentizeOptions::default()).unwrap();
    let store = MemoryStore::new();
    let tokio = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let component = tokio.block_on(async {
        let host = host(&runtime).store(Arc::new(store.clone()));
        let tenant = host.build().await.unwrap().default_tenant();
        let digest = tenant.add_component("scripted", &bytes).await.unwrap().digest();
        store.component(&digest).await.unwrap().unwrap()
    });
    Guest { runtime, component }
}

/// The module with a descriptor for each script: all of it options that are none, but for the id.
fn text() -> String {
    const IDS: usize = 8192;
    const DESCRIPTORS: usize = 12288;
    const BYTES: usize = 184;
    let scripts = STRAIGHT.into_iter().chain(SCRIPTS).chain(FAILING).chain(BAILING);
    let scripts: std::collections::BTreeSet<&str> = scripts.chain(FAILING_AT_TIMES).collect();
    let words = |words: [usize; 2]| -> String {
        let bytes = words.iter().flat_map(|word| u32::try_from(*word).unwrap().to_le_bytes());
        bytes.map(|byte| format!("\\{byte:02x}")).collect()
    };
    let mut data = format!("(data (i32.const 16) \"{}\")\n", words([DESCRIPTORS, scripts.len()]));
    for (at, script) in scripts.iter().enumerate() {
        let (id, descriptor) = (IDS + 16 * at, DESCRIPTORS + BYTES * at);
        data += &format!("(data (i32.const {id}) \"{script}\")\n");
        data += &format!("(data (i32.const {descriptor}) \"{}\")\n", words([id, script.len()]));
    }
    let end = WAT.rfind(')').unwrap();
    format!("{}{data})", &WAT[..end])
}

//! Settings of a runtime, and the one function that turns them into a `wasmtime::Config`.
//!
//! Compiled code depends on these settings, on wasmtime and on the processor: [`fingerprint`] covers all of it.
//! A guest image depends on none of them.

use std::hash::{Hash as _, Hasher};
use std::path::PathBuf;
use std::time::Duration;

use wasmtime::{Enabled, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::limits::Limits;
use crate::machine::machine_memory_bytes;

/// Largest linear memory that a slot of the pool can hold. 32-bit memories have no more addresses; the accessors
/// name a memory's length in 32 bits, so that it must stay below the full 4 GiB.
const SLOT_MEMORY_BYTES_MAX: u64 = (1 << 32) - (1 << 16);

/// Bytes of host bookkeeping that one core instance may need. CPython, with some 500 exports and imports a module,
/// needs about 1 MiB.
const CORE_INSTANCE_BYTES_MAX: usize = 16 << 20;

/// Core instances that instrumentation may add to a component, the most that there are place for.
const OWN_INSTANCES_MAX: u32 = 64;

/// Bytes of stack that a guest may use. Deep recursion of a guest ends in a trap, not in a crash of the host.
const GUEST_STACK_BYTES: usize = 1 << 20;

/// Bytes of stack for a guest and the host functions it calls.
const FIBER_STACK_BYTES: usize = 2 << 20;

/// How instances get their memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Allocation {
    /// From a pool of slots that stay mapped: an instance costs microseconds.
    #[default]
    Pooled,
    /// Mapped and unmapped for each instance. For machines with little address space, and for tests.
    OnDemand,
}

/// How the pages that a guest changed are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DirtyTracking {
    /// The kernel is asked which pages may have changed, where it can say so (Linux 6.7 and later); these are compared.
    #[default]
    Auto,
    /// All pages are compared with the fresh image.
    Compare,
}

/// Settings of a [`Runtime`](crate::Runtime).
#[derive(Clone)]
#[non_exhaustive]
pub struct RuntimeConfig {
    /// Folder for compiled code; made if it is not there. Without one every process compiles anew.
    ///
    /// Files in it carry a seal made with `host_key`; a file without a good one is not loaded.
    pub cache_dir: Option<PathBuf>,
    /// Secret of this host or fleet of hosts. Compiled code and preparation records are sealed with keys made from it.
    pub host_key: [u8; 32],
    /// What each call may use whose options name no limits. Loading a component is bound by these, too, and
    /// `memory_bytes`, `table_elements` and `instances` size the slots of the pool: no call can have more of them,
    /// whatever its options say.
    pub limits: Limits,
    /// Components that may be instantiated at the same time. Default 256. Further calls end with
    /// [`CallError::Busy`](crate::CallError::Busy).
    pub calls_max: u32,
    /// Bytes for the memory of all guests of this process together, and of open components: what whoever makes the
    /// calls shares among them, by [`HostCalls::may_have_memory`](crate::HostCalls::may_have_memory). Default 0: half of
    /// the memory of the machine, or of what the container may have, but no less than one call may use.
    ///
    /// Beside it the process holds the images that it reads and stores, each up to the memory of its guest, and what
    /// stays in slots and spare instances: up to a quarter of the budget, and `resident_bytes` for each of
    /// `spare_instances`.
    pub memory_budget: u64,
    /// Bytes of each slot that stay in memory between two uses. Default 8 MiB; less where `calls_max` slots would keep
    /// more than a quarter of `memory_budget`.
    ///
    /// Saves a page fault (1 to 2 microseconds) for each page that a restored guest writes, and costs up to this
    /// much memory for each slot that was ever in use.
    pub resident_bytes: usize,
    /// Instances that are kept for the next call when theirs has ended, of all components together. Default 32.
    ///
    /// Each takes up to `resident_bytes` of memory; one that takes more is let go of. They give way when the pool is
    /// full. See [`CallOptions::domain`](crate::CallOptions::domain).
    pub spare_instances: usize,
    /// How often a running guest looks whether its time is over, and lets other tasks run. Default 5 ms.
    pub tick: Duration,
    /// How instances get their memory.
    pub allocation: Allocation,
    /// How the pages that a guest changed are found.
    pub dirty_tracking: DirtyTracking,
    /// Compiles without optimisation: the code comes sooner and runs slower. Images do not depend on it.
    pub quick_compile: bool,
    /// Bytes of the largest component that is accepted. Default 64 MiB.
    ///
    /// Compiling takes time and memory in proportion; the largest known, CPython, has 18 MB.
    pub component_bytes_max: usize,
    /// Longest time of each part of loading in which the component's own code runs: its start functions, and
    /// `describe`. Default 2 s; never longer than a call.
    ///
    /// CPython, the slowest known, takes 30 ms of the processor. Stops a component that is added from holding up the
    /// host for as long as a call may.
    pub loading: Duration,
    /// Bytes of memory of a fresh instance that are not zero. Default 64 MiB.
    ///
    /// They are held for as long as the component is open. CPython has 17 MB.
    pub base_bytes_max: usize,
}

reentry_core::setters!(RuntimeConfig {
    cache_dir: Option<PathBuf>,
    host_key: [u8; 32],
    limits: Limits,
    calls_max: u32,
    memory_budget: u64,
    resident_bytes: usize,
    spare_instances: usize,
    tick: Duration,
    allocation: Allocation,
    dirty_tracking: DirtyTracking,
    quick_compile: bool,
    component_bytes_max: usize,
    loading: Duration,
    base_bytes_max: usize,
});

impl RuntimeConfig {
    /// The defaults, with this secret.
    pub fn new(host_key: [u8; 32]) -> Self {
        Self {
            cache_dir: None,
            host_key,
            limits: Limits::default(),
            calls_max: 256,
            memory_budget: 0,
            resident_bytes: 8 << 20,
            spare_instances: 32,
            tick: Duration::from_millis(5),
            allocation: Allocation::default(),
            dirty_tracking: DirtyTracking::default(),
            quick_compile: false,
            component_bytes_max: 64 << 20,
            loading: Duration::from_secs(2),
            base_bytes_max: 64 << 20,
        }
    }

    /// Bytes for the memory of all guests together: as it is set, or by default of this machine.
    pub fn memory_budget_bytes(&self) -> u64 {
        match self.memory_budget {
            0 => (machine_memory_bytes() / 2).max(self.limits.memory_bytes),
            bytes => bytes,
        }
    }

    /// The only constructor of a `wasmtime::Config`.
    pub(crate) fn wasmtime(&self) -> wasmtime::Config {
        let mut config = wasmtime::Config::new();
        config
            .epoch_interruption(true)
            .wasm_component_model(true)
            .wasm_multi_memory(true)
            // Off because no image can hold them; said here so that a new default of wasmtime's changes nothing.
            .wasm_memory64(false)
            .wasm_stack_switching(false)
            .wasm_custom_page_sizes(false)
            // Results of relaxed instructions must not differ between the machine that suspends and the one that
            // resumes.
            .relaxed_simd_deterministic(true)
            .memory_init_cow(true)
            .max_wasm_stack(GUEST_STACK_BYTES)
            .async_stack_size(FIBER_STACK_BYTES)
            .cranelift_opt_level(if self.quick_compile {
                wasmtime::OptLevel::None
            } else {
                wasmtime::OptLevel::Speed
            });
        if self.allocation == Allocation::Pooled {
            config.allocation_strategy(InstanceAllocationStrategy::Pooling(self.pool()));
        }
        config
    }

    /// Bytes of a slot that stay in memory: together no more than a quarter of the budget, which no call has reserved.
    fn slot_resident_bytes(&self) -> usize {
        let share = self.memory_budget_bytes() / 4 / u64::from(self.calls_max.max(1));
        self.resident_bytes.min(usize::try_from(share).unwrap_or(usize::MAX))
    }

    fn pool(&self) -> PoolingAllocationConfig {
        let slot = self.limits.memory_bytes.min(SLOT_MEMORY_BYTES_MAX);
        let per_component =
            u32::try_from(self.limits.instances).unwrap_or(u32::MAX).saturating_add(OWN_INSTANCES_MAX);
        let mut pool = PoolingAllocationConfig::new();
        pool.total_component_instances(self.calls_max)
            // Most components have one to four; those with tens (CPython) share what the others leave.
            .total_core_instances(self.calls_max.saturating_mul(8).max(per_component))
            .total_memories(self.calls_max.saturating_mul(4).max(per_component))
            .total_tables(self.calls_max.saturating_mul(4).max(per_component))
            .total_stacks(self.calls_max)
            .max_core_instances_per_component(per_component)
            .max_memories_per_component(per_component)
            .max_tables_per_component(per_component)
            .max_memories_per_module(per_component)
            .max_tables_per_module(per_component)
            .max_component_instance_size(CORE_INSTANCE_BYTES_MAX)
            .max_core_instance_size(CORE_INSTANCE_BYTES_MAX)
            .max_memory_size(usize::try_from(slot).unwrap_or(usize::MAX))
            .table_elements(usize::try_from(self.limits.table_elements).unwrap_or(usize::MAX))
            .linear_memory_keep_resident(self.slot_resident_bytes())
            .table_keep_resident(self.resident_bytes.min(64 << 10))
            .async_stack_keep_resident(self.resident_bytes.min(64 << 10))
            .max_unused_warm_slots(self.calls_max)
            .pagemap_scan(Enabled::Auto);
        pool
    }
}

/// What code that this engine compiled depends on, besides the code's source: settings, wasmtime's version, the
/// processor.
pub(crate) fn fingerprint(engine: &wasmtime::Engine) -> [u8; 32] {
    struct Collect(blake3::Hasher);
    impl Hasher for Collect {
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
        fn finish(&self) -> u64 {
            u64::from_le_bytes(self.0.finalize().as_bytes().first_chunk().copied().unwrap_or_default())
        }
    }
    let mut collect = Collect(blake3::Hasher::new_derive_key("reentry 2026-11 compiled code fingerprint"));
    engine.precompile_compatibility_hash().hash(&mut collect);
    *collect.0.finalize().as_bytes()
}

impl std::fmt::Debug for RuntimeConfig {
    /// Everything but the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RuntimeConfig")
            .field("cache_dir", &self.cache_dir)
            .field("limits", &self.limits)
            .field("calls_max", &self.calls_max)
            .field("memory_budget", &self.memory_budget)
            .field("resident_bytes", &self.resident_bytes)
            .field("spare_instances", &self.spare_instances)
            .field("tick", &self.tick)
            .field("allocation", &self.allocation)
            .field("dirty_tracking", &self.dirty_tracking)
            .field("quick_compile", &self.quick_compile)
            .finish_non_exhaustive()
    }
}

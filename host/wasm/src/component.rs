//! A component that is ready to be called.

use std::sync::Arc;

use reentry_core::digest::ComponentDigest;
use reentry_core::snapshot::{self, BaseImage, Identity, SealKey, SnapshotError};
use reentry_core::step::Descriptor;
use wasmtime::component::InstancePre;

use crate::bindings::exports::reentry::step::{guest, migration};
use crate::guest::Guest;
use crate::image::access::Access;
use crate::runtime;
use crate::spare::{ComponentNumber, Serves};

/// A component that was loaded into a [`Runtime`](crate::Runtime). Cheap to clone; all clones are one component.
#[derive(Clone)]
pub struct LoadedComponent(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) runtime: Arc<runtime::Inner>,
    pub(crate) number: ComponentNumber,
    pub(crate) digest: ComponentDigest,
    pub(crate) descriptors: Vec<Descriptor>,
    pub(crate) imports: Vec<String>,
    pub(crate) capture: Capture,
    pub(crate) uploaded_bytes: usize,
    pub(crate) program: Program,
    /// There when images of its instances are kept.
    pub(crate) state: Option<Restorable>,
}

/// A compiled and linked component.
pub(crate) struct Program {
    pub(crate) pre: InstancePre<Guest>,
    pub(crate) guest: guest::GuestIndices,
    /// There when the component exports `migration`.
    pub(crate) migration: Option<migration::GuestIndices>,
    pub(crate) wasi: bool,
    /// Bytes of memory and number of core instances that instrumentation added.
    pub(crate) own_bytes: u64,
    pub(crate) own_instances: usize,
}

/// What is needed to take images and to put them back.
pub(crate) struct Restorable {
    pub(crate) access: Access,
    pub(crate) identity: Identity,
    pub(crate) base: BaseImage,
    /// Whether all fresh instances look like the base image.
    pub(crate) deterministic: bool,
    /// Whether a module drops data segments, which cannot be brought back in an instance.
    pub(crate) drops_data: bool,
}

impl Inner {
    /// Which instances of the component may serve calls in this domain; `None` when each call needs one of its own,
    /// because an instance that has served cannot be made as good as new.
    pub(crate) fn serves(&self, domain: Arc<str>) -> Option<Serves> {
        let state = self.state.as_ref()?;
        let kept = self.runtime.config.spare_instances > 0;
        let renewable = !state.drops_data && !self.program.wasi;
        (kept && renewable).then_some(Serves { component: self.number, domain })
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.runtime.spares.forget(self.number);
    }
}

/// Whether the state of a component's instances can be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Capture {
    /// It can: memories and globals are kept at each suspension.
    Restore,
    /// It cannot; all of its steps have asked to be re-entered instead.
    ReEnterOnly {
        /// What stands in the way.
        reasons: Vec<String>,
    },
}

/// How large a component is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ComponentSizes {
    /// Bytes as uploaded.
    pub uploaded_bytes: usize,
    /// Bytes that its base image takes in the host's memory.
    pub base_bytes: usize,
    /// Bytes of linear memory of a fresh instance.
    pub memory_bytes: u64,
}

impl LoadedComponent {
    /// The component's identity: SHA-256 of its bytes as they were uploaded.
    pub fn digest(&self) -> ComponentDigest {
        self.0.digest
    }

    /// What the component says of its steps.
    pub fn descriptors(&self) -> &[Descriptor] {
        &self.0.descriptors
    }

    /// The descriptor of one step.
    pub fn descriptor(&self, step: &str) -> Option<&Descriptor> {
        self.0.descriptors.iter().find(|descriptor| descriptor.id == step)
    }

    /// Names of all imports.
    pub fn imports(&self) -> &[String] {
        &self.0.imports
    }

    /// Whether the state of its instances is kept.
    pub fn capture(&self) -> &Capture {
        &self.0.capture
    }

    /// Whether it exports `migration`, so that waiting runs can move from it and to it.
    pub fn is_migratable(&self) -> bool {
        self.0.program.migration.is_some()
    }

    /// How large it is.
    pub fn sizes(&self) -> ComponentSizes {
        let base = self.0.state.as_ref().map(|state| &state.base);
        let wasm_pages =
            base.map_or(0, |base| (0..base.memories()).map(|k| u64::from(base.wasm_pages(k))).sum());
        ComponentSizes {
            uploaded_bytes: self.0.uploaded_bytes,
            base_bytes: base.map_or(0, BaseImage::resident_bytes),
            memory_bytes: wasm_pages * reentry_core::snapshot::WASM_PAGE_BYTES as u64,
        }
    }

    /// Checks an image without making an instance: for callers who must know before they claim the right to resume.
    /// Its memory may take up to `memory_bytes`, which must be what the limits of the call will say.
    ///
    /// # Errors
    /// [`SnapshotError`] naming the first field that is not as expected.
    pub fn check_image(&self, image: &[u8], seal: &SealKey, memory_bytes: u64) -> Result<(), SnapshotError> {
        let Some(state) = &self.0.state else { return Ok(()) };
        snapshot::check(image, &state.identity, memory_bytes, seal)
    }
}

impl std::fmt::Debug for LoadedComponent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoadedComponent")
            .field("digest", &self.0.digest)
            .field("capture", &self.0.capture)
            .finish_non_exhaustive()
    }
}

//! Which memories and globals an image of a component holds, and in which order.

use reentry_core::snapshot::{LayoutDigest, WASM_PAGE_BYTES};
use serde::{Deserialize, Serialize};

use super::accessor::own_wasm_pages;
use super::handles::NOTES_BYTES;

/// Version of the rules by which a layout follows from a component. Part of every layout digest: with other rules,
/// images made under the old ones are refused instead of being misread.
///
/// Rules of version 1: core instances in the order in which the component makes them; of each, its defined memories,
/// in order; likewise its defined mutable globals of number and vector types.
const LAYOUT_VERSION: u32 = 1;

/// Version of the rules for a component with components inside that have state: as above, and then what the instances
/// of those components hold, in the order in which they are made, each by the same rules.
const LAYOUT_VERSION_NESTED: u32 = 2;

/// Version of the rules for a component that takes handles of standard streams: as above, of the component to which the
/// notes about them were added. What inside is of these rules says so by its own digest.
const LAYOUT_VERSION_NOTING: u32 = 3;

/// The memories and globals of a component.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Layout {
    pub(crate) memories: Vec<MemorySlot>,
    pub(crate) globals: Vec<GlobalSlot>,
    /// Core instances that were added to note the handles of standard streams. None for a component that takes no such
    /// handles.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) noting: u32,
    /// What the components inside hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) nested: Vec<Nested>,
}

/// An instance that the component makes of a component inside it, when that has state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Nested {
    /// Index among the component's instances.
    pub(crate) instance: u32,
    pub(crate) layout: Layout,
}

/// One defined memory of one core instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MemorySlot {
    pub(crate) core_instance: u32,
    /// Index in its module's index space.
    pub(crate) index: u32,
    pub(crate) minimum: u64,
    pub(crate) maximum: Option<u64>,
}

/// One defined mutable global of one core instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GlobalSlot {
    pub(crate) core_instance: u32,
    /// Index in its module's index space.
    pub(crate) index: u32,
    pub(crate) kind: GlobalKind,
}

/// The type of a global.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum GlobalKind {
    I32,
    I64,
    F32,
    F64,
    V128,
}

impl GlobalKind {
    /// Bytes that the global takes in an image.
    pub(crate) fn bytes(self) -> usize {
        if self == Self::V128 { 16 } else { 8 }
    }
}

impl Layout {
    /// Bytes of all globals in an image.
    pub(crate) fn globals_bytes(&self) -> usize {
        self.own_globals_bytes() + self.nested.iter().map(|inner| inner.layout.globals_bytes()).sum::<usize>()
    }

    /// Bytes of the globals in an image, those of components inside left out.
    pub(crate) fn own_globals_bytes(&self) -> usize {
        self.globals.iter().map(|global| global.kind.bytes()).sum()
    }

    /// Memories in an image.
    pub(crate) fn memory_count(&self) -> usize {
        self.memories.len() + self.nested.iter().map(|inner| inner.layout.memory_count()).sum::<usize>()
    }

    /// Whether there is no state at all.
    pub(super) fn is_empty(&self) -> bool {
        self.memories.is_empty() && self.globals.is_empty() && self.nested.is_empty()
    }

    /// Whether the component gets an accessor of its own. One that only puts other components together needs none.
    pub(super) fn has_accessor(&self) -> bool {
        self.nested.is_empty() || !(self.memories.is_empty() && self.globals.is_empty())
    }

    /// Bytes of memory that instrumentation added, and core instances, those inside included.
    pub(crate) fn added(&self) -> (u64, usize) {
        self.parts().into_iter().fold((0, 0), |(bytes, instances), part| {
            let of_notes = if part.noting > 0 { NOTES_BYTES } else { 0 };
            let of_accessor = own_wasm_pages(part) * WASM_PAGE_BYTES as u64;
            (bytes + of_accessor + of_notes, instances + 1 + part.noting as usize)
        })
    }

    /// The layouts whose components have an accessor: the outer one first, then those inside. Memories and globals
    /// are in an image in this order.
    pub(crate) fn parts(&self) -> Vec<&Self> {
        let own = self.has_accessor().then_some(self);
        own.into_iter().chain(self.nested.iter().flat_map(|inner| inner.layout.parts())).collect()
    }

    /// What an image is bound to.
    pub(crate) fn digest(&self) -> LayoutDigest {
        let version = match (self.noting, self.nested.is_empty()) {
            (0, true) => LAYOUT_VERSION,
            (0, false) => LAYOUT_VERSION_NESTED,
            _ => LAYOUT_VERSION_NOTING,
        };
        let mut hasher = blake3::Hasher::new_derive_key("reentry 2026-11 layout");
        hasher.update(&version.to_le_bytes());
        hasher.update(&(self.memories.len() as u64).to_le_bytes());
        for memory in &self.memories {
            hasher.update(&memory.core_instance.to_le_bytes());
            hasher.update(&memory.index.to_le_bytes());
        }
        if version != LAYOUT_VERSION {
            hasher.update(&(self.globals.len() as u64).to_le_bytes());
        }
        for global in &self.globals {
            hasher.update(&global.core_instance.to_le_bytes());
            hasher.update(&global.index.to_le_bytes());
            hasher.update(&[global.kind as u8]);
        }
        for inner in &self.nested {
            hasher.update(&inner.instance.to_le_bytes());
            hasher.update(&inner.layout.digest().0);
        }
        LayoutDigest(*hasher.finalize().as_bytes())
    }
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

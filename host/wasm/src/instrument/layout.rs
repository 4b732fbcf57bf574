//! Which memories and globals an image of a component holds, and in which order.

use reentry_core::snapshot::LayoutDigest;
use serde::{Deserialize, Serialize};

/// Version of the rules by which a layout follows from a component. Part of every layout digest: with other rules,
/// images made under the old ones are refused instead of being misread.
///
/// Rules of version 1: core instances in the order in which the component makes them; of each, its defined memories,
/// in order; likewise its defined mutable globals of number and vector types.
const LAYOUT_VERSION: u32 = 1;

/// The memories and globals of a component.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Layout {
    pub(crate) memories: Vec<MemorySlot>,
    pub(crate) globals: Vec<GlobalSlot>,
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
        self.globals.iter().map(|global| global.kind.bytes()).sum()
    }

    /// What an image is bound to.
    pub(crate) fn digest(&self) -> LayoutDigest {
        let mut hasher = blake3::Hasher::new_derive_key("reentry 2026-11 layout");
        hasher.update(&LAYOUT_VERSION.to_le_bytes());
        hasher.update(&(self.memories.len() as u64).to_le_bytes());
        for memory in &self.memories {
            hasher.update(&memory.core_instance.to_le_bytes());
            hasher.update(&memory.index.to_le_bytes());
        }
        for global in &self.globals {
            hasher.update(&global.core_instance.to_le_bytes());
            hasher.update(&global.index.to_le_bytes());
            hasher.update(&[global.kind as u8]);
        }
        LayoutDigest(*hasher.finalize().as_bytes())
    }
}

//! The format in which a guest's memory is kept: what differs from a freshly instantiated component.
//!
//! A guest image holds, for each linear memory, the pages that differ from the [`BaseImage`] of its component,
//! and the values of all mutable globals. docs/format/snapshot.md draws the bytes. [`ImageCodec`] writes and
//! reads them; a base image is written as an image whose own base is all zero.
//!
//! What this module does not know: how pages were found, or how they get back into an instance. It depends on
//! no processor, no compiler and no allocator, and neither does a stored image.

mod base;
mod blocks;
mod decode;
mod encode;
mod error;
mod format;
mod pieces;
mod seal;
#[cfg(test)]
mod tests;

use std::fmt;

pub use base::BaseImage;
pub use blocks::Blocks;
pub use decode::{Content, GuestImage, MemoryImage, check};
pub use encode::{ImageCodec, MemoryState};
pub use error::SnapshotError;
pub use format::{FORMAT_VERSION, HEADER_BYTES};
pub use seal::SealKey;
use serde::{Deserialize, Serialize};

use crate::digest::ComponentDigest;

/// Bytes of the pages that images are made of, whatever the machine's own pages are.
pub const PAGE_BYTES: usize = 4096;

/// Bytes of the blocks that pages are compared by: with these a page has as many as a mask of 64 bits has.
pub const BLOCK_BYTES: usize = 64;

/// Bytes of a page of WebAssembly linear memory, the unit in which memories grow.
pub const WASM_PAGE_BYTES: usize = 65_536;

/// [`PAGE_BYTES`] pages in one WebAssembly page.
pub const PAGES_PER_WASM_PAGE: u32 = 16;

/// Largest memory, in WebAssembly pages: one page short of 4 GiB, so that lengths fit 32 bits.
pub const WASM_PAGES_MAX: u32 = 65_535;

/// Most memories of one component. Bounds what a header can make a reader allocate; the largest known has four.
pub const MEMORIES_MAX: u32 = 256;

/// Most bytes of globals of one component: 65,536 of the widest. CPython has 490 globals. Bounds, like
/// [`MEMORIES_MAX`], what a header can make a reader allocate.
pub const GLOBALS_BYTES_MAX: u32 = 65_536 * 16;

/// Version of the contract between host and guest that an image was made under: `reentry:step@0.1`.
///
/// A guest suspended under one contract cannot be resumed under another, as its memory holds the code's idea of it.
pub const CONTRACT_VERSION: u16 = 1;

/// One page of memory.
pub type Page = [u8; PAGE_BYTES];

/// Consecutive pages of one memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// First page, counted from the start of the memory.
    pub first: u32,
    /// How many pages.
    pub count: u32,
}

impl Run {
    /// The page after the last one.
    pub fn end(self) -> u64 {
        u64::from(self.first) + u64::from(self.count)
    }

    /// Where in the memory the run lies, in bytes.
    pub fn bytes(self) -> std::ops::Range<usize> {
        let start = self.first as usize * PAGE_BYTES;
        start..start + self.count as usize * PAGE_BYTES
    }
}

/// What an image belongs to. It can be put back only where all of this is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The component that the memory is of.
    pub component: ComponentDigest,
    /// The fresh image that the pages differ from.
    pub base: BaseDigest,
    /// Which memories and globals there are, in which order.
    pub layout: LayoutDigest,
}

macro_rules! blake3_digest {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub [u8; 32]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("blake3:")?;
                crate::hex::write(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

blake3_digest! {
    /// BLAKE3 of a base image: sizes of the memories, their bytes, the globals.
    BaseDigest
}
blake3_digest! {
    /// BLAKE3 of the list of memories and globals that an image holds, and of the rules by which the list is made.
    LayoutDigest
}

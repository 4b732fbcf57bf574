//! Why an image was not written or not taken: the field, what was found, what was expected.

use serde::{Deserialize, Serialize};

use super::{BaseDigest, LayoutDigest};
use crate::digest::ComponentDigest;

/// Why an image was not written or not taken. Nothing was used of an image that was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
#[allow(missing_docs, reason = "`found` and `expected` or `at_most` are what their names say, throughout")]
pub enum SnapshotError {
    /// Fewer bytes than any image has.
    #[error("the image has {found} bytes, expected at least {expected}")]
    TooShort { found: usize, expected: usize },
    /// Something else altogether.
    #[error("the image begins with the bytes {found:02x?}, expected `RSNP`")]
    Magic { found: [u8; 4] },
    /// Written by a host of another version.
    #[error("the image has format version {found}, expected 1 to {at_most}; a newer host wrote it")]
    Version { found: u16, at_most: u16 },
    /// Damaged, forged, or sealed with another key.
    #[error(
        "the seal of the image does not fit: it is damaged, or was sealed for another run, tenant or host key"
    )]
    Seal,
    /// Bits of the flags field that this version gives no meaning.
    #[error("the image has the flags {found:#06x}, expected none")]
    Flags { found: u16 },
    /// A way of packing pages that this version does not know.
    #[error(
        "the image's pages are packed by codec {found}, expected 0 (raw), 1 (xor and zstd) or 2 (blocks and zstd)"
    )]
    Codec { found: u16 },
    /// Made under another contract between host and guest.
    #[error("the image was made under contract version {found}, expected {expected}")]
    Contract { found: u16, expected: u16 },
    /// Of another component.
    #[error("the image is of component {found}, expected {expected}")]
    Component { found: ComponentDigest, expected: ComponentDigest },
    /// Made against another fresh image of the component.
    #[error("the image was made against base image {found}, expected {expected}")]
    Base { found: BaseDigest, expected: BaseDigest },
    /// Of other memories and globals, or of another order of them.
    #[error("the image has layout {found}, expected {expected}")]
    Layout { found: LayoutDigest, expected: LayoutDigest },
    /// Another number of memories than the base image has.
    #[error("the image has {found} memories, expected {expected}")]
    Memories { found: u32, expected: u32 },
    /// More memories than any image may have.
    #[error("the image has {found} memories, expected at most {at_most}")]
    TooManyMemories { found: u32, at_most: u32 },
    /// Globals of another size than the base image has.
    #[error("the image has {found} bytes of globals, expected {expected}")]
    Globals { found: u32, expected: u32 },
    /// More globals than any image may have.
    #[error("the image has {found} bytes of globals, expected at most {at_most}")]
    TooManyGlobals { found: u32, at_most: u32 },
    /// The table of runs ends early or late.
    #[error("the image's table of runs and globals has {found} bytes, expected {expected}")]
    Head { found: u64, expected: u64 },
    /// A memory of a size that none can have.
    #[error("memory {memory} of the image has {found} pages of 64 KiB, expected at most {at_most}")]
    MemorySize { memory: u32, found: u32, at_most: u32 },
    /// A memory that is not a whole number of WebAssembly pages.
    #[error("memory {memory} has {found} bytes, expected a multiple of 65,536")]
    MemoryBytes { memory: u32, found: usize },
    /// A run that is empty, out of order, overlapping or out of bounds.
    #[error(
        "run {run} of memory {memory} in the image is {count} pages from page {first}, expected one page or more \
         between pages {from} and {to}"
    )]
    Run { memory: u32, run: u32, first: u32, count: u32, from: u64, to: u64 },
    /// The length of the unpacked pages does not fit the runs.
    #[error("the image's pages unpack to {found} bytes, expected {expected}")]
    PageBytes { found: u64, expected: u64 },
    /// More pages than the reader takes.
    #[error("the image's pages unpack to {found} bytes, at most {at_most} are allowed")]
    TooLarge { found: u64, at_most: u64 },
    /// The packed pages cannot be unpacked.
    #[error("the image's pages cannot be unpacked: {0}")]
    Packed(String),
}

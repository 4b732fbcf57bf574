//! The bytes of an image: fixed header, table of runs and globals. docs/format/snapshot.md draws them.

use super::error::SnapshotError;
use super::seal::SEAL_BYTES;
use super::{BaseDigest, CONTRACT_VERSION, Identity, LayoutDigest};
use crate::digest::ComponentDigest;

/// The four bytes that every image begins with.
const MAGIC: [u8; 4] = *b"RSNP";

/// Version of the format that is written. All from 1 on are read.
pub const FORMAT_VERSION: u16 = 2;

/// Bytes of the fixed header.
pub const HEADER_BYTES: usize = 128;

/// How pages are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(super) enum Codec {
    /// The pages as they are.
    Raw = 0,
    /// Each page XORed with the base image's page, then all of them as one zstd frame. Written by version 1.
    XorZstd = 1,
    /// What [`super::blocks`] makes of the pages, as one zstd frame. Since version 2.
    BlocksZstd = 2,
}

/// The fixed header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) codec: Codec,
    pub(super) identity: Identity,
    pub(super) memories: u32,
    pub(super) globals_bytes: u32,
    /// Bytes of the table that follows the header: runs and globals.
    pub(super) head_bytes: u32,
    /// Bytes of the pages, unpacked.
    pub(super) page_bytes: u64,
}

impl Header {
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        out.extend_from_slice(&CONTRACT_VERSION.to_le_bytes());
        out.extend_from_slice(&(self.codec as u16).to_le_bytes());
        out.extend_from_slice(&0u16.to_le_bytes());
        out.extend_from_slice(self.identity.component.as_bytes());
        out.extend_from_slice(&self.identity.base.0);
        out.extend_from_slice(&self.identity.layout.0);
        out.extend_from_slice(&self.memories.to_le_bytes());
        out.extend_from_slice(&self.globals_bytes.to_le_bytes());
        out.extend_from_slice(&self.head_bytes.to_le_bytes());
        out.extend_from_slice(&self.page_bytes.to_le_bytes());
    }

    /// Reads the header of an image whose seal was found good. `bytes` begins with the image and lacks the seal.
    pub(super) fn read(bytes: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        bytes.take(MAGIC.len() + 2)?;
        let contract = bytes.u16()?;
        let codec = match bytes.u16()? {
            0 => Codec::Raw,
            1 => Codec::XorZstd,
            2 => Codec::BlocksZstd,
            found => return Err(SnapshotError::Codec { found }),
        };
        let flags = bytes.u16()?;
        if flags != 0 {
            return Err(SnapshotError::Flags { found: flags });
        }
        if contract != CONTRACT_VERSION {
            return Err(SnapshotError::Contract { found: contract, expected: CONTRACT_VERSION });
        }
        Ok(Self {
            codec,
            identity: Identity {
                component: ComponentDigest::from_bytes(bytes.array()?),
                base: BaseDigest(bytes.array()?),
                layout: LayoutDigest(bytes.array()?),
            },
            memories: bytes.u32()?,
            globals_bytes: bytes.u32()?,
            head_bytes: bytes.u32()?,
            page_bytes: u64::from_le_bytes(bytes.array()?),
        })
    }
}

/// Checks what says how the rest is to be read, before the seal can be looked at.
pub(super) fn check_prefix(bytes: &[u8]) -> Result<(), SnapshotError> {
    let short = SnapshotError::TooShort { found: bytes.len(), expected: HEADER_BYTES + SEAL_BYTES };
    if bytes.len() < HEADER_BYTES + SEAL_BYTES {
        return Err(short);
    }
    let mut reader = Reader(bytes);
    let magic = reader.array()?;
    if magic != MAGIC {
        return Err(SnapshotError::Magic { found: magic });
    }
    match reader.u16()? {
        1..=FORMAT_VERSION => Ok(()),
        found => Err(SnapshotError::Version { found, at_most: FORMAT_VERSION }),
    }
}

/// The bytes not yet read. Reads nothing beyond them.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], SnapshotError> {
        let short = SnapshotError::TooShort { found: self.0.len(), expected: count };
        let (taken, rest) = self.0.split_at_checked(count).ok_or(short)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], SnapshotError> {
        let short = SnapshotError::TooShort { found: self.0.len(), expected: N };
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or(short)?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(super) fn u16(&mut self) -> Result<u16, SnapshotError> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub(super) fn u32(&mut self) -> Result<u32, SnapshotError> {
        Ok(u32::from_le_bytes(self.array()?))
    }
}

//! The seal of an image: a keyed hash over all of it.
//!
//! A plain hash would find damage. The key also finds forgery: whoever can write to the store, but has not the host's
//! secret, cannot plant memory in a guest, nor move an image from one tenant or run to another.

use std::fmt;

use super::error::SnapshotError;

/// Bytes of the seal at the end of an image.
pub(super) const SEAL_BYTES: usize = 32;

/// A key that images are sealed with.
#[derive(Clone, PartialEq, Eq)]
pub struct SealKey([u8; 32]);

impl SealKey {
    /// The key for the guest images of one run, made from the host's secret.
    pub fn derive(host_key: &[u8; 32], tenant: &str, run: &str) -> Self {
        let mut hasher = Self::hasher("reentry 2026-11 seal of guest images", host_key);
        // Lengths first, so that no two pairs of names give one text.
        hasher.update(&(tenant.len() as u64).to_le_bytes());
        hasher.update(tenant.as_bytes());
        hasher.update(run.as_bytes());
        Self(*hasher.finalize().as_bytes())
    }

    /// The key for something that belongs to the host and to no tenant.
    pub fn of_host(host_key: &[u8; 32], purpose: &str) -> Self {
        let mut hasher = Self::hasher("reentry 2026-11 seal of the host's own files", host_key);
        hasher.update(purpose.as_bytes());
        Self(*hasher.finalize().as_bytes())
    }

    fn hasher(context: &str, host_key: &[u8; 32]) -> blake3::Hasher {
        blake3::Hasher::new_keyed(&blake3::derive_key(context, host_key))
    }

    /// Appends the seal of all bytes so far.
    pub fn seal(&self, bytes: &mut Vec<u8>) {
        let seal = blake3::keyed_hash(&self.0, bytes);
        bytes.extend_from_slice(seal.as_bytes());
    }

    /// Returns what was sealed.
    ///
    /// # Errors
    /// [`SnapshotError::Seal`] when the bytes are not as they were, or the key is another one.
    pub fn open<'a>(&self, sealed: &'a [u8]) -> Result<&'a [u8], SnapshotError> {
        let (bytes, seal) = sealed.split_last_chunk::<SEAL_BYTES>().ok_or(SnapshotError::Seal)?;
        // `blake3::Hash` compares in constant time.
        if blake3::keyed_hash(&self.0, bytes) == *seal { Ok(bytes) } else { Err(SnapshotError::Seal) }
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey(..)")
    }
}

//! Blobs, kept in memory.

use async_trait::async_trait;
use reentry_core::id::BlobId;

use crate::memory::MemoryStore;
use crate::{Blobs, StoreError};

#[async_trait]
impl Blobs for MemoryStore {
    async fn blob(&self, id: BlobId) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.data().image(id).map(<[u8]>::to_vec))
    }
}

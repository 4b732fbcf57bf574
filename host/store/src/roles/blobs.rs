//! Blobs: what is kept apart from rows.

use async_trait::async_trait;
use reentry_core::id::BlobId;

use crate::StoreError;

/// Blobs: guests' memories, and what else is too large for a row.
#[async_trait]
pub trait Blobs: Send + Sync + 'static {
    /// Reads the kept memory of a guest, or what else is kept apart: a payload, a part of a savepoint.
    async fn blob(&self, id: BlobId) -> Result<Option<Vec<u8>>, StoreError>;
}

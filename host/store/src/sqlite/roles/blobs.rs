//! Blobs, kept in the database.

use async_trait::async_trait;
use reentry_core::id::BlobId;

use crate::sqlite::{INLINE_BYTES_MAX, SqliteStore, images};
use crate::{Blobs, StoreError};

#[async_trait]
impl Blobs for SqliteStore {
    async fn blob(&self, id: BlobId) -> Result<Option<Vec<u8>>, StoreError> {
        match self.readers.read(|connection| images::bytes(connection, id))? {
            None => Ok(None),
            Some(bytes) if bytes <= INLINE_BYTES_MAX => self.readers.read(|c| images::read(c, id)),
            Some(_) => self.scan(None, move |connection| images::read(connection, id)).await,
        }
    }
}

//! Mail, kept in memory.

use std::collections::HashSet;

use async_trait::async_trait;
use reentry_core::id::{MessageId, RunId, SuspensionId, TenantId};
use reentry_core::time::Timestamp;

use crate::memory::MemoryStore;
use crate::{Mail, Message, Sent, StoreError};

#[async_trait]
impl Mail for MemoryStore {
    async fn send(&self, message: Message) -> Result<Sent, StoreError> {
        self.data().send(message)
    }

    async fn mail(
        &self,
        tenant: &TenantId,
        name: &str,
        key: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Message>, StoreError> {
        Ok(self.data().mail(tenant, name, key, limit))
    }

    async fn message(&self, tenant: &TenantId, id: MessageId) -> Result<Option<Message>, StoreError> {
        Ok(self.data().message(tenant, id))
    }

    async fn waiting_for(
        &self,
        tenant: &TenantId,
        name: &str,
        key: Option<&str>,
    ) -> Result<Vec<(RunId, SuspensionId)>, StoreError> {
        Ok(self.data().waiting_for(tenant, name, key))
    }

    async fn deliverable(
        &self,
        except: &HashSet<MessageId>,
        limit: usize,
    ) -> Result<Vec<(TenantId, MessageId)>, StoreError> {
        Ok(self.data().deliverable(except, limit))
    }

    async fn expire_mail(&self, now: Timestamp, taken_before: Timestamp) -> Result<u64, StoreError> {
        Ok(self.data().expire_mail(now, taken_before))
    }
}

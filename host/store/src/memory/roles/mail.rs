//! Mail, kept in memory.

use async_trait::async_trait;
use reentry_core::id::{MessageId, OwnerId, RunId, SuspensionId, TenantId};
use reentry_core::time::Timestamp;

use crate::claims::Except;
use crate::memory::MemoryStore;
use crate::{Mail, Message, Sent, StoreError, Topic};

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
        topic: &Topic,
    ) -> Result<Vec<(RunId, SuspensionId)>, StoreError> {
        Ok(self.data().waiting_for(tenant, topic))
    }

    async fn claim_mail(
        &self,
        owner: OwnerId,
        now: Timestamp,
        except: &Except<MessageId>,
        limit: usize,
    ) -> Result<Vec<(TenantId, MessageId)>, StoreError> {
        Ok(self.data().claim_mail(owner, now, except, limit))
    }

    async fn let_go_of_mail(&self, owner: OwnerId, messages: &[MessageId]) -> Result<(), StoreError> {
        self.data().unclaim(owner, messages.iter().map(MessageId::as_bytes));
        Ok(())
    }

    async fn expire_mail(&self, now: Timestamp, taken_before: Timestamp) -> Result<u64, StoreError> {
        Ok(self.data().expire_mail(now, taken_before))
    }
}

//! Messages.

use std::collections::HashSet;

use async_trait::async_trait;
use reentry::core::id::{MessageId, OwnerId, RunId, SuspensionId, TenantId};
use reentry::core::time::Timestamp;
use reentry::store::*;

use super::HeldStore;
use crate::broken::Broken;
use crate::disk::{Written, now};

#[async_trait]
impl Mail for HeldStore {
    async fn send(&self, message: Message) -> Result<Sent, StoreError> {
        self.stage.gate(self.process, 3, "a message").await;
        if self.is(Broken::MessagesLost) && self.stage.one_in(2) {
            return Ok(Sent::Kept);
        }
        let sent = now(self.inner().send(message.clone()))?;
        if sent == Sent::Kept {
            self.disk.wrote(Written::Message(message), Durability::Durable);
        }
        self.stage.gate(self.process, 3, "what follows a message").await;
        Ok(sent)
    }

    async fn mail(
        &self,
        tenant: &TenantId,
        name: &str,
        key: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Message>, StoreError> {
        let mail = now(self.inner().mail(tenant, name, key, limit));
        self.stage.gate(self.process, 4, "what follows a look at the mail").await;
        mail
    }

    async fn message(&self, tenant: &TenantId, id: MessageId) -> Result<Option<Message>, StoreError> {
        now(self.inner().message(tenant, id))
    }

    async fn waiting_for(
        &self,
        tenant: &TenantId,
        topic: &Topic,
    ) -> Result<Vec<(RunId, SuspensionId)>, StoreError> {
        let waiting = now(self.inner().waiting_for(tenant, topic));
        self.stage.gate(self.process, 4, "what follows a look at who waits").await;
        waiting
    }

    async fn claim_mail(
        &self,
        owner: OwnerId,
        at: Timestamp,
        except: &HashSet<MessageId>,
        limit: usize,
    ) -> Result<Vec<(TenantId, MessageId)>, StoreError> {
        now(self.inner().claim_mail(owner, at, except, limit))
    }

    async fn let_go_of_mail(&self, owner: OwnerId, messages: &[MessageId]) -> Result<(), StoreError> {
        now(self.inner().let_go_of_mail(owner, messages))
    }

    async fn expire_mail(&self, at: Timestamp, taken_before: Timestamp) -> Result<u64, StoreError> {
        let expired = now(self.inner().expire_mail(at, taken_before))?;
        if expired > 0 {
            self.disk.wrote(Written::ExpiredMail(at, taken_before), Durability::Visible);
        }
        Ok(expired)
    }
}

//! Mail, kept in the database.

use std::sync::Arc;

use async_trait::async_trait;
use reentry_core::id::{MessageId, OwnerId, RunId, SuspensionId, TenantId};
use reentry_core::time::Timestamp;
use rusqlite::Connection;

use crate::claims::Except;
use crate::sqlite::claims::Claimer;
use crate::sqlite::reader::Reader;
use crate::sqlite::{SMALL, SqliteStore, messages};
use crate::{Durability, Mail, Message, Sent, StoreError, Topic};

#[async_trait]
impl Mail for SqliteStore {
    async fn send(&self, message: Message) -> Result<Sent, StoreError> {
        let (tenant, bytes) = (message.tenant.clone(), message.payload.text().len());
        let work = move |connection: &Connection| messages::send(connection, &message);
        self.write(Some(&tenant), Durability::Durable, bytes, work).await
    }

    async fn mail(
        &self,
        tenant: &TenantId,
        name: &str,
        key: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Message>, StoreError> {
        let (of, name, key) = (tenant.clone(), name.to_owned(), key.map(str::to_owned));
        self.scan(Some(tenant), move |connection| {
            messages::list(connection, &of, &name, key.as_deref(), limit)
        })
        .await
    }

    async fn message(&self, tenant: &TenantId, id: MessageId) -> Result<Option<Message>, StoreError> {
        self.readers.read(|connection| messages::read(connection, tenant, id))
    }

    async fn waiting_for(
        &self,
        tenant: &TenantId,
        topic: &Topic,
    ) -> Result<Vec<(RunId, SuspensionId)>, StoreError> {
        let (of, topic) = (tenant.clone(), topic.clone());
        self.scan(Some(tenant), move |connection| messages::waiting_for(connection, &of, &topic)).await
    }

    async fn claim_mail(
        &self,
        owner: OwnerId,
        now: Timestamp,
        except: &Except<MessageId>,
        limit: usize,
    ) -> Result<Vec<(TenantId, MessageId)>, StoreError> {
        let (except, rotation) = (except.clone(), Arc::clone(&self.mail_of));
        let look = move |reader: &Reader, claimer: &Claimer| {
            messages::deliverable(reader, claimer, &except, &rotation, limit)
        };
        self.claim(owner, now, look).await
    }

    async fn let_go_of_mail(&self, owner: OwnerId, messages: &[MessageId]) -> Result<(), StoreError> {
        self.unclaim(owner, messages.iter().map(|message| *message.as_bytes()).collect()).await
    }

    async fn expire_mail(&self, now: Timestamp, taken_before: Timestamp) -> Result<u64, StoreError> {
        let work = move |connection: &Connection| messages::expire(connection, now, taken_before);
        self.write(None, Durability::Visible, SMALL, work).await
    }
}

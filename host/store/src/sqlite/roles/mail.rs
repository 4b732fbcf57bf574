//! Mail, kept in the database.

use std::collections::HashSet;

use async_trait::async_trait;
use reentry_core::id::{MessageId, RunId, SuspensionId, TenantId};
use reentry_core::time::Timestamp;
use rusqlite::Connection;

use crate::sqlite::{SMALL, SqliteStore, messages};
use crate::{Durability, Mail, Message, Sent, StoreError};

#[async_trait]
impl Mail for SqliteStore {
    async fn send(&self, message: Message) -> Result<Sent, StoreError> {
        let bytes = message.payload.text().len();
        let work = move |connection: &Connection| messages::send(connection, &message);
        self.write(Durability::Durable, bytes, work).await
    }

    async fn mail(
        &self,
        tenant: &TenantId,
        name: &str,
        key: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Message>, StoreError> {
        let (tenant, name, key) = (tenant.clone(), name.to_owned(), key.map(str::to_owned));
        self.scan(move |connection| messages::list(connection, &tenant, &name, key.as_deref(), limit)).await
    }

    async fn message(&self, tenant: &TenantId, id: MessageId) -> Result<Option<Message>, StoreError> {
        self.readers.read(|connection| messages::read(connection, tenant, id))
    }

    async fn waiting_for(
        &self,
        tenant: &TenantId,
        name: &str,
        key: Option<&str>,
    ) -> Result<Vec<(RunId, SuspensionId)>, StoreError> {
        let (tenant, name, key) = (tenant.clone(), name.to_owned(), key.map(str::to_owned));
        self.scan(move |connection| messages::waiting_for(connection, &tenant, &name, key.as_deref())).await
    }

    async fn deliverable(
        &self,
        except: &HashSet<MessageId>,
        limit: usize,
    ) -> Result<Vec<(TenantId, MessageId)>, StoreError> {
        let except = except.clone();
        self.scan(move |connection| messages::deliverable(connection, &except, limit)).await
    }

    async fn expire_mail(&self, now: Timestamp, taken_before: Timestamp) -> Result<u64, StoreError> {
        let work = move |connection: &Connection| messages::expire(connection, now, taken_before);
        self.write(Durability::Visible, SMALL, work).await
    }
}

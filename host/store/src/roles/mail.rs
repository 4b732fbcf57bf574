//! Mail: messages, and who waits for which.

use async_trait::async_trait;
use reentry_core::id::{MessageId, OwnerId, RunId, SuspensionId, TenantId};
use reentry_core::time::Timestamp;

use crate::claims::Except;
use crate::{Message, Sent, StoreError, Topic};

/// Mail: messages, and who waits for which.
#[async_trait]
pub trait Mail: Send + Sync + 'static {
    /// Keeps a message until a commit takes it; durable on return, [`Sent::Known`] too.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when there is a message of that id.
    async fn send(&self, message: Message) -> Result<Sent, StoreError>;

    /// Messages that nobody has taken, oldest first: those with this name and, if one is given, this key; at most
    /// `limit`.
    async fn mail(
        &self,
        tenant: &TenantId,
        name: &str,
        key: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Message>, StoreError>;

    /// Reads a message, taken or not, until [`expire_mail`](Self::expire_mail) drops it.
    async fn message(&self, tenant: &TenantId, id: MessageId) -> Result<Option<Message>, StoreError>;

    /// Open suspensions that what comes under this topic would end, oldest first: those that listen to its kind and
    /// name, with the same key or without one. What comes without a key ends only those without one.
    async fn waiting_for(
        &self,
        tenant: &TenantId,
        topic: &Topic,
    ) -> Result<Vec<(RunId, SuspensionId)>, StoreError>;

    /// Claims messages, of any tenant, that nobody has taken although an open suspension waits for them, oldest
    /// first; at most `limit`, and a quarter of that of one tenant while others have some. Those of `except` are passed
    /// over and do not count. A claim is what it is of a run
    /// ([`Upkeep`](crate::Upkeep)), and ends when a commit takes the message. Grows with the messages that nobody has
    /// taken.
    async fn claim_mail(
        &self,
        owner: OwnerId,
        now: Timestamp,
        except: &Except<MessageId>,
        limit: usize,
    ) -> Result<Vec<(TenantId, MessageId)>, StoreError>;

    /// Lets go of messages that an owner has claimed and not delivered: others may claim them.
    async fn let_go_of_mail(&self, owner: OwnerId, messages: &[MessageId]) -> Result<(), StoreError>;

    /// Drops messages that nobody took and that expired at `now` or before, and those that were taken before
    /// `taken_before`. Returns how many, at most [`EXPIRED_MAX`](crate::mail::EXPIRED_MAX) at a time: call again
    /// while it is as many. Visible on return.
    async fn expire_mail(&self, now: Timestamp, taken_before: Timestamp) -> Result<u64, StoreError>;
}

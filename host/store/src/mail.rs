//! Messages: events sent to the steps of a tenant, kept until one takes them.

use reentry_core::actor::By;
use reentry_core::id::{MessageId, TenantId};
use reentry_core::json::Json;
use reentry_core::time::Timestamp;

use crate::topic::Topic;

/// An event as it was sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// The message.
    pub id: MessageId,
    /// Whose steps may take it.
    pub tenant: TenantId,
    /// Name of the event.
    pub name: String,
    /// Tells events of one name apart; without one, only a wait without key takes it.
    pub key: Option<String>,
    /// What the step gets.
    pub payload: Json,
    /// Who sent it.
    pub by: By,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// The sender's own name for it: of several messages of the tenant with the same one only the first is kept.
    pub dedup: Option<String>,
    /// When it may be dropped if nobody took it; never without one.
    pub expires_at: Option<Timestamp>,
}

impl Message {
    /// The topic under which it comes.
    pub fn topic(&self) -> Topic {
        Topic::event(&self.name, self.key.clone())
    }
}

/// What became of a message that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// It is kept.
    Kept,
    /// The same was sent before, as this message; nothing was kept.
    Known(MessageId),
}

/// Most messages that are dropped at once. Bounds for how long other writers wait.
pub const EXPIRED_MAX: u64 = 10_000;

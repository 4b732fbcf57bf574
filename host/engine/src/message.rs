//! Events sent to steps: kept first, then handed to the step that has waited longest. Exactly one gets each.

use reentry_core::actor::Actor;
use reentry_core::id::{MessageId, RunId};
use reentry_core::json::Json;
use reentry_core::time::Timestamp;
use reentry_store::{Message, Sent};

use crate::bounds::name_bounded;
use crate::delivery::{Delivery, deliver};
use crate::error::Error;
use crate::tenant::Tenant;
use crate::who;

/// An event for a step that waits for it, now or later.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SendEvent {
    /// Name of the event, 1 to 256 bytes.
    pub name: String,
    /// Tells events of one name apart, 1 to 256 bytes. Without one, only a wait without a key takes it.
    pub key: Option<String>,
    /// What the step gets; `None` is `null`.
    pub payload: Option<Json>,
    /// The sender's own id for it, 1 to 256 bytes: of several events with the same one only the first counts.
    pub id: Option<String>,
    /// When it is dropped if no run took it. Defaults to never.
    pub expires_at: Option<Timestamp>,
    /// Who sends it. Not recorded by default; see [`os_actor`](crate::os_actor).
    pub actor: Option<Actor>,
    /// The way in, 1 to 256 bytes. Defaults to `library`.
    pub channel: Option<String>,
    /// What they say to it, at most 4 KiB.
    pub comment: Option<String>,
}

reentry_core::setters!(SendEvent {
    key: Option<String>,
    payload: Option<Json>,
    id: Option<String>,
    expires_at: Option<Timestamp>,
    actor: Option<Actor>,
    channel: Option<String>,
    comment: Option<String>,
});

impl SendEvent {
    /// Makes an event of this name, 1 to 256 bytes.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            key: None,
            payload: None,
            id: None,
            expires_at: None,
            actor: None,
            channel: None,
            comment: None,
        }
    }

    /// Sets who sends it. The host adds by what it knows the caller.
    pub fn by(self, name: impl Into<String>) -> Self {
        self.actor(Actor::asserted(name))
    }
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventReceipt {
    /// The event as it is kept; for one that was sent before, that one.
    pub message: MessageId,
    /// Whether a step has got it. Otherwise it is kept for the first that will wait for it.
    pub delivered: bool,
    /// The run of the step that got it just now.
    pub run: Option<RunId>,
}

impl Tenant {
    /// Sends an event to the step of this tenant that has waited for it longest; without one, it is kept until there
    /// is one. Durable on return. Does not wait for what the step does with it.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/doc.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (host, tenant, ask) = asks().await?;
    /// use reentry::{EventEntry, SendEvent, StartOptions};
    /// use serde_json::json;
    ///
    /// let workflow = tenant.workflow("order").event(EventEntry::new("paid")).commit().await?;
    /// let run = workflow.new_run().start(StartOptions::default()).await?.run;
    /// let receipt = tenant.send_event(SendEvent::new("paid").payload(json!(120))).await?;
    /// assert_eq!((receipt.delivered, receipt.run), (true, Some(run.id())));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `Refused` for a name, key or id that is empty or too long, and for a payload that is no value; `Unavailable`,
    /// `Damaged`. When only the delivery failed, the event is kept, and a host with a background delivers it.
    pub async fn send_event(&self, event: SendEvent) -> Result<EventReceipt, Error> {
        name_bounded("the name of an event", Some(&event.name))?;
        name_bounded("the key of an event", event.key.as_deref())?;
        name_bounded("the id of an event", event.id.as_deref())?;
        if let Some(payload) = &event.payload {
            payload.check_outside().map_err(|source| Error::BadJson { what: "event data", source })?;
        }
        self.shared.check_active(&self.id).await?;
        self.policy().await?.bounded("payload of an event", event.payload.as_ref())?;
        let by = who::by(event.actor, event.channel, event.comment)?;
        let now = self.shared.clock.now();
        let message = Message {
            id: self.shared.chance.message_id(now),
            tenant: self.id.clone(),
            name: event.name,
            key: event.key,
            payload: event.payload.unwrap_or_else(Json::null),
            by,
            sent_at: now,
            dedup: event.id,
            expires_at: event.expires_at,
        };
        let sent = self.shared.store.send(message.clone()).await?;
        let id = match sent {
            Sent::Kept => message.id,
            Sent::Known(id) => id,
        };
        let known = match sent {
            Sent::Kept => Some(message),
            Sent::Known(id) => self.shared.store.message(&self.id, id).await?,
        };
        let delivery = match known {
            Some(message) => deliver(&self.shared, &message, ()).await?,
            None => Delivery::Before,
        };
        let run = match delivery {
            Delivery::To(run) => Some(run),
            Delivery::Before | Delivery::Nobody => None,
        };
        Ok(EventReceipt { message: id, delivered: delivery != Delivery::Nobody, run })
    }
}

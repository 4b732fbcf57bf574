//! Messages that are handed to the steps that wait for them: to the one that has waited longest.

use std::sync::Arc;

use reentry_core::event::{Event, Received};
use reentry_core::id::RunId;
use reentry_core::run::Refused;
use reentry_store::Message;
use tracing::instrument::WithSubscriber;

use crate::error::Error;
use crate::mailbox::{is_there, is_too_old};
use crate::observer::Did;
use crate::shared::Shared;
use crate::trouble;
use crate::upkeep::{begin_told, prepared};
use crate::work::Work;

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// A step of this run has got it just now.
    To(RunId),
    /// Somebody got it before.
    Before,
    /// Nobody waits for it.
    Nobody,
}

/// Hands a message to the suspension that has waited for it longest. What follows goes on by itself.
pub(crate) async fn deliver(host: &Arc<Shared>, message: &Message) -> Result<Delivery, Error> {
    if is_too_old(message, host.clock.now()) {
        return Ok(Delivery::Nobody);
    }
    if !is_there(host, message).await? {
        return Ok(Delivery::Before);
    }
    for (run, suspension) in host.store.waiting_for(&message.tenant, &message.topic()).await? {
        let (payload, by, owner) = (message.payload.clone(), message.by.clone(), host.owner);
        let event = Event::Received(Received { suspension, message: message.id, payload, by, owner });
        let work = Work::on(host, "workflow run (event)", run);
        let span = work.told();
        let of = (message.tenant.clone(), run);
        let (shared, tenant) = (Arc::clone(host), message.tenant.clone());
        let beginning = async move {
            let task = prepared(&shared, &tenant, run, event, work).await?;
            begin_told(task, tenant, Did::Delivered).await
        };
        match trouble::watched(host, of.clone(), span.clone(), beginning).await {
            Ok(going) => {
                let host = Arc::clone(host);
                let going = async move {
                    if let Err(error) = trouble::watched(&host, of, span, going).await {
                        tracing::error!(run = %run, %error, "a run could not go on after an event");
                    }
                };
                tokio::spawn(going.with_current_subscriber());
                return Ok(Delivery::To(run));
            }
            // It was over before the message came, or is blocked.
            Err(Error::Refused(Refused::Idle | Refused::Blocked { .. })) => {}
            // The next in line may be sound.
            Err(error) => {
                trouble::block_without_grant(host, &message.tenant, run, &error).await;
                tracing::error!(run = %run, %error, "an event could not be delivered");
            }
        }
    }
    Ok(if is_there(host, message).await? { Delivery::Nobody } else { Delivery::Before })
}

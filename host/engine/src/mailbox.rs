//! A tenant's mailbox: the messages that no run has taken yet.

use reentry_core::id::TenantId;
use reentry_core::time::Timestamp;
use reentry_store::Message;

use crate::error::Error;
use crate::shared::Shared;

/// Most messages that are looked through for one that was sent before.
const LOOKED_THROUGH_MAX: usize = 1_000;

/// The oldest message of a name and key that is there and not too old.
pub(crate) async fn first(
    host: &Shared,
    tenant: &TenantId,
    name: &str,
    key: Option<&str>,
) -> Result<Option<Message>, Error> {
    loop {
        let found = host.store.mail(tenant, name, key, 1).await?.into_iter().next();
        let now = host.clock.now();
        match found {
            Some(message) if is_too_old(&message, now) => {
                // What is in the way is dropped here, should nobody have come to it.
                if host.store.expire_mail(now, Timestamp(0)).await? == 0 {
                    return Ok(None);
                }
            }
            found => return Ok(found),
        }
    }
}

pub(crate) fn is_too_old(message: &Message, now: Timestamp) -> bool {
    message.expires_at.is_some_and(|at| at <= now)
}

/// Whether no run has taken the message.
pub(crate) async fn is_there(host: &Shared, message: &Message) -> Result<bool, Error> {
    let (name, key) = (&message.name, message.key.as_deref());
    let mail = host.store.mail(&message.tenant, name, key, LOOKED_THROUGH_MAX).await?;
    // So much mail lies before it that nobody can have come to it.
    Ok(mail.len() == LOOKED_THROUGH_MAX || mail.iter().any(|other| other.id == message.id))
}

//! Bringing a run on went wrong in a way that may come again and again: each time is counted, and the third has the
//! run be blocked.
//!
//! So that a panic, or a call whose end cannot be stored, does not keep hosts busy for ever, and no guest is called
//! again without end.

use std::any::Any;
use std::sync::Arc;

use reentry_core::failure::{self, FailureCode};
use reentry_core::id::{RunId, TenantId};
use reentry_core::run::{Blocked, Refused, TROUBLES_MAX};
use reentry_store::StoreError;
use tokio::task::JoinError;
use tracing::instrument::WithSubscriber;
use tracing::{Instrument, Span};

use crate::counted::Counted;
use crate::error::Error;
use crate::live::Signal;
use crate::shared::Shared;

/// Does work on a run on a task of its own, so that a caller who stops listening does not stop it half-way, and a
/// panic stops nothing else.
///
/// # Errors
/// As `work`; [`Error::Interrupted`] for a panic, which is counted.
pub(crate) async fn watched<T: Send + 'static>(
    host: &Arc<Shared>,
    (tenant, run): (TenantId, RunId),
    span: Span,
    work: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    // The caller may have a subscriber of its own; the task would see the global one.
    // In a box, as it is large and would be copied by each of these.
    match tokio::spawn(Box::pin(work).instrument(span).with_current_subscriber()).await {
        Ok(done) => done,
        Err(error) => Err(panicked(host, &tenant, run, error).await),
    }
}

/// Counts a panic of a task that worked on a run; gives what the one who waits for it is told.
pub(crate) async fn panicked(host: &Shared, tenant: &TenantId, run: RunId, error: JoinError) -> Error {
    let reason = match error.try_into_panic() {
        Ok(panic) => {
            let reason = format!("the host panicked: {}", words(&*panic));
            note(host, tenant, run, &Blocked::new(&failure::PANIC, reason.as_str()), TROUBLES_MAX).await;
            reason
        }
        Err(error) => error.to_string(),
    };
    Error::Interrupted { run, reason }
}

/// Counts an error that would come again however often the run is continued, such as that of a call whose end cannot
/// be stored.
pub(crate) async fn failed(host: &Shared, tenant: &TenantId, run: RunId, error: &Error) {
    if block_without_grant(host, tenant, run, error).await {
        return;
    }
    let comes_again = matches!(
        error,
        Error::Damaged { .. }
            | Error::Store(StoreError::Damaged { .. } | StoreError::Refused(_))
            | Error::Refused(Refused::Misfit { .. } | Refused::Schema { .. })
    );
    if comes_again {
        note(host, tenant, run, &verdict(&failure::UNSTORABLE, error), TROUBLES_MAX).await;
    }
}

/// Blocks a run at once of which a component misses a grant: each host would try it again and again. Says whether it is
/// blocked.
pub(crate) async fn block_without_grant(host: &Shared, tenant: &TenantId, run: RunId, error: &Error) -> bool {
    match error {
        Error::MissingGrant { .. } => {
            block(host, tenant, run, &Blocked::new(&failure::MISSING_GRANT, error.to_string())).await
        }
        _ => false,
    }
}

/// Counts that a run could not be read when it was to be continued.
pub(crate) async fn unreadable(host: &Shared, tenant: &TenantId, run: RunId, error: &Error) {
    if error.is_unreadable() {
        note(host, tenant, run, &verdict(&failure::UNREADABLE, error), TROUBLES_MAX).await;
    }
}

/// Makes a verdict of an error, with all that it says.
pub(crate) fn verdict(code: &'static FailureCode, error: &Error) -> Blocked {
    Blocked::new(code, crate::error::chain(error))
}

/// Blocks a run at once; says whether it is blocked now, which one is not that has ended.
pub(crate) async fn block(host: &Shared, tenant: &TenantId, run: RunId, why: &Blocked) -> bool {
    note(host, tenant, run, why, 0).await
}

/// Counts one more time, and says whether the run is blocked.
async fn note(host: &Shared, tenant: &TenantId, run: RunId, why: &Blocked, blocks_at: u32) -> bool {
    let Blocked { code, reason } = why;
    match host.store.note_trouble(tenant, run, why, blocks_at).await {
        Ok(count) if count > 0 && count >= blocks_at => {
            tracing::error!(%run, %code, reason, "the run is blocked");
            host.observer.count(tenant, Counted::Blocked);
            host.live.tell(run, Signal::Committed(None));
            return true;
        }
        Ok(count) => tracing::error!(%run, reason, count, "a run could not be continued"),
        Err(error) => tracing::error!(%run, reason, %error, "what went wrong with a run could not be kept"),
    }
    false
}

/// The message of a panic, if it has one.
fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a message")
}

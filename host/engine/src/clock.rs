//! Time, which deciding must not fetch for itself.

use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use reentry_core::time::Timestamp;

/// What time it is, and how to wait. A host looks at no other clock, but for the bound on the time of one call into a
/// guest.
#[async_trait]
pub trait Clock: Send + Sync + 'static {
    /// The time.
    fn now(&self) -> Timestamp;

    /// Returns at the instant or later.
    async fn wait_until(&self, at: Timestamp);

    /// How long this process runs, by a clock that nobody sets.
    fn uptime(&self) -> Duration {
        STARTED.elapsed()
    }

    /// Returns after so long, by the same clock. Needs a tokio runtime with time enabled unless it is implemented anew.
    async fn pause(&self, length: Duration) {
        tokio::time::sleep(length).await;
    }
}

/// When somebody first asked for the uptime.
#[allow(clippy::disallowed_methods, reason = "the one clock")]
static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);

/// What work comes to, if it is done within so long.
pub(crate) async fn within<T>(
    clock: &dyn Clock,
    length: Duration,
    work: impl Future<Output = T>,
) -> Option<T> {
    tokio::select! {
        biased;
        done = work => Some(done),
        () = clock.pause(length) => None,
    }
}

/// The clock of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

/// Longest wait in one piece. A timer of any horizon is a sequence of such waits, so none can overflow, and a clock
/// that is set while we wait is noticed.
const WAIT_PIECE: Duration = Duration::from_secs(60);

#[async_trait]
impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "the one clock")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    async fn wait_until(&self, at: Timestamp) {
        loop {
            let left = Duration::from_millis(at.ms_since(self.now()));
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(WAIT_PIECE)).await;
        }
    }
}

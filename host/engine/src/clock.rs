//! Time and chance: the two things that deciding must not fetch for itself.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use reentry_core::id::{MessageId, OwnerId, RunId, SnapshotId, SuspensionId};
use reentry_core::time::Timestamp;
use reentry_core::trace::{FreshIds, SpanId, TraceId};

/// What time it is, and how to wait.
#[async_trait]
pub trait Clock: Send + Sync + 'static {
    /// The time.
    fn now(&self) -> Timestamp;

    /// Returns at the instant or later.
    async fn wait_until(&self, at: Timestamp);
}

/// The clock of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

/// Longest wait in one piece. A timer of any horizon is a sequence of such waits, so none can overflow, and a clock that is
/// set while we wait is noticed.
const WAIT_PIECE: Duration = Duration::from_secs(60);

#[async_trait]
impl Clock for SystemClock {
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

/// Random bytes from the operating system.
///
/// # Panics
/// When the operating system has none to give, which Linux does not let happen after boot.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// A random number of 32 bits.
pub(crate) fn random_u32() -> u32 {
    u32::from_le_bytes(random())
}

/// Ids for a root span.
pub(crate) fn fresh_ids() -> FreshIds {
    FreshIds { trace_id: TraceId::from_bytes(non_zero()), span_id: SpanId::from_bytes(non_zero()) }
}

/// An id for a span of a call.
pub(crate) fn span_id() -> SpanId {
    SpanId::from_bytes(non_zero())
}

/// Ids of spans and traces must not be zero.
fn non_zero<const N: usize>() -> [u8; N] {
    loop {
        let bytes = random();
        if bytes != [0; N] {
            return bytes;
        }
    }
}

pub(crate) fn run_id(now: Timestamp) -> RunId {
    RunId::new(now, random())
}

pub(crate) fn suspension_id(now: Timestamp) -> SuspensionId {
    SuspensionId::new(now, random())
}

pub(crate) fn snapshot_id(now: Timestamp) -> SnapshotId {
    SnapshotId::new(now, random())
}

pub(crate) fn owner_id(now: Timestamp) -> OwnerId {
    OwnerId::new(now, random())
}

pub(crate) fn message_id(now: Timestamp) -> MessageId {
    MessageId::new(now, random())
}

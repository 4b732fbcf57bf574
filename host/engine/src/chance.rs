//! Chance, which deciding must not fetch for itself: ids, jitter, the random bytes that guests get.

use std::sync::Arc;

use reentry_core::id::{MessageId, OwnerId, RunId, SnapshotId, SuspensionId};
use reentry_core::time::Timestamp;
use reentry_core::trace::{FreshIds, SpanId, TraceId};

/// Where a host's random bytes come from.
pub trait Entropy: Send + Sync + 'static {
    /// Fills the bytes. Ids are made of them, and guests are handed some: they must be hard to guess, and never the same twice on one
    /// store.
    fn fill(&self, bytes: &mut [u8]);
}

/// Random bytes from the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    /// # Panics
    /// When the operating system has none to give, which Linux does not let happen after boot.
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives random bytes");
    }
}

/// Draws what is left to chance.
#[derive(Clone)]
pub(crate) struct Chance(Arc<dyn Entropy>);

impl Chance {
    pub(crate) fn new(entropy: Arc<dyn Entropy>) -> Self {
        Self(entropy)
    }

    pub(crate) fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill(&mut bytes);
        bytes
    }

    /// A number of 32 bits.
    pub(crate) fn number(&self) -> u32 {
        u32::from_le_bytes(self.bytes())
    }

    /// Ids for a root span.
    pub(crate) fn fresh_ids(&self) -> FreshIds {
        FreshIds { trace_id: TraceId::from_bytes(self.non_zero()), span_id: self.span_id() }
    }

    /// An id for a span of a call.
    pub(crate) fn span_id(&self) -> SpanId {
        SpanId::from_bytes(self.non_zero())
    }

    /// Ids of spans and traces must not be zero.
    fn non_zero<const N: usize>(&self) -> [u8; N] {
        loop {
            let bytes = self.bytes();
            if bytes != [0; N] {
                return bytes;
            }
        }
    }

    pub(crate) fn run_id(&self, now: Timestamp) -> RunId {
        RunId::new(now, self.bytes())
    }

    pub(crate) fn suspension_id(&self, now: Timestamp) -> SuspensionId {
        SuspensionId::new(now, self.bytes())
    }

    pub(crate) fn snapshot_id(&self, now: Timestamp) -> SnapshotId {
        SnapshotId::new(now, self.bytes())
    }

    pub(crate) fn owner_id(&self, now: Timestamp) -> OwnerId {
        OwnerId::new(now, self.bytes())
    }

    pub(crate) fn message_id(&self, now: Timestamp) -> MessageId {
        MessageId::new(now, self.bytes())
    }
}

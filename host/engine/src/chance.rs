//! Chance, which deciding must not fetch for itself: ids, jitter, the random bytes that guests get.

use std::sync::{Arc, Mutex, PoisonError};

use reentry_core::id::{BlobId, MessageId, OwnerId, RunId, SuspensionId};
use reentry_core::time::Timestamp;
use reentry_core::trace::SpanId;

/// Where a host's random bytes come from.
pub trait Entropy: Send + Sync + 'static {
    /// Fills the bytes. Ids are made of them, and guests are handed some: they must be hard to guess, and never the
    /// same twice on one store.
    fn fill(&self, bytes: &mut [u8]);
}

/// Random bytes from the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    /// # Panics
    /// When the operating system has none to give, which Linux does not let happen after boot.
    #[allow(clippy::disallowed_methods, reason = "the one source of chance")]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives random bytes");
    }
}

/// Draws what is left to chance.
#[derive(Clone)]
pub(crate) struct Chance {
    entropy: Arc<dyn Entropy>,
    /// The latest id of a suspension: the next one sorts after it.
    suspension: Arc<Mutex<Option<SuspensionId>>>,
}

impl Chance {
    pub(crate) fn new(entropy: Arc<dyn Entropy>) -> Self {
        Self { entropy, suspension: Arc::default() }
    }

    pub(crate) fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.entropy.fill(&mut bytes);
        bytes
    }

    /// A number of 32 bits.
    pub(crate) fn number(&self) -> u32 {
        u32::from_le_bytes(self.bytes())
    }

    /// An id for a span that no decision begins.
    pub(crate) fn span_id(&self) -> SpanId {
        loop {
            let bytes = self.bytes();
            // An id of zeros is none.
            if bytes != [0; 8] {
                return SpanId::from_bytes(bytes);
            }
        }
    }

    pub(crate) fn run_id(&self, now: Timestamp) -> RunId {
        RunId::new(now, self.bytes())
    }

    /// An id that sorts after all that this host has made before, also within a millisecond: lists are in that order.
    pub(crate) fn suspension_id(&self, now: Timestamp) -> SuspensionId {
        self.suspension_ids(now, 1)
    }

    /// The first of so many ids of which each is the one [after](SuspensionId::after) the other.
    pub(crate) fn suspension_ids(&self, now: Timestamp, count: usize) -> SuspensionId {
        // A gap, as an id shall not be guessed from another one.
        let (fresh, gap) = (SuspensionId::new(now, self.bytes()), u64::from(self.number()));
        let mut last = self.suspension.lock().unwrap_or_else(PoisonError::into_inner);
        let first = match *last {
            Some(last) if fresh <= last => last.after(1 + gap),
            _ => fresh,
        };
        *last = Some(first.after(u64::try_from(count).unwrap_or(u64::MAX).saturating_sub(1)));
        first
    }

    pub(crate) fn snapshot_id(&self, now: Timestamp) -> BlobId {
        BlobId::new(now, self.bytes())
    }

    pub(crate) fn owner_id(&self, now: Timestamp) -> OwnerId {
        OwnerId::new(now, self.bytes())
    }

    pub(crate) fn message_id(&self, now: Timestamp) -> MessageId {
        MessageId::new(now, self.bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_suspensions_sort_in_the_order_in_which_they_are_made_whatever_the_clock_does() {
        let chance = Chance::new(Arc::new(SystemEntropy));
        let mut made = Vec::new();
        for (now, count) in [(5, 1), (5, 3), (5, 1), (4, 2), (6, 1), (6, 1), (5, 1)] {
            let first = chance.suspension_ids(Timestamp(now), count);
            made.extend((0..).take(count).map(|place| first.after(place)));
        }
        made.extend((0..1_000).map(|_| chance.suspension_id(Timestamp(6))));
        assert!(made.is_sorted_by(|one, next| one < next));
    }
}

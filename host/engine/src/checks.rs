//! Decisions and checks that go through large schemas or much data: made on threads where they hold up no one else, a
//! few of one tenant's at once.
//!
//! What compiles and checks schemas cannot be interrupted, so it must not stand where calls of other tenants are
//! driven.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reentry_core::id::TenantId;
use tokio::sync::Semaphore;

/// Bytes of schemas and data up to which a decision is made at once: that is a fraction of a millisecond.
pub(crate) const AT_ONCE_BYTES_MAX: usize = 32 << 10;

/// How many of one tenant's are under way at once; the others wait for their turn.
const AT_ONCE: usize = 2;

/// A decision that takes longer than this has those of its tenant that follow be made apart, so many of them: what they
/// go through cannot be told before. Expressions, and entries without a component, may take as long as schemas do.
const SLOW: (Duration, u32) = (Duration::from_millis(1), 1_000);

/// Tenants that are remembered beyond those which have something under way.
const TENANTS_KEPT: usize = 1_024;

/// The turns of tenants.
#[derive(Default)]
pub(crate) struct Checks {
    turns: Mutex<HashMap<TenantId, Arc<Semaphore>>>,
    /// Tenants whose decisions took long, and how many more of theirs are made apart.
    slow: Mutex<HashMap<TenantId, u32>>,
}

impl Checks {
    /// Does work that takes long, of a tenant's when its turn has come. `None` when the program is ending.
    ///
    /// # Panics
    /// As `work` does.
    pub(crate) async fn perform<T: Send + 'static>(
        &self,
        tenant: Option<&TenantId>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let turn = match tenant {
            Some(tenant) => Some(self.turns_of(tenant).acquire_owned().await.ok()?),
            None => None,
        };
        // The turn is over when the work is, even if the one who asked for it is gone by then.
        let work = move || {
            let done = work();
            drop(turn);
            done
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(done) => Some(done),
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => None,
        }
    }

    /// Whether a tenant's decisions are to be made apart, as one took long.
    pub(crate) fn is_slow(&self, tenant: &TenantId) -> bool {
        self.slow.lock().unwrap_or_else(PoisonError::into_inner).contains_key(tenant)
    }

    /// Notes how long a tenant's decision took.
    pub(crate) fn took(&self, tenant: &TenantId, time: Duration) {
        let mut slow = self.slow.lock().unwrap_or_else(PoisonError::into_inner);
        if time > SLOW.0 {
            if slow.len() >= TENANTS_KEPT {
                slow.clear();
            }
            slow.insert(tenant.clone(), SLOW.1);
        } else if let Some(left) = slow.get_mut(tenant) {
            *left -= 1;
            if *left == 0 {
                slow.remove(tenant);
            }
        }
    }

    fn turns_of(&self, tenant: &TenantId) -> Arc<Semaphore> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if turns.len() > TENANTS_KEPT {
            turns.retain(|_, turns| turns.available_permits() < AT_ONCE || Arc::strong_count(turns) > 1);
        }
        Arc::clone(turns.entry(tenant.clone()).or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE))))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// One thread drives everything, as if all others were taken.
    #[tokio::test]
    async fn a_tenant_that_takes_all_its_turns_holds_up_itself_only() {
        let (checks, slow, quick) = (Arc::new(Checks::default()), tenant("slow"), tenant("quick"));
        let (began, begun) = mpsc::channel();
        let mut ends = Vec::new();
        let mut under_way = Vec::new();
        for _ in 0..AT_ONCE + 1 {
            let (end, ended) = mpsc::channel::<()>();
            ends.push(end);
            let (checks, slow, began) = (Arc::clone(&checks), slow.clone(), began.clone());
            let work = move || {
                began.send(()).unwrap();
                // Until the test lets go of the other end.
                let _ = ended.recv();
            };
            under_way.push(tokio::spawn(async move { checks.perform(Some(&slow), work).await }));
        }
        while checks.turns_of(&slow).available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(checks.perform(Some(&quick), || 1).await, Some(1));
        (0..AT_ONCE).for_each(|_| begun.recv().unwrap());
        assert!(begun.try_recv().is_err(), "the one that is too many has not begun");
        drop(ends);
        for one in under_way {
            assert_eq!(one.await.unwrap(), Some(()));
        }
        begun.recv().unwrap();
    }

    #[tokio::test]
    async fn a_panic_reaches_the_one_who_asked_and_frees_the_turn() {
        let (checks, tenant) = (Arc::new(Checks::default()), tenant("a"));
        for _ in 0..AT_ONCE + 1 {
            let (checks, tenant) = (Arc::clone(&checks), tenant.clone());
            let panics = async move { checks.perform(Some(&tenant), || panic!("a fault")).await };
            assert!(tokio::spawn(panics).await.unwrap_err().is_panic());
        }
        assert_eq!(checks.perform(Some(&tenant), || 1).await, Some(1));
    }

    #[tokio::test]
    async fn tenants_without_anything_under_way_are_not_remembered_for_ever() {
        let checks = Checks::default();
        for number in 0..TENANTS_KEPT * 2 {
            assert_eq!(checks.perform(Some(&tenant(&format!("t{number}"))), || 1).await, Some(1));
        }
        assert!(checks.turns.lock().unwrap().len() <= TENANTS_KEPT + 1);
    }

    #[test]
    fn decisions_after_a_slow_one_are_made_apart_until_many_were_quick() {
        let (checks, slow, quick) = (Checks::default(), tenant("slow"), tenant("quick"));
        checks.took(&quick, SLOW.0);
        checks.took(&slow, SLOW.0 * 2);
        assert!(checks.is_slow(&slow) && !checks.is_slow(&quick));
        (1..SLOW.1).for_each(|_| checks.took(&slow, Duration::ZERO));
        assert!(checks.is_slow(&slow));
        checks.took(&slow, Duration::ZERO);
        assert!(!checks.is_slow(&slow));
    }

    fn tenant(id: &str) -> TenantId {
        TenantId::new(id).unwrap()
    }
}

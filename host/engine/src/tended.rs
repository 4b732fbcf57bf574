//! What a host is bringing on by itself, and what it has put off: so much of one tenant at once.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reentry_core::id::TenantId;
use reentry_store::Except;
use tokio::sync::Notify;

use crate::put_off::PutOff;

/// From so many of one tenant on, nothing more of it is looked for, until half of them are done.
const OF_TENANT_MAX: usize = 200;

/// What is being brought on, and what could not be.
pub(crate) struct Tended<K: Copy + Eq + Hash> {
    state: Mutex<State<K>>,
    /// There may be more to look for: nothing is being brought on any more, or a tenant may have more.
    more: Arc<Notify>,
}

struct State<K> {
    busy: HashSet<K>,
    of: HashMap<TenantId, usize>,
    full: HashSet<TenantId>,
    put_off: PutOff<K>,
}

/// Something that is being brought on, until this is dropped.
pub(crate) struct Busy<K: Copy + Eq + Hash> {
    tended: Arc<Tended<K>>,
    tenant: TenantId,
    key: K,
}

impl<K: Copy + Eq + Hash> Tended<K> {
    /// Nothing yet; tells `more` when there may be more to do.
    pub(crate) fn new(more: Arc<Notify>) -> Self {
        let (busy, of, full, put_off) = (HashSet::new(), HashMap::new(), HashSet::new(), PutOff::default());
        Self { state: Mutex::new(State { busy, of, full, put_off }), more }
    }

    /// Begins something, unless it is under way or put off.
    pub(crate) fn begin(self: &Arc<Self>, tenant: &TenantId, key: K, now: Duration) -> Option<Busy<K>> {
        let mut state = self.lock();
        if state.put_off.holds(&key, now) || !state.busy.insert(key) {
            return None;
        }
        let count = state.of.entry(tenant.clone()).or_default();
        *count += 1;
        if *count >= OF_TENANT_MAX {
            state.full.insert(tenant.clone());
        }
        Some(Busy { tended: Arc::clone(self), tenant: tenant.clone(), key })
    }

    /// What is not to be looked for now.
    pub(crate) fn except(&self, now: Duration) -> Except<K> {
        let mut state = self.lock();
        let mut except = Except::from(state.put_off.held(now));
        except.ids.extend(&state.busy);
        except.tenants.clone_from(&state.full);
        except
    }

    pub(crate) fn are_none_busy(&self) -> bool {
        self.lock().busy.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, State<K>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Copy + Eq + Hash> Busy<K> {
    pub(crate) fn key(&self) -> K {
        self.key
    }

    /// Says whether it went well. What did not is put off, longer each time.
    pub(crate) fn went(&self, well: bool, now: Duration) {
        let mut state = self.tended.lock();
        match well {
            true => state.put_off.remove(&self.key),
            false => state.put_off.add(self.key, now),
        }
    }
}

impl<K: Copy + Eq + Hash> Drop for Busy<K> {
    fn drop(&mut self) {
        let mut state = self.tended.lock();
        state.busy.remove(&self.key);
        let left = state.of.get_mut(&self.tenant).map_or(0, |count| {
            *count -= 1;
            *count
        });
        if left == 0 {
            state.of.remove(&self.tenant);
        }
        let has_room = left <= OF_TENANT_MAX / 2 && state.full.remove(&self.tenant);
        if has_room || state.busy.is_empty() {
            self.tended.more.notify_one();
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::ZERO;

    #[test]
    fn nothing_more_of_a_tenant_is_looked_for_until_half_is_done() {
        let tended = Arc::new(Tended::new(Arc::default()));
        let [much, little] = ["much", "little"].map(|name| TenantId::new(name).unwrap());
        let mut busy: Vec<_> =
            (0..OF_TENANT_MAX).map(|number| tended.begin(&much, number, NOW).unwrap()).collect();
        let other = tended.begin(&little, OF_TENANT_MAX, NOW).unwrap();
        assert!(tended.begin(&much, 1, NOW).is_none(), "it is under way");
        let full = |tended: &Tended<usize>| tended.except(NOW).tenants.into_iter().collect::<Vec<_>>();
        assert_eq!(full(&tended), std::slice::from_ref(&much));
        busy.truncate(OF_TENANT_MAX / 2 + 1);
        assert_eq!(full(&tended), [much]);
        busy.pop();
        assert_eq!(full(&tended), []);
        other.went(false, NOW);
        drop((busy, other));
        assert!(tended.are_none_busy() && tended.lock().of.is_empty());
        assert_eq!(tended.except(NOW).ids, HashSet::from([OF_TENANT_MAX]), "it is put off");
        assert!(tended.begin(&little, OF_TENANT_MAX, NOW).is_none());
    }

    #[tokio::test]
    async fn it_is_told_when_there_may_be_more() {
        let more = Arc::new(Notify::new());
        let tended = Arc::new(Tended::new(Arc::clone(&more)));
        let tenant = TenantId::default();
        let mut busy: Vec<_> =
            (0..OF_TENANT_MAX).map(|number| tended.begin(&tenant, number, NOW).unwrap()).collect();
        busy.truncate(OF_TENANT_MAX / 2);
        more.notified().await;
        busy.clear();
        more.notified().await;
    }
}

//! A budget for the memory of guests: what calls reserve of it, and which calls wait for room.
//!
//! A call reserves before it begins, and asks for more as its guest grows. One that gets no more is stopped and made
//! again with all that its limits allow reserved from the start, so that it is never stopped twice. A call that waits
//! here holds nothing that others wait for, and what is reserved is held by calls that go on: none waits for ever.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use reentry_core::digest::ComponentDigest;
use reentry_core::id::TenantId;
use tokio::sync::oneshot;

/// What a call reserves into a component of which nothing is known yet.
const UNKNOWN_BYTES: u64 = 16 << 20;

/// Components of which it is known what their calls use. With more, all is forgotten.
const KNOWN_MAX: usize = 1_024;

/// How much of the budget for guests' memory is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoryUse {
    /// Bytes of the budget.
    pub budget: u64,
    /// Bytes that calls have reserved.
    pub reserved: u64,
    /// Bytes that open components hold.
    pub components: u64,
    /// The most that both were together since the host was built.
    pub peak: u64,
    /// Calls that wait for room.
    pub waiting: usize,
}

/// What is asked of the budget for a call.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) tenant: TenantId,
    /// Bytes of the budget that the tenant's calls may hold together. A call that is alone may hold more.
    pub(crate) at_once: u64,
    /// The component that is called, if there is one to learn about.
    pub(crate) component: Option<ComponentDigest>,
    pub(crate) bytes: u64,
}

/// The budget of one host.
pub(crate) struct MemoryBudget {
    at_most: u64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    reserved: u64,
    components: u64,
    peak: u64,
    tenants: BTreeMap<TenantId, Share>,
    waiting: usize,
    /// How many have waited so far: says which came first.
    waited: u64,
    /// What the latest call into a component wanted.
    known: BTreeMap<ComponentDigest, u64>,
}

/// What the calls of one tenant have, and those that wait. Not there without either.
#[derive(Default)]
struct Share {
    reserved: u64,
    waiting: VecDeque<Waiting>,
}

struct Waiting {
    number: u64,
    asked: Asked,
    granted: oneshot::Sender<Reservation>,
}

impl MemoryBudget {
    pub(crate) fn new(bytes: u64) -> Arc<Self> {
        Arc::new(Self { at_most: bytes, state: Mutex::default() })
    }

    /// What one tenant's calls may hold together unless its policy says otherwise: less than all, for the sake of others.
    pub(crate) fn usual_at_once(&self) -> u64 {
        self.at_most / 4 * 3
    }

    /// What open components may hold of which no call uses any.
    pub(crate) fn components_max(&self) -> u64 {
        self.at_most / 4
    }

    /// What a call into a component is likely to need: what the latest one wanted.
    pub(crate) fn likely(&self, component: ComponentDigest) -> u64 {
        self.lock().known.get(&component).copied().unwrap_or(UNKNOWN_BYTES)
    }

    /// Waits until there is room. The calls of one tenant are served in the order in which they came. Of tenants that
    /// may hold more, the one that has waited longest is served, and none is passed over because it asks for much.
    ///
    /// # Errors
    /// When the budget is gone.
    pub(crate) async fn reserve(
        self: &Arc<Self>,
        asked: Asked,
    ) -> Result<Reservation, oneshot::error::RecvError> {
        let (place, reserved) = {
            let mut state = self.lock();
            if state.waiting == 0 && state.has_room(self.at_most, &asked) {
                return Ok(self.taken(&mut state, asked));
            }
            let (granted, reserved) = oneshot::channel();
            state.waited += 1;
            state.waiting += 1;
            let number = state.waited;
            let place = Place { budget: Arc::clone(self), tenant: asked.tenant.clone(), number };
            let share = state.tenants.entry(asked.tenant.clone()).or_default();
            share.waiting.push_back(Waiting { number, asked, granted });
            (place, reserved)
        };
        // Those that came before may only wait for their tenants' shares.
        self.serve();
        let reserved = reserved.await;
        drop(place);
        reserved
    }

    /// Counts what an open component holds. That does not wait; calls wait until there is room beside it.
    pub(crate) fn hold(self: &Arc<Self>, bytes: u64) -> Held {
        let mut state = self.lock();
        state.components += bytes;
        state.note_peak();
        Held { budget: Arc::clone(self), bytes }
    }

    /// How much is used.
    pub(crate) fn used(&self) -> MemoryUse {
        let State { reserved, components, peak, waiting, .. } = *self.lock();
        MemoryUse { budget: self.at_most, reserved, components, peak, waiting }
    }

    /// Grants what there is room for.
    fn serve(self: &Arc<Self>) {
        let mut served = Vec::new();
        {
            let mut state = self.lock();
            while let Some(Waiting { asked, granted, .. }) = state.next_served(self.at_most) {
                served.push((granted, self.taken(&mut state, asked)));
            }
        }
        for (granted, reservation) in served {
            // One that nothing waits for any more is given back by being dropped, which needs the lock.
            let _ = granted.send(reservation);
        }
    }

    fn taken(self: &Arc<Self>, state: &mut State, asked: Asked) -> Reservation {
        state.take(&asked.tenant, asked.bytes);
        let (reserved, wanted) = (AtomicU64::new(asked.bytes), AtomicU64::new(0));
        Reservation { budget: Arc::clone(self), asked, reserved, wanted }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether a call may begin, as far as its tenant's share goes. A call that is alone is always within it.
    fn is_within_share(&self, asked: &Asked) -> bool {
        let reserved = self.tenants.get(&asked.tenant).map_or(0, |share| share.reserved);
        reserved == 0 || reserved.saturating_add(asked.bytes) <= asked.at_once
    }

    /// The same, as far as the budget goes. A call that is alone always fits: limits are no larger than the budget.
    fn fits(&self, at_most: u64, bytes: u64) -> bool {
        self.reserved == 0 || self.reserved.saturating_add(self.components).saturating_add(bytes) <= at_most
    }

    fn has_room(&self, at_most: u64, asked: &Asked) -> bool {
        self.is_within_share(asked) && self.fits(at_most, asked.bytes)
    }

    /// Takes out of the queue what is served next, if there is room for it.
    fn next_served(&mut self, at_most: u64) -> Option<Waiting> {
        let first = self.tenants.values().filter_map(|share| share.waiting.front());
        let next =
            first.filter(|waiting| self.is_within_share(&waiting.asked)).min_by_key(|next| next.number)?;
        if !self.fits(at_most, next.asked.bytes) {
            return None;
        }
        let tenant = next.asked.tenant.clone();
        let next = self.tenants.get_mut(&tenant)?.waiting.pop_front()?;
        self.waiting -= 1;
        Some(next)
    }

    fn take(&mut self, tenant: &TenantId, bytes: u64) {
        self.reserved += bytes;
        match self.tenants.get_mut(tenant) {
            Some(share) => share.reserved += bytes,
            None => {
                self.tenants.insert(tenant.clone(), Share { reserved: bytes, ..Share::default() });
            }
        }
        self.note_peak();
    }

    fn give_back(&mut self, tenant: &TenantId, bytes: u64) {
        self.reserved = self.reserved.saturating_sub(bytes);
        if let Some(share) = self.tenants.get_mut(tenant) {
            share.reserved = share.reserved.saturating_sub(bytes);
            if share.reserved == 0 && share.waiting.is_empty() {
                self.tenants.remove(tenant);
            }
        }
    }

    fn note_peak(&mut self) {
        self.peak = self.peak.max(self.reserved.saturating_add(self.components));
    }

    fn learn(&mut self, component: ComponentDigest, wanted: u64) {
        if self.known.len() >= KNOWN_MAX && !self.known.contains_key(&component) {
            self.known.clear();
        }
        self.known.insert(component, wanted);
    }
}

/// A place among those that wait; left when this is dropped.
struct Place {
    budget: Arc<MemoryBudget>,
    tenant: TenantId,
    number: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.budget.lock();
        let Some(share) = state.tenants.get_mut(&self.tenant) else { return };
        let Ok(at) = share.waiting.binary_search_by_key(&self.number, |waiting| waiting.number) else {
            return;
        };
        share.waiting.remove(at);
        state.waiting -= 1;
        state.give_back(&self.tenant, 0);
        drop(state);
        // It may have been in the way of others.
        self.budget.serve();
    }
}

/// What a call has reserved; given back when this is dropped.
pub(crate) struct Reservation {
    budget: Arc<MemoryBudget>,
    asked: Asked,
    reserved: AtomicU64,
    /// The most that the guest wanted.
    wanted: AtomicU64,
}

impl Reservation {
    /// Whether the guest may have so many bytes. Does not wait: what is not reserved must be free.
    pub(crate) fn may_have(&self, bytes: u64) -> bool {
        self.wanted.fetch_max(bytes, Ordering::Relaxed);
        if bytes <= self.reserved.load(Ordering::Relaxed) {
            return true;
        }
        let mut state = self.budget.lock();
        // Read again: only who has the lock changes it.
        let reserved = self.reserved.load(Ordering::Relaxed);
        let more = bytes.saturating_sub(reserved);
        let of_tenant = state.tenants.get(&self.asked.tenant).map_or(0, |share| share.reserved);
        let is_alone = of_tenant == reserved;
        let fits = (is_alone || of_tenant.saturating_add(more) <= self.asked.at_once)
            && (state.reserved + state.components).saturating_add(more) <= self.budget.at_most;
        if fits {
            state.take(&self.asked.tenant, more);
            self.reserved.store(reserved + more, Ordering::Relaxed);
        }
        fits
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let waiting = {
            let mut state = self.budget.lock();
            let wanted = self.wanted.load(Ordering::Relaxed);
            if let Some(component) = self.asked.component.filter(|_| wanted > 0) {
                state.learn(component, wanted);
            }
            state.give_back(&self.asked.tenant, self.reserved.load(Ordering::Relaxed));
            state.waiting
        };
        if waiting > 0 {
            self.budget.serve();
        }
    }
}

/// What an open component holds; given back when this is dropped.
pub(crate) struct Held {
    budget: Arc<MemoryBudget>,
    bytes: u64,
}

impl Held {
    /// How many bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.budget.lock().components -= self.bytes;
        self.budget.serve();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

//! Components that are open in this process: those used last, and those in use.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use reentry_core::digest::ComponentDigest;
use reentry_wasm::Grants;
use tokio::sync::OnceCell;

use crate::error::Error;
use crate::memory_budget::{Held, MemoryBudget};

/// Components that stay open while no call uses them. Opening one again reads its compiled code from the disk.
pub const OPEN_COMPONENTS_MAX: usize = 256;

/// With different grants a component is opened anew: what one tenant is granted must not reach another.
type Key = (ComponentDigest, Grants);

/// Open components. Those that no call uses are closed beyond [`OPEN_COMPONENTS_MAX`] and a part of the budget, the ones
/// first that have not been used for the longest time.
pub(crate) struct Opened<C: ?Sized> {
    budget: Arc<MemoryBudget>,
    kept: Mutex<Kept<C>>,
}

struct Kept<C: ?Sized> {
    components: HashMap<Key, Entry<C>>,
    /// How often any was asked for.
    uses: u64,
}

struct Entry<C: ?Sized> {
    cell: Arc<OnceCell<Open<C>>>,
    /// When it was asked for last.
    used: u64,
}

struct Open<C: ?Sized> {
    component: Arc<C>,
    held: Held,
}

impl<C: ?Sized> Opened<C> {
    pub(crate) fn new(budget: Arc<MemoryBudget>) -> Self {
        Self { budget, kept: Mutex::new(Kept { components: HashMap::new(), uses: 0 }) }
    }

    /// The component, opened by `open` if it is not, once however many ask at the same time. `bytes` says what it holds.
    pub(crate) async fn get(
        &self,
        key: Key,
        bytes: impl FnOnce(&C) -> u64,
        open: impl Future<Output = Result<Arc<C>, Error>>,
    ) -> Result<Arc<C>, Error> {
        let cell = self.cell(key);
        if let Some(open) = cell.get() {
            return Ok(Arc::clone(&open.component));
        }
        let opened = cell.get_or_try_init(|| async {
            let component = open.await?;
            let held = self.budget.hold(bytes(&component));
            Ok::<_, Error>(Open { component, held })
        });
        let component = opened.await.map(|open| Arc::clone(&open.component));
        drop(cell);
        self.close_surplus();
        component
    }

    /// Keeps a component that was just prepared.
    pub(crate) fn set(&self, key: Key, component: Arc<C>, bytes: u64) {
        let held = self.budget.hold(bytes);
        // Another caller that prepared the same component first did so from the same bytes.
        let _ = self.cell(key).set(Open { component, held });
        self.close_surplus();
    }

    /// Lets go of a component, whatever the grants. Calls in flight keep it until they end.
    pub(crate) fn remove(&self, digest: ComponentDigest) {
        let mut kept = self.lock();
        let gone: Vec<_> = kept.components.extract_if(|(opened, _), _| *opened == digest).collect();
        drop(kept);
        drop(gone);
    }

    fn cell(&self, key: Key) -> Arc<OnceCell<Open<C>>> {
        let mut kept = self.lock();
        kept.uses += 1;
        let used = kept.uses;
        let entry = kept.components.entry(key).or_insert_with(|| Entry { cell: Arc::default(), used });
        entry.used = used;
        Arc::clone(&entry.cell)
    }

    /// Closes what is unused and too much.
    fn close_surplus(&self) {
        let mut closed = Vec::new();
        let mut kept = self.lock();
        while kept.components.len() > OPEN_COMPONENTS_MAX || kept.bytes() > self.budget.components_max() {
            let idle = kept.components.iter().filter(|(_, entry)| entry.is_idle());
            let Some(oldest) = idle.min_by_key(|(_, entry)| entry.used).map(|(key, _)| *key) else { break };
            closed.extend(kept.components.remove(&oldest));
        }
        // Closing one takes longer than others should wait.
        drop(kept);
        drop(closed);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept<C>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: ?Sized> Kept<C> {
    fn bytes(&self) -> u64 {
        self.components.values().filter_map(|entry| entry.cell.get()).map(|open| open.held.bytes()).sum()
    }
}

impl<C: ?Sized> Entry<C> {
    /// Whether nothing but this entry has the component, or is about to. What is counted here can only become less
    /// meanwhile: who wants it anew needs the lock.
    fn is_idle(&self) -> bool {
        let is_unused = self.cell.get().is_none_or(|open| Arc::strong_count(&open.component) == 1);
        Arc::strong_count(&self.cell) == 1 && is_unused
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn key(number: u32) -> Key {
        (ComponentDigest::of(&number.to_le_bytes()), Grants::none())
    }

    async fn open(opened: &Opened<u32>, number: u32, bytes: u64) -> Arc<u32> {
        opened.get(key(number), |_| bytes, async { Ok(Arc::new(number)) }).await.unwrap()
    }

    fn count(opened: &Opened<u32>) -> usize {
        opened.lock().components.len()
    }

    #[tokio::test]
    async fn of_a_thousand_components_those_used_last_stay_open() {
        let budget = MemoryBudget::new(1 << 30);
        let opened = Opened::new(Arc::clone(&budget));
        let in_use = open(&opened, 0, 10).await;
        for number in 1..1_000 {
            open(&opened, number, 10).await;
            assert!(count(&opened) <= OPEN_COMPONENTS_MAX);
            assert_eq!(budget.used().components, 10 * count(&opened) as u64);
        }
        let is_open = |number| opened.lock().components.contains_key(&key(number));
        assert!(is_open(0) && is_open(999) && is_open(745) && !is_open(744));
        // The one in use is the same to all, until nothing uses it and others come.
        assert!(Arc::ptr_eq(&in_use, &open(&opened, 0, 10).await));
        drop(in_use);
        for number in 1_000..1_300 {
            open(&opened, number, 10).await;
        }
        assert!(!is_open(0));
    }

    #[tokio::test]
    async fn large_components_are_closed_sooner() {
        let budget = MemoryBudget::new(1_000);
        let opened = Opened::new(Arc::clone(&budget));
        for number in 0..10 {
            open(&opened, number, 100).await;
        }
        assert_eq!((count(&opened), budget.used().components), (2, 200));
        let all = [open(&opened, 20, 300).await, open(&opened, 21, 300).await];
        assert_eq!((count(&opened), budget.used().components), (2, 600), "none that is in use is closed");
        drop(all);
        open(&opened, 22, 0).await;
        assert_eq!((count(&opened), budget.used().components), (1, 0), "the latest stays");
    }

    #[tokio::test]
    async fn what_could_not_be_opened_is_not_kept() {
        let opened = Opened::<u32>::new(MemoryBudget::new(1_000));
        for number in 0..1_000 {
            let failed = async { Err(Error::NoComponent(key(number).0)) };
            opened.get(key(number), |_| 0, failed).await.unwrap_err();
        }
        assert!(count(&opened) <= OPEN_COMPONENTS_MAX);
    }
}

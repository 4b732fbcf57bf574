//! Instances that have served a call and were made as good as new, kept for the next one.
//!
//! An instance costs microseconds where a component is one module, and a millisecond where it is CPython in forty;
//! and one whose pages were written before has no page faults when they are written again. What makes an instance as
//! good as new is in [`crate::image::reset`].

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::image::access::Live;

/// Which calls an instance can serve: those of one component, in one domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Serves {
    pub(crate) component: ComponentNumber,
    pub(crate) domain: Arc<str>,
}

/// Tells the components of a process apart, also two that were loaded from the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ComponentNumber(u64);

impl ComponentNumber {
    /// One that no component has had before.
    pub(crate) fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// An instance that no call uses.
struct Spare {
    serves: Serves,
    live: Live,
    /// Sizes of its memories, in WebAssembly pages. Memories never shrink.
    wasm_pages: Vec<u32>,
}

/// The instances that no call uses, the one that was used last at the end.
pub(crate) struct Spares {
    at_most: usize,
    kept: Mutex<VecDeque<Spare>>,
}

impl Spares {
    pub(crate) fn new(at_most: usize) -> Self {
        Self { at_most, kept: Mutex::default() }
    }

    /// Takes an instance out of which none of the memories is larger than `wasm_pages` says, and the sizes of its
    /// memories.
    pub(crate) fn take(&self, serves: &Serves, wasm_pages: &[u32]) -> Option<(Live, Vec<u32>)> {
        let mut kept = self.lock();
        let fits = |spare: &Spare| {
            spare.serves == *serves && spare.wasm_pages.iter().zip(wasm_pages).all(|(has, may)| has <= may)
        };
        let at = kept.iter().rposition(fits)?;
        let spare = kept.remove(at)?;
        Some((spare.live, spare.wasm_pages))
    }

    /// Keeps an instance that is as good as new, in place of the one that was not used for the longest time if need be.
    pub(crate) fn put(&self, serves: Serves, live: Live, wasm_pages: Vec<u32>) {
        let mut kept = self.lock();
        kept.push_back(Spare { serves, live, wasm_pages });
        let surplus = if kept.len() > self.at_most { kept.pop_front() } else { None };
        // Letting go of an instance takes longer than others should wait.
        drop(kept);
        drop(surplus);
    }

    /// Lets go of all.
    pub(crate) fn clear(&self) {
        let all = std::mem::take(&mut *self.lock());
        drop(all);
    }

    /// Lets go of those of one component.
    pub(crate) fn forget(&self, component: ComponentNumber) {
        let mut kept = self.lock();
        let (gone, rest) = std::mem::take(&mut *kept)
            .into_iter()
            .partition::<VecDeque<_>, _>(|spare| spare.serves.component == component);
        *kept = rest;
        drop(kept);
        drop(gone);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Spare>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

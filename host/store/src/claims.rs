//! Claims: which host brings on what nobody holds, and of whom.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use reentry_core::id::TenantId;

/// How long a claim holds that is neither used nor let go of, in milliseconds. Whoever claimed it may live on and
/// have forgotten it.
pub const CLAIM_MS: u64 = 30_000;

/// A tenant gets at most one part in so many of what is claimed at once, as long as others have something.
const PARTS: usize = 4;

/// Most things that are passed over, as their tenants have their share, before those of other tenants are looked for by
/// themselves.
const PASSED_MAX: usize = 1_000;

/// What is not to be claimed now. It does not count.
#[derive(Clone, Debug)]
pub struct Except<Id> {
    /// These runs or messages.
    pub ids: HashSet<Id>,
    /// Whatever these tenants have.
    pub tenants: HashSet<TenantId>,
}

impl<Id> Default for Except<Id> {
    fn default() -> Self {
        Self { ids: HashSet::new(), tenants: HashSet::new() }
    }
}

impl<Id> From<HashSet<Id>> for Except<Id> {
    fn from(ids: HashSet<Id>) -> Self {
        Self { ids, tenants: HashSet::new() }
    }
}

impl<Id: Eq + Hash> Except<Id> {
    /// Whether this one is not to be claimed.
    pub fn holds(&self, tenant: &TenantId, id: &Id) -> bool {
        self.ids.contains(id) || self.tenants.contains(tenant)
    }
}

/// What is claimed at once, of several tenants.
pub(crate) struct Batch<T> {
    limit: usize,
    of: HashMap<TenantId, usize>,
    offered: usize,
    passed: usize,
    /// With its place among all that was offered.
    found: Vec<(usize, T)>,
    /// What tenants have beyond their shares: it is claimed if there is room.
    more: Vec<(usize, T)>,
}

impl<T> Batch<T> {
    /// A batch of at most so many.
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, of: HashMap::new(), offered: 0, passed: 0, found: Vec::new(), more: Vec::new() }
    }

    /// Takes something in, or puts it aside where its tenant has its share.
    pub(crate) fn offer(&mut self, tenant: &TenantId, what: T) {
        let place = self.offered;
        self.offered += 1;
        if self.found.len() < self.limit && !self.has_share(tenant) {
            *self.of.entry(tenant.clone()).or_default() += 1;
            self.found.push((place, what));
            return;
        }
        self.passed += 1;
        if self.more.len() < self.limit {
            self.more.push((place, what));
        }
    }

    /// How much was offered so far.
    pub(crate) fn offered(&self) -> usize {
        self.offered
    }

    /// Passes over something of a tenant that is to get nothing.
    pub(crate) fn pass_over(&mut self) {
        self.passed += 1;
    }

    /// Whether a tenant has something in the batch.
    pub(crate) fn has_some(&self, tenant: &TenantId) -> bool {
        self.of.contains_key(tenant)
    }

    /// Whether a tenant has its share.
    fn has_share(&self, tenant: &TenantId) -> bool {
        self.of.get(tenant).is_some_and(|count| *count >= self.limit.div_ceil(PARTS))
    }

    /// Whether to look no further: the batch is full, or what comes next is of tenants that have their shares.
    pub(crate) fn is_enough(&self) -> bool {
        self.found.len() >= self.limit || self.passed >= PASSED_MAX
    }

    /// Makes room for tenants that were not looked at, and says how much there is. Of each of them a fifth of that may
    /// be offered.
    pub(crate) fn make_room(&mut self) -> usize {
        let kept = self.found.len().min(self.limit - self.limit / PARTS);
        self.more.extend(self.found.drain(kept..));
        self.limit - kept
    }

    /// Whether there is no more room.
    pub(crate) fn is_full(&self) -> bool {
        self.found.len() >= self.limit
    }

    /// All that is to be claimed, in the order in which it was offered.
    pub(crate) fn finish(mut self) -> Vec<T> {
        self.more.sort_unstable_by_key(|(place, _)| *place);
        self.more.truncate(self.limit - self.found.len().min(self.limit));
        self.found.extend(self.more);
        self.found.sort_unstable_by_key(|(place, _)| *place);
        self.found.into_iter().map(|(_, what)| what).collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn tenant(name: char) -> TenantId {
        TenantId::new(name).unwrap()
    }

    /// What is claimed of these, the tenant of each a letter.
    fn claimed(limit: usize, offered: &str) -> String {
        let mut batch = Batch::new(limit);
        offered.chars().for_each(|name| batch.offer(&tenant(name), name));
        batch.finish().into_iter().collect()
    }

    #[test]
    fn a_tenant_gets_a_quarter_while_others_have_something_and_all_otherwise() {
        assert_eq!(claimed(8, "aaaaaaaaaaaaaaabbc"), "aaaaabbc");
        assert_eq!(claimed(8, "aaaaaaaaaaaaaaa"), "aaaaaaaa");
        assert_eq!(claimed(8, "aaabbbcccdddeee"), "aabbccdd");
        assert_eq!(claimed(2, "aab"), "ab");
        assert_eq!(claimed(1, "ab"), "a");
    }

    #[test]
    fn it_is_looked_no_further_where_one_has_everything() {
        let mut batch = Batch::new(100);
        let a = tenant('a');
        let mut count = 0;
        while !batch.is_enough() {
            batch.offer(&a, 'a');
            count += 1;
        }
        assert_eq!(count, 25 + PASSED_MAX);
        assert_eq!(batch.make_room(), 75);
        batch.offer(&tenant('b'), 'b');
        let claimed = batch.finish();
        assert_eq!((claimed.len(), claimed.last()), (100, Some(&'b')));
    }

    #[test]
    fn a_full_batch_makes_room_for_tenants_that_were_not_looked_at() {
        let mut batch = Batch::new(8);
        "aabbccdd".chars().for_each(|name| batch.offer(&tenant(name), name));
        assert!(batch.is_enough());
        assert_eq!(batch.make_room(), 2);
        batch.offer(&tenant('z'), 'z');
        assert_eq!(batch.finish().into_iter().collect::<String>(), "aabbccdz");
    }
}

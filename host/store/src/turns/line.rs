//! Who waits for a place, and who gets the next one: a value without time, threads or I/O.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::Share;

/// A sharer may have so many times the places that are free, so that some stay free for those who come: three quarters
/// of all for one sharer, three sevenths each for two.
const PLACES_FOR_FREE: u32 = 3;

/// What one place costs a sharer of weight 1; one of weight `n` pays an `n`th.
const PLACE_COST: u64 = 1 << 20;

/// Time after which no further one is given all places in a row, counted from when places were held back for the first.
const ALONE_FOR: Duration = Duration::from_secs(1);

/// So many times as many as there are places are given, at most, to those who waited when the last one had had them
/// all, before the next one has.
const PLACES_BETWEEN: u64 = 4;

/// Names one who waits, or has a place. Later ones are larger.
pub(crate) type Ticket = u64;

/// Whom the places are there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Those who wait for one.
    Open,
    /// One who waits for all: none is given until all are free.
    Clearing { since: Duration },
    /// One has them all, or has just given them back.
    Alone { since: Duration },
}

/// The line for a number of places. Each of those who share them has an order of its own, and what each was given is
/// counted: the next place goes to the one that is furthest behind its share.
#[derive(Debug)]
pub(crate) struct Line<K> {
    places: u32,
    /// Whether some are kept free for those who come.
    keeps_some: bool,
    taken: u32,
    sharers: BTreeMap<K, Sharer>,
    /// Those who wait for a place, the one that has paid least first.
    waiting: BTreeSet<(u64, K)>,
    /// The same of those who wait for all places.
    waiting_alone: BTreeSet<(u64, K)>,
    /// The most that any had paid when it got a place. Whoever begins to wait is not behind that.
    paid: u64,
    phase: Phase,
    /// So many places are given before they are cleared again.
    owed: u64,
    next_ticket: Ticket,
}

/// One of those who share the places, as long as it has some or waits for some.
#[derive(Debug, Default)]
struct Sharer {
    share: Share,
    paid: u64,
    taken: u32,
    waiting: BTreeSet<Ticket>,
    waiting_alone: BTreeSet<Ticket>,
}

impl Sharer {
    fn waits(&self) -> bool {
        !(self.waiting.is_empty() && self.waiting_alone.is_empty())
    }

    /// Whether it may have one more place, with so many free.
    fn may_take(&self, free: u32, keeps_some: bool) -> bool {
        let at_most = if keeps_some { free.saturating_mul(PLACES_FOR_FREE) } else { u32::MAX };
        free > 0 && self.taken < self.share.at_once.min(at_most)
    }

    fn take(&mut self, places: u32) {
        self.taken += places;
        let cost = PLACE_COST / u64::from(self.share.weight.max(1));
        self.paid = self.paid.saturating_add(cost.saturating_mul(places.into()));
    }
}

impl<K: Clone + Ord> Line<K> {
    /// A line for so many places, at least one.
    pub(crate) fn new(places: u32, keeps_some: bool) -> Self {
        Self {
            places: places.max(1),
            keeps_some,
            taken: 0,
            sharers: BTreeMap::new(),
            waiting: BTreeSet::new(),
            waiting_alone: BTreeSet::new(),
            paid: 0,
            phase: Phase::Open,
            owed: 0,
            next_ticket: 0,
        }
    }

    /// Takes a place at once if nothing stands in the way.
    pub(crate) fn take(&mut self, key: &K, share: Share) -> bool {
        if self.phase != Phase::Open || !self.waiting_alone.is_empty() {
            return false;
        }
        let (free, keeps_some, paid) = (self.places - self.taken, self.keeps_some, self.paid);
        let paid = self.change(key, |sharer| {
            sharer.share = share;
            if sharer.waits() || !sharer.may_take(free, keeps_some) {
                return None;
            }
            let paid = sharer.paid.max(paid);
            sharer.paid = paid;
            sharer.take(1);
            Some(paid)
        });
        self.note_taken(1, paid)
    }

    /// Waits for a place, or for all of them, behind others of the same sharer.
    pub(crate) fn wait(&mut self, key: &K, share: Share, alone: bool) -> Ticket {
        let (ticket, paid) = (self.next_ticket, self.paid);
        self.next_ticket += 1;
        self.change(key, |sharer| {
            sharer.share = share;
            if !sharer.waits() {
                // What was not asked for in the past is not made up for.
                sharer.paid = sharer.paid.max(paid);
            }
            if alone { sharer.waiting_alone.insert(ticket) } else { sharer.waiting.insert(ticket) }
        });
        ticket
    }

    /// Takes one who waits out of the line. `false` when it has got its place already, and must give it back.
    pub(crate) fn leave(&mut self, key: &K, ticket: Ticket) -> bool {
        self.change(key, |sharer| sharer.waiting.remove(&ticket) || sharer.waiting_alone.remove(&ticket))
    }

    /// Gives a place back, or all of them.
    pub(crate) fn give_back(&mut self, key: &K, alone: bool) {
        let places = if alone { self.places } else { 1 };
        self.taken = self.taken.saturating_sub(places);
        self.change(key, |sharer| sharer.taken = sharer.taken.saturating_sub(places));
    }

    /// Gives the next place to the one whose turn it is; `None` when none can be given now. To be called until then
    /// after each change.
    pub(crate) fn next(&mut self, uptime: Duration) -> Option<Ticket> {
        if self.waiting.is_empty() {
            self.owed = 0;
        }
        loop {
            match self.phase {
                Phase::Open if self.waiting_alone.is_empty() || self.owed > 0 => return self.next_one(),
                Phase::Open => self.phase = Phase::Clearing { since: uptime },
                Phase::Clearing { .. } if self.waiting_alone.is_empty() => self.phase = Phase::Open,
                Phase::Clearing { .. } | Phase::Alone { .. } if self.taken > 0 => return None,
                Phase::Clearing { since } => return self.next_alone(since),
                Phase::Alone { since }
                    if !self.waiting_alone.is_empty() && uptime.saturating_sub(since) < ALONE_FOR =>
                {
                    return self.next_alone(since);
                }
                Phase::Alone { .. } => {
                    self.phase = Phase::Open;
                    self.owed = self.count_waiting().min(PLACES_BETWEEN * u64::from(self.places));
                }
            }
        }
    }

    fn count_waiting(&self) -> u64 {
        let sharers = self.waiting.iter().filter_map(|(_, key)| self.sharers.get(key));
        sharers.map(|sharer| sharer.waiting.len() as u64).sum()
    }

    fn next_one(&mut self) -> Option<Ticket> {
        let free = self.places - self.taken;
        if free == 0 {
            return None;
        }
        // Those that are passed over have places, so there are not more of them than places.
        let may_take =
            |key: &K| self.sharers.get(key).is_some_and(|sharer| sharer.may_take(free, self.keeps_some));
        let (paid, key) = self.waiting.iter().find(|(_, key)| may_take(key))?.clone();
        self.owed = self.owed.saturating_sub(1);
        self.note_taken(1, Some(paid));
        self.change(&key, |sharer| {
            sharer.take(1);
            sharer.waiting.pop_first()
        })
    }

    fn next_alone(&mut self, since: Duration) -> Option<Ticket> {
        let (paid, key) = self.waiting_alone.first()?.clone();
        let places = self.places;
        self.phase = Phase::Alone { since };
        self.note_taken(places, Some(paid));
        self.change(&key, |sharer| {
            sharer.take(places);
            sharer.waiting_alone.pop_first()
        })
    }

    /// Notes that places were taken by one that had paid so much; says whether there is such a one.
    fn note_taken(&mut self, places: u32, paid: Option<u64>) -> bool {
        if let Some(paid) = paid {
            self.taken += places;
            self.paid = self.paid.max(paid);
        }
        paid.is_some()
    }

    /// Changes a sharer, and puts it where it belongs then. One that neither has places nor waits is forgotten.
    fn change<T>(&mut self, key: &K, change: impl FnOnce(&mut Sharer) -> T) -> T {
        let mut sharer = self.sharers.remove(key).unwrap_or_default();
        if sharer.waits() {
            let place = (sharer.paid, key.clone());
            self.waiting.remove(&place);
            self.waiting_alone.remove(&place);
        }
        let done = change(&mut sharer);
        for (waits, all) in [
            (!sharer.waiting.is_empty(), &mut self.waiting),
            (!sharer.waiting_alone.is_empty(), &mut self.waiting_alone),
        ] {
            if waits {
                all.insert((sharer.paid, key.clone()));
            }
        }
        if sharer.waits() || sharer.taken > 0 {
            self.sharers.insert(key.clone(), sharer);
        }
        done
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests;

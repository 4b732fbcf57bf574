//! Turns: places that several share, such as calls at once, so that none of those keeps the others from them.
//!
//! Each *sharer*, a tenant mostly, waits in an order of its own, and places go to sharers by weight. A sharer gets none
//! as long as it has three times as many as are free, so that there is one for others that come. Who gets which place
//! is decided by `Line`, a plain value; this is the waiting around it.

mod line;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use line::{Line, Ticket};

/// What a sharer may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// How many places it gets in the time in which one of weight 1 gets one, when both wait; at least 1.
    pub weight: u32,
    /// Most places that it has at once. Without any it waits for ever.
    pub at_once: u32,
}

impl Default for Share {
    fn default() -> Self {
        Self { weight: 1, at_once: u32::MAX }
    }
}

/// Places that several share. Cheap to clone; all clones are the same places.
pub struct Turns<K: Clone + Ord>(Arc<Inner<K>>);

struct Inner<K> {
    state: Mutex<State<K>>,
    uptime: Box<dyn Fn() -> Duration + Send + Sync>,
}

struct State<K> {
    line: Line<K>,
    waiting: HashMap<Ticket, oneshot::Sender<()>>,
}

/// A place, or all of them, until this is dropped.
pub struct Place<K: Clone + Ord> {
    turns: Turns<K>,
    key: K,
    alone: bool,
}

/// One who waits. Dropped, it waits no more, and a place that it got meanwhile goes to the next.
struct Waiter<'t, K: Clone + Ord> {
    turns: &'t Turns<K>,
    key: &'t K,
    alone: bool,
    ticket: Ticket,
    has_place: bool,
}

impl<K: Clone + Ord> Clone for Turns<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K: Clone + Ord> Turns<K> {
    /// Makes so many places, at least one. `uptime` says how long the process runs: it bounds for how long, in a row,
    /// all places are given to one.
    pub fn new(places: u32, uptime: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self::of(Line::new(places, true), uptime)
    }

    /// Makes so many places, at least one, of which none is kept free: for what ends soon.
    pub fn short(places: u32) -> Self {
        Self::of(Line::new(places, false), || Duration::ZERO)
    }

    fn of(line: Line<K>, uptime: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        let state = State { line, waiting: HashMap::new() };
        Self(Arc::new(Inner { state: Mutex::new(state), uptime: Box::new(uptime) }))
    }

    /// Waits for a place. Whoever stops waiting is out of the line.
    pub async fn take(&self, key: &K, share: Share) -> Place<K> {
        if !self.lock().line.take(key, share) {
            self.wait(key, share, false).await;
        }
        Place { turns: self.clone(), key: key.clone(), alone: false }
    }

    /// Takes a place if there is one for this sharer now.
    pub fn try_take(&self, key: &K, share: Share) -> Option<Place<K>> {
        let has_place = self.lock().line.take(key, share);
        has_place.then(|| Place { turns: self.clone(), key: key.clone(), alone: false })
    }

    /// Waits until all places are free, and takes them all: nothing else goes on meanwhile.
    ///
    /// Places are held back for it while others end theirs. Between two of these, or so many as take a second together,
    /// those who waited meanwhile get their places, up to four times as many as there are.
    pub async fn take_all(&self, key: &K, share: Share) -> Place<K> {
        self.wait(key, share, true).await;
        Place { turns: self.clone(), key: key.clone(), alone: true }
    }

    /// Counts those who wait.
    pub fn waiting(&self) -> usize {
        self.lock().waiting.len()
    }

    async fn wait(&self, key: &K, share: Share, alone: bool) {
        let (tell, told) = oneshot::channel();
        let ticket = {
            let mut state = self.lock();
            let ticket = state.line.wait(key, share, alone);
            state.waiting.insert(ticket, tell);
            self.go_on(&mut state);
            ticket
        };
        let mut waiter = Waiter { turns: self, key, alone, ticket, has_place: false };
        // It is told before the other end goes.
        waiter.has_place = told.await.is_ok();
    }

    /// Gives all places that can be given.
    fn go_on(&self, state: &mut State<K>) {
        while let Some(ticket) = state.line.next((self.0.uptime)()) {
            if let Some(told) = state.waiting.remove(&ticket) {
                // One that is just being dropped gives the place back.
                let _ = told.send(());
            }
        }
    }

    fn give_back(&self, key: &K, alone: bool) {
        let mut state = self.lock();
        state.line.give_back(key, alone);
        self.go_on(&mut state);
    }

    fn lock(&self) -> MutexGuard<'_, State<K>> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Clone + Ord> Drop for Waiter<'_, K> {
    fn drop(&mut self) {
        if self.has_place {
            return;
        }
        let mut state = self.turns.lock();
        state.waiting.remove(&self.ticket);
        if !state.line.leave(self.key, self.ticket) {
            state.line.give_back(self.key, self.alone);
        }
        self.turns.go_on(&mut state);
    }
}

impl<K: Clone + Ord> Drop for Place<K> {
    fn drop(&mut self) {
        self.turns.give_back(&self.key, self.alone);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn turns(places: u32) -> Turns<&'static str> {
        Turns::new(places, || Duration::ZERO)
    }

    /// Lets all tasks go as far as they can.
    async fn settle() {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn one_that_stops_waiting_leaves_the_line_and_one_that_has_a_place_gives_it_back() {
        let turns = turns(1);
        let first = turns.take(&"a", Share::default()).await;
        let dropped = tokio::spawn({
            let turns = turns.clone();
            async move { drop(turns.take(&"b", Share::default()).await) }
        });
        let last = tokio::spawn({
            let turns = turns.clone();
            async move { drop(turns.take(&"c", Share::default()).await) }
        });
        settle().await;
        assert_eq!(turns.waiting(), 2);
        dropped.abort();
        settle().await;
        assert_eq!(turns.waiting(), 1);
        drop(first);
        last.await.unwrap();
        // The place was given to one that does not look at it any more.
        let held = turns.take(&"a", Share::default()).await;
        let share = Share::default();
        let mut waits = Box::pin(turns.take(&"b", share));
        let is_pending = tokio::select! { biased; _ = &mut waits => false, () = settle() => true };
        assert!(is_pending);
        drop(held);
        drop(waits);
        assert_eq!(turns.waiting(), 0);
        drop(turns.take(&"c", Share::default()).await);
        drop(turns.take_all(&"c", Share::default()).await);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn no_place_is_lost_or_given_twice_among_threads() {
        use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
        let (turns, taken) = (turns(4), Arc::new(AtomicU32::new(0)));
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..200_u32 {
            let (turns, taken) = (turns.clone(), Arc::clone(&taken));
            tasks.spawn(async move {
                let key = ["a", "b", "c"].into_iter().cycle().nth(number as usize).unwrap();
                for round in 0..20 {
                    if (number + round) % 7 == 0 {
                        // Gives up at some moment, perhaps just when its turn has come.
                        let take = turns.take(&key, Share::default());
                        tokio::select! { biased; () = tokio::task::yield_now() => {} _ = take => {} }
                    } else if (number + round) % 31 == 0 {
                        let _all = turns.take_all(&key, Share::default()).await;
                        assert_eq!(taken.fetch_add(4, SeqCst), 0);
                        tokio::task::yield_now().await;
                        taken.fetch_sub(4, SeqCst);
                    } else {
                        let _place = turns.take(&key, Share::default()).await;
                        assert!(taken.fetch_add(1, SeqCst) < 4);
                        tokio::task::yield_now().await;
                        taken.fetch_sub(1, SeqCst);
                    }
                }
            });
        }
        while let Some(ended) = tasks.join_next().await {
            ended.unwrap();
        }
        assert_eq!((turns.waiting(), taken.load(SeqCst)), (0, 0));
    }
}

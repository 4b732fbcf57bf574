//! Changes that wait for the thread that writes: in turns of tenants, so that one that has many holds up no other one
//! for longer than a group takes.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use reentry_core::id::TenantId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::sqlite::writer::Request;

/// Most changes in one transaction. Bounds how long the first one waits for the last.
const GROUP_CHANGES_MAX: usize = 256;

/// Most bytes in one transaction, but for a single larger change. Bounds the same, and the cache that holds the pages.
const GROUP_BYTES_MAX: usize = 8 << 20;

/// Bytes that a tenant may have written in one turn, of which it has one a group. One that had more written, as a
/// change is never divided, has no turn until that is made up for.
const TURN_BYTES: i64 = 1 << 20;

/// Bytes that a change counts for beside its own: a turn is at most 32 changes.
const CHANGE_BYTES: i64 = 32 << 10;

/// Changes of one tenant that may wait here. More wait outside, in order.
const WAITING_MAX: usize = 256;

/// Tenants whose places are remembered beyond those that have changes waiting.
const TENANTS_KEPT: usize = 1_024;

/// Whose change it is: a tenant's, or the host's own.
pub(crate) type Whose = Option<TenantId>;

/// The end of a queue where changes come in. Dropped, nothing more comes.
pub(crate) struct Requests {
    queue: Arc<Queue>,
    places: Mutex<HashMap<Whose, Arc<Semaphore>>>,
}

/// The end where they are taken. Dropped, all that waits is dropped, and what still comes.
pub(crate) struct Requested(Arc<Queue>);

#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    lines: HashMap<Whose, Line>,
    /// Those that have something waiting, the next one first.
    turns: VecDeque<Whose>,
    is_closed: bool,
    is_gone: bool,
}

/// What waits of one tenant.
#[derive(Default)]
struct Line {
    requests: VecDeque<Request>,
    /// Bytes that may still be written in this turn; less than none if more were.
    left: i64,
}

/// Both ends of a queue.
pub(crate) fn queue() -> (Requests, Requested) {
    let queue = Arc::<Queue>::default();
    (Requests { queue: Arc::clone(&queue), places: Mutex::default() }, Requested(queue))
}

impl Requests {
    /// Waits for a place in the line of a tenant. `None` never comes.
    pub(crate) async fn place(&self, whose: &Whose) -> Option<OwnedSemaphorePermit> {
        self.places_of(whose).acquire_owned().await.ok()
    }

    fn places_of(&self, whose: &Whose) -> Arc<Semaphore> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(places) = places.get(whose) {
            return Arc::clone(places);
        }
        if places.len() >= TENANTS_KEPT {
            places.retain(|_, places| {
                places.available_permits() < WAITING_MAX || Arc::strong_count(places) > 1
            });
        }
        let of_one = Arc::new(Semaphore::new(WAITING_MAX));
        places.insert(whose.clone(), Arc::clone(&of_one));
        of_one
    }

    /// Has a change wait. One that nobody takes any more is dropped with its answer.
    pub(crate) fn send(&self, request: Request) {
        let mut state = self.queue.lock();
        if !state.is_gone {
            state.add(request);
            self.queue.changed.notify_one();
        }
    }
}

impl Drop for Requests {
    fn drop(&mut self) {
        self.queue.lock().is_closed = true;
        self.queue.changed.notify_one();
    }
}

impl Requested {
    /// Takes what is to be stored together, as soon as there is anything; `None` when nothing comes any more.
    pub(crate) fn group(&self) -> Option<Vec<Request>> {
        let mut state = self.0.lock();
        loop {
            let group = state.group();
            if !group.is_empty() {
                return Some(group);
            }
            if state.is_closed {
                return None;
            }
            state = self.0.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Drop for Requested {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.is_gone = true;
        // Whoever waits for an answer is told by its end.
        state.lines.clear();
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn add(&mut self, request: Request) {
        let line = self.lines.entry(request.whose.clone()).or_default();
        if line.requests.is_empty() {
            self.turns.push_back(request.whose.clone());
        }
        line.requests.push_back(request);
    }

    /// A turn of each, as far as the bounds of a group allow.
    fn group(&mut self) -> Vec<Request> {
        let (mut group, mut bytes) = (Vec::new(), 0);
        let mut round = self.turns.len();
        while group.len() < GROUP_CHANGES_MAX && bytes < GROUP_BYTES_MAX {
            if round == 0 {
                // Where all have to make up for something, they do so at once.
                if !group.is_empty() || self.turns.is_empty() {
                    break;
                }
                round = self.turns.len();
            }
            round -= 1;
            let Some(whose) = self.turns.pop_front() else { break };
            let Some(line) = self.lines.get_mut(&whose) else { continue };
            line.left = line.left.min(0) + TURN_BYTES;
            while line.left > 0
                && group.len() < GROUP_CHANGES_MAX
                && bytes < GROUP_BYTES_MAX
                && let Some(request) = line.requests.pop_front()
            {
                let own = request.change.bytes();
                bytes += own;
                line.left -= i64::try_from(own).unwrap_or(i64::MAX / 2) + CHANGE_BYTES;
                group.push(request);
            }
            match line.requests.is_empty() {
                true => drop(self.lines.remove(&whose)),
                false => self.turns.push_back(whose),
            }
        }
        group
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;
    use crate::sqlite::writer::Change;
    use crate::{CommitError, Durability};

    /// Has a change of so many bytes wait; the answer comes to the one who is given.
    fn send(requests: &Requests, whose: &str, bytes: usize) -> oneshot::Receiver<Result<(), CommitError>> {
        let (answer, answered) = oneshot::channel();
        let place = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
        let (whose, durability) = (TenantId::new(whose).ok(), Durability::Visible);
        let change = Change::Other { bytes, work: Box::new(|_| Ok(())) };
        requests.send(Request { whose, change, durability, answer, place });
        answered
    }

    /// How many changes of whom the next group has, in its order.
    fn group(requested: &Requested) -> String {
        let mut runs: Vec<(String, usize)> = Vec::new();
        for request in requested.group().unwrap() {
            let whose = request.whose.map_or_else(|| "host".to_owned(), |tenant| tenant.to_string());
            match runs.last_mut() {
                Some((last, times)) if *last == whose => *times += 1,
                _ => runs.push((whose, 1)),
            }
        }
        runs.iter().map(|(whose, times)| format!("{whose} {times}")).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn a_change_comes_with_the_next_group_however_many_another_tenant_has() {
        let (requests, requested) = queue();
        (0..1_000).for_each(|_| drop(send(&requests, "flood", 100)));
        assert_eq!(group(&requested), "flood 32");
        (0..2).for_each(|_| drop(send(&requests, "a", 100)));
        drop(send(&requests, "", 100));
        assert_eq!(group(&requested), "flood 32, a 2, host 1");
        // With many that have much, each has its turn in as many groups as it takes.
        for name in ('a'..='t').map(String::from) {
            (0..40).for_each(|_| drop(send(&requests, &name, 100)));
        }
        let groups: Vec<String> = (0..4).map(|_| group(&requested)).collect();
        assert_eq!(
            groups,
            [
                "flood 32, a 32, b 32, c 32, d 32, e 32, f 32, g 32",
                "h 32, i 32, j 32, k 32, l 32, m 32, n 32, o 32",
                "p 32, q 32, r 32, s 32, t 32, flood 32, a 8, b 8, c 8, d 8, e 8, f 8, g 8, h 8",
                "i 8, j 8, k 8, l 8, m 8, n 8, o 8, p 8, q 8, r 8, s 8, t 8, flood 32",
            ]
        );
    }

    #[test]
    fn large_changes_are_made_up_for() {
        let (requests, requested) = queue();
        (0..3).for_each(|_| drop(send(&requests, "large", 3 << 20)));
        assert_eq!(group(&requested), "large 1");
        (0..70).for_each(|_| drop(send(&requests, "small", 100)));
        let groups: Vec<String> = (0..3).map(|_| group(&requested)).collect();
        assert_eq!(groups, ["small 32", "small 32", "large 1, small 6"]);
        assert_eq!(group(&requested), "large 1");
    }

    #[test]
    fn who_waits_is_told_when_nothing_is_taken_any_more() {
        let (requests, requested) = queue();
        let mut waits = send(&requests, "a", 1);
        drop(requested);
        assert!(waits.try_recv().is_err_and(|error| error == oneshot::error::TryRecvError::Closed));
        let mut comes_later = send(&requests, "a", 1);
        assert!(comes_later.try_recv().is_err_and(|error| error == oneshot::error::TryRecvError::Closed));
    }

    #[test]
    fn what_waits_is_taken_before_the_end() {
        let (requests, requested) = queue();
        drop(send(&requests, "a", 1));
        drop(requests);
        assert_eq!(group(&requested), "a 1");
        assert!(requested.group().is_none());
    }

    #[tokio::test]
    async fn each_tenant_has_places_of_its_own_which_are_forgotten() {
        let (requests, _requested) = queue();
        let flood = Some(TenantId::new("flood").unwrap());
        let mut held = Vec::new();
        for _ in 0..WAITING_MAX {
            held.push(requests.place(&flood).await.unwrap());
        }
        assert_eq!(requests.places_of(&flood).available_permits(), 0);
        for number in 0..TENANTS_KEPT * 2 {
            drop(requests.place(&TenantId::new(format!("t{number}")).ok()).await.unwrap());
        }
        assert!(requests.places.lock().unwrap().len() <= TENANTS_KEPT);
        assert_eq!(requests.places_of(&flood).available_permits(), 0);
    }
}

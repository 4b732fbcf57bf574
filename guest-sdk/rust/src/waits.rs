//! What this instance waits for, by the numbers that the host hands back.
//!
//! Knows nothing of types or schemas: a wait goes in as the contract has it, a resolution comes out.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::task::{Poll, Waker};

use serde::{Deserialize, Serialize};

use crate::bindings::reentry::step::types::{Resolution, Resolved, RunTarget, Wait, WaitFor};
use crate::error::{Error, Result};

/// A wait from the first poll of its future to the last, or until that future is dropped.
struct Open {
    what: WaitFor,
    /// Of the last poll. A future that runs others by their wakers polls only those that were woken.
    waker: Waker,
    /// Delivered by the host, not yet taken by the future.
    resolution: Option<Resolution>,
}

#[derive(Default)]
struct Waits {
    /// The number given last. Numbers are never used twice in an instance, as the host tells an old wait
    /// that goes on from a new one by them.
    last: u32,
    open: BTreeMap<u32, Open>,
    /// The wait that was answered last in this call.
    answered: Option<u32>,
    /// While the instance takes up the step of another version: what that waited for and this has not begun yet.
    expected: Vec<Known>,
}

/// A wait as another version of the component recognises it: by its kind and its names, and not by what it shows or how long it lasts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Known {
    id: u32,
    kind: String,
    /// Labels of an answer, name and key of an event, id of what is run.
    names: Vec<String>,
}

impl Known {
    fn of(id: u32, what: &WaitFor) -> Self {
        let (kind, names) = match what {
            WaitFor::Answer(wait) => ("answer", wait.labels.clone()),
            WaitFor::Time(_) => ("time", Vec::new()),
            WaitFor::Event(wait) => {
                ("event", [wait.name.clone()].into_iter().chain(wait.key.clone()).collect())
            }
            WaitFor::Run(wait) => match &wait.target {
                RunTarget::Step(id) => ("step", vec![id.clone()]),
                RunTarget::Workflow(id) => ("workflow", vec![id.clone()]),
            },
            WaitFor::Checkpoint => ("checkpoint", Vec::new()),
        };
        Self { id, kind: kind.to_owned(), names }
    }

    fn is_like(&self, other: &Self) -> bool {
        self.kind == other.kind && self.names == other.names
    }
}

impl std::fmt::Display for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.kind)?;
        self.names.iter().try_for_each(|name| write!(f, " {name}"))
    }
}

thread_local! {
    static WAITS: RefCell<Waits> = RefCell::default();
}

/// Adds a wait and returns its number: a new one, or that of the wait of another version which it carries on.
pub(crate) fn open(what: WaitFor, waker: &Waker) -> u32 {
    WAITS.with_borrow_mut(|waits| {
        let this = Known::of(0, &what);
        let id = match waits.expected.iter().position(|known| known.is_like(&this)) {
            Some(at) => waits.expected.remove(at).id,
            None => {
                waits.last += 1;
                waits.last
            }
        };
        waits.open.insert(id, Open { what, waker: waker.clone(), resolution: None });
        id
    })
}

/// Takes the resolution of a wait, which is then gone, or notes whom to wake.
pub(crate) fn poll(id: u32, waker: &Waker) -> Poll<Resolution> {
    WAITS.with_borrow_mut(|waits| {
        let Some(open) = waits.open.get_mut(&id) else { return Poll::Pending };
        if let Some(resolution) = open.resolution.take() {
            waits.open.remove(&id);
            return Poll::Ready(resolution);
        }
        open.waker.clone_from(waker);
        Poll::Pending
    })
}

/// Notes that a step got the answer that it waited for.
pub(crate) fn note_answered(id: u32) {
    WAITS.with_borrow_mut(|waits| waits.answered = Some(id));
}

/// The wait whose answer the step got last, if it came in this call.
pub(crate) fn last_answered() -> Option<u32> {
    WAITS.with_borrow(|waits| waits.answered)
}

/// Begins a call, in which nothing is answered yet.
pub(crate) fn begin_call() {
    WAITS.with_borrow_mut(|waits| waits.answered = None);
}

/// Says whether a step that ends leaves nothing behind that it began to wait for.
///
/// # Errors
/// `unawaited-wait` with what it left: a future that was polled and then neither awaited nor dropped.
pub(crate) fn none_left() -> Result<()> {
    let (left, _) = known();
    if left.is_empty() {
        return Ok(());
    }
    let left = left.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let message =
        format!("the step ended while futures that it keeps wait for {left}: await them, or drop them");
    Err(Error::new(message).code("unawaited-wait"))
}

/// Forgets a wait. The next suspension leaves it out, which closes it on the host's side.
pub(crate) fn close(id: u32) {
    // A future that is dropped while its thread ends may find the table gone: then nothing is left to close.
    let closed = WAITS.try_with(|waits| waits.borrow_mut().open.remove(&id));
    drop(closed);
}

/// Hands in what has been waited for and wakes those who wait.
///
/// # Errors
/// If a number is not that of an open wait: then this memory and that answer do not belong together.
pub(crate) fn deliver(resolved: Vec<Resolved>) -> Result<()> {
    let wakers = WAITS.with_borrow_mut(|waits| {
        resolved
            .into_iter()
            .map(|Resolved { wait, resolution }| {
                let open = waits.open.get_mut(&wait).ok_or(wait)?;
                open.resolution = Some(resolution);
                Ok(open.waker.clone())
            })
            .collect::<Result<Vec<Waker>, u32>>()
    });
    let wakers = wakers.map_err(|wait| {
        Error::new(format!("wait {wait} is over, but this instance is not waiting for it"))
            .code("unknown-wait")
    })?;
    wakers.iter().for_each(Waker::wake_by_ref);
    Ok(())
}

/// What this instance waits for, and the number given last.
pub(crate) fn known() -> (Vec<Known>, u32) {
    WAITS.with_borrow(|waits| {
        let known = waits.open.iter().map(|(&id, open)| Known::of(id, &open.what));
        (known.collect(), waits.last)
    })
}

/// Whether something has been delivered that no future has taken.
pub(crate) fn is_any_untaken() -> bool {
    WAITS.with_borrow(|waits| waits.open.values().any(|open| open.resolution.is_some()))
}

/// Has this fresh instance carry on the waits of another version as soon as they are begun here.
pub(crate) fn expect(known: &[Known], last: u32) {
    WAITS.with_borrow_mut(|waits| {
        waits.expected = known.to_vec();
        waits.last = last;
    });
}

/// Says whether this instance waits for what was expected and nothing else.
///
/// # Errors
/// With both lists if it does not.
pub(crate) fn met(expected: &[Known]) -> Result<()> {
    WAITS.with_borrow_mut(|waits| waits.expected.clear());
    let (found, _) = known();
    let numbers = |known: &[Known]| known.iter().map(|known| known.id).collect::<BTreeSet<u32>>();
    if numbers(&found) == numbers(expected) {
        return Ok(());
    }
    let list = |known: &[Known]| known.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let message = format!("the step waited for {}, and waits for {} here", list(expected), list(&found));
    Err(Error::new(message).code("other-waits"))
}

/// All waits that are not over, in the order in which they were begun.
pub(crate) fn list() -> Vec<Wait> {
    WAITS.with_borrow(|waits| {
        let unresolved = waits.open.iter().filter(|(_, open)| open.resolution.is_none());
        unresolved.map(|(&id, open)| Wait { id, what: open.what.clone() }).collect()
    })
}

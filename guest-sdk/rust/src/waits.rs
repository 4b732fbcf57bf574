//! What this instance waits for, by the numbers that the host hands back.
//!
//! Knows nothing of types or schemas: a wait goes in as the contract has it, a resolution comes out.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::task::{Poll, Waker};

use crate::bindings::reentry::step::types::{Resolution, Resolved, Wait, WaitFor};
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
}

thread_local! {
    static WAITS: RefCell<Waits> = RefCell::default();
}

/// Adds a wait and returns its number.
pub(crate) fn open(what: WaitFor, waker: &Waker) -> u32 {
    WAITS.with_borrow_mut(|waits| {
        waits.last += 1;
        waits.open.insert(waits.last, Open { what, waker: waker.clone(), resolution: None });
        waits.last
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

/// All waits that are not over, in the order in which they were begun.
pub(crate) fn list() -> Vec<Wait> {
    WAITS.with_borrow(|waits| {
        let unresolved = waits.open.iter().filter(|(_, open)| open.resolution.is_none());
        unresolved.map(|(&id, open)| Wait { id, what: open.what.clone() }).collect()
    })
}

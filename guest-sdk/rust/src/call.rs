//! The facts of the call that is running. They are handed in anew at each `start` and `resume`.

use std::cell::RefCell;

use crate::bindings::reentry::step::types::Facts;
use crate::waits;

thread_local! {
    static FACTS: RefCell<Option<Facts>> = const { RefCell::new(None) };
}

/// Begins a call.
pub(crate) fn begin(facts: Facts) {
    FACTS.set(Some(facts));
    waits::begin_call();
}

/// Whether a call is running, or one did in this instance.
pub(crate) fn is_running() -> bool {
    FACTS.try_with(|facts| facts.try_borrow().is_ok_and(|facts| facts.is_some())).unwrap_or(false)
}

/// Reads something out of the facts.
///
/// # Panics
/// Outside a call: a [`Context`](crate::Context) exists only within one.
pub(crate) fn facts<T>(read: impl FnOnce(&Facts) -> T) -> T {
    #[allow(clippy::expect_used, reason = "a broken invariant of this crate, not of its caller")]
    FACTS.with_borrow(|facts| read(facts.as_ref().expect("a context is used only during a call")))
}

//! Steps that tests and measurements drive: each does one thing that a host must get right.
//!
//! They are of no use otherwise; the other samples show what a step looks like.

mod misbehave;
mod probe;
mod reenter;
mod services;
mod waits;

use reentry_step::{Retry, Step};
use std::time::Duration;

reentry_step::export! {
    Step::new("probe", probe::probe)
        .description("Fills memory, works, suspends, and says by checksums whether all came back."),
    Step::new("fail", misbehave::fail)
        .description("Fails for good, or so many times that a retry may mend it.")
        .retry(Retry::times(3).delay(Duration::from_millis(1))),
    Step::new("panic", misbehave::panic).description("Panics: a trap, with a line in the log."),
    Step::new("spin", misbehave::spin).description("Never returns."),
    Step::new("hog", misbehave::hog).description("Takes memory until it has so many bytes, and touches it."),
    Step::new("bail", misbehave::bail).description("Ends the workflow with its input as the result."),
    Step::new("echo", services::echo)
        .description("Returns all that a step can learn from the host, and emits and logs its input."),
    Step::new("state", services::state).description("Sets one key of the state and of the request context; returns both."),
    Step::new("ask", waits::ask).description("Suspends with its input and returns the answer."),
    Step::new("checkpoint", waits::checkpoint).description("Counts, with a checkpoint after each turn."),
    Step::new("sleep", waits::sleep).description("Sleeps so many milliseconds and returns both clock readings."),
    Step::new("deadline", waits::deadline).description("Waits for an answer for so many milliseconds."),
    Step::new("two-waits", waits::two_waits).description("Waits for two answers at once, in any order."),
    Step::new("event", waits::event).description("Waits for the event it is told, and returns its payload."),
    Step::new("child", waits::child).description("Runs another step of this component, and returns its output."),
    Step::re_entrant("reenter", reenter::start, reenter::resume)
        .description("Asks for a number until the sum reaches the goal, without keeping memory."),
}

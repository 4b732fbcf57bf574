//! Steps that do what the run's request context tells them to: `{"program": {"PATH or ID": [ACTION, ..]}}`.
//!
//! All are the same function under many ids; only their schemas and retries differ. Actions are in `action.rs`.

mod action;
mod like;
mod perform;

use std::time::Duration;

use like::Any;
use perform::perform;
use reentry_step::{Retry, Step};
use schemars::JsonSchema;

/// An answer with a default.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "only its schema counts")]
struct Verdict {
    ok: bool,
    #[schemars(default = "none")]
    note: String,
}

fn none() -> String {
    "none".into()
}

/// A form.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "only its schema counts")]
struct Reason {
    reason: String,
}

/// An input with a default.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "only its schema counts")]
struct Number {
    #[schemars(default = "seven")]
    v: i64,
}

fn seven() -> i64 {
    7
}

/// A part of the state.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "only its schema counts")]
struct Tally {
    #[schemars(default)]
    total: i64,
}

/// A step without schemas.
fn plain(id: &str) -> Step {
    Step::new(id, perform::<Any, Any, Any>)
}

reentry_step::export! {
    plain("a"),
    plain("b"),
    plain("c"),
    plain("pa"),
    plain("pb"),
    plain("fast"),
    plain("leaf"),
    plain("x"),
    plain("y"),
    plain("item"),
    plain("body"),
    plain("check"),
    Step::new("ask", perform::<Any, Any, Verdict>).description("The answer is `{ok, note}`; `note` has a default."),
    Step::new("form", perform::<Any, Reason, Any>).description("Suspends with `{reason}`."),
    Step::new("number", perform::<Number, Any, Any>).description("The input is `{v}`, 7 by default."),
    Step::new("tally", perform::<Any, Any, Any>).state::<Tally>().description("Keeps `{total}` in the state."),
    Step::new("again", perform::<Any, Any, Any>)
        .retry(Retry::times(2).delay(Duration::ZERO))
        .description("Is tried three times, without a wait between."),
}

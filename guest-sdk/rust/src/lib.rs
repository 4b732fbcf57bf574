#![doc = include_str!("../README.md")]
//!
//! # Map of this crate
//!
//! [`export!`] and [`Step`] say what the component offers, [`Context`] is what a running step talks to,
//! [`Suspend`], [`Event`], [`Child`] and [`Timer`] are the things it can wait for, [`Error`] is how it fails.
//! `testing` runs a step in a unit test.
//!
//! The crate knows neither an executor nor an operating system: a waiting step is a future in this
//! instance's own memory, polled once for each call of the host.

// The contract in `wit/step.wit` as Rust types and calls, as wit-bindgen generates them: `tests/bindings.rs` says how.
#[doc(hidden)]
#[rustfmt::skip]
#[allow(missing_docs, unreachable_pub, unsafe_code)]
#[allow(clippy::all, clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation)]
pub mod bindings;
mod call;
mod component;
mod context;
mod error;
mod finite;
mod host;
mod json;
mod output;
mod progress;
mod reader;
mod reentrant;
mod retry;
mod schema;
mod step;
mod task;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
mod timestamp;
mod waiting;
mod waits;

pub use bindings::reentry::step::host::Level;
pub use bindings::reentry::step::types::{Facts, TraceContext};
pub use component::Component;
pub use context::Context;
pub use error::{Error, Result};
pub use progress::Progress;
pub use reentrant::{Next, Resumed};
pub use retry::Retry;
pub use schema::{Described, Never};
pub use step::Step;
pub use timestamp::Timestamp;
pub use waiting::{Child, Event, Suspend, SuspendOptions, Timer};

// Steps derive `serde` and `schemars` traits; these are the versions that the derives must meet.
pub use {schemars, serde, serde_json};

#[doc(hidden)]
pub mod __private {
    pub use crate::bindings;
    pub use crate::bindings::__export_guest;
    pub use crate::output::{err, out};
}

/// Makes the crate a step component that offers the steps listed. Once in a crate, of type `cdylib`.
///
/// Each entry is an expression of type [`Step`]. The list is built anew for each `start`, so it should
/// do no work of its own.
///
/// ```no_run
/// use reentry_step::{Context, Result, Step};
///
/// async fn greet(_ctx: Context, name: String) -> Result<String> {
///     Ok(format!("Hello, {name}!"))
/// }
///
/// reentry_step::export! {
///     Step::new("greet", greet).title("Greet somebody"),
/// }
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! export {
    ($($step:expr),+ $(,)?) => {
        const _: () = {
            struct ExportedSteps;
            impl $crate::Component for ExportedSteps {
                fn steps() -> ::std::vec::Vec<$crate::Step> {
                    ::std::vec![$($step),+]
                }
            }
            $crate::__private::__export_guest!(ExportedSteps with_types_in $crate::__private::bindings);
        };
    };
}

// Last, so that nothing in this crate means these by the names that the standard library has.

/// Prints a line to the run's log, at level info, in place of the standard library's macro of this name: that one writes to the standard
/// output, and a step has none. `use reentry_step::println;`, or `#[macro_use] extern crate reentry_step;` for a whole crate.
#[macro_export]
macro_rules! println {
    () => { $crate::__private::out(::core::format_args!("\n")) };
    ($($arg:tt)*) => { $crate::__private::out(::core::format_args!("{}\n", ::core::format_args!($($arg)*))) };
}

/// Prints a part of a line to the run's log, at level info; the line is logged at its end, or at that of the call.
#[macro_export]
macro_rules! print {
    ($($arg:tt)*) => { $crate::__private::out(::core::format_args!($($arg)*)) };
}

/// Prints a line to the run's log, at level warn, in place of the standard library's macro of this name.
#[macro_export]
macro_rules! eprintln {
    () => { $crate::__private::err(::core::format_args!("\n")) };
    ($($arg:tt)*) => { $crate::__private::err(::core::format_args!("{}\n", ::core::format_args!($($arg)*))) };
}

/// Prints a part of a line to the run's log, at level warn; the line is logged at its end, or at that of the call.
#[macro_export]
macro_rules! eprint {
    ($($arg:tt)*) => { $crate::__private::err(::core::format_args!($($arg)*)) };
}

/// Prints an expression and its value to the run's log, at level warn, and returns the value; in place of the standard library's macro of
/// this name.
#[macro_export]
macro_rules! dbg {
    ($value:expr $(,)?) => {
        match $value {
            value => {
                $crate::eprintln!(
                    "[{}:{}] {} = {:#?}",
                    ::core::file!(),
                    ::core::line!(),
                    ::core::stringify!($value),
                    &value
                );
                value
            }
        }
    };
}

//! Why a call failed: wasmtime's errors, sorted.

use wasmtime::component::ResourceTableError;
use wasmtime::{PoolConcurrencyLimitError, Trap, WasmBacktrace};

use crate::convert::Fault;
use crate::error::CallError;
use crate::guest::{Guest, HANDLES_MAX};
use crate::limits::{LimitReached, Limits};

/// Innermost functions of a trap that are named.
const FRAMES_MAX: usize = 5;

/// Sorts an error that came out of a call, an instantiation or an accessor.
pub(crate) fn call_error(error: wasmtime::Error, guest: &mut Guest, limits: &Limits) -> CallError {
    let error = match error.downcast::<Fault>() {
        Ok(fault) => return fault.into_call_error(limits),
        Err(error) => error,
    };
    // A guest mostly answers a refused growth with a trap; the growth is the reason then.
    if let Some(limit) = guest.meter.refused.take() {
        return CallError::Limit(limit);
    }
    if let Some(ResourceTableError::Full) = error.downcast_ref() {
        let (asked, at_most) = (HANDLES_MAX as u64 + 1, HANDLES_MAX as u64);
        return CallError::Limit(LimitReached { what: "handles of the host".into(), asked, at_most });
    }
    if let Some(busy) = error.downcast_ref::<PoolConcurrencyLimitError>() {
        return CallError::Busy(busy.to_string());
    }
    if let Some(trap) = error.downcast_ref::<Trap>() {
        let (code, what) = named(*trap);
        let code = code.into();
        return match guest.take_last_words() {
            // The guest's own words are for the author; the functions of the trap are then those that print and abort.
            Some(message) => CallError::Trap { message, code, frames: Vec::new() },
            None => {
                let message = what.map_or_else(|| trap.to_string(), str::to_owned);
                CallError::Trap { message, code, frames: frames(&error) }
            }
        };
    }
    if let Some(exit) = error.downcast_ref::<wasmtime_wasi::I32Exit>() {
        let ended = || format!("the guest ended itself with exit code {}", exit.0);
        let message = guest.take_last_words().unwrap_or_else(ended);
        return CallError::Trap { message, code: "exit".into(), frames: Vec::new() };
    }
    if of_system(&error).is_some() {
        return CallError::Internal(format!("{error:#}"));
    }
    CallError::Contract(error.root_cause().to_string())
}

/// What the operating system said, when it is why something failed.
pub(crate) fn of_system(error: &wasmtime::Error) -> Option<&std::io::Error> {
    error.chain().find_map(|cause| cause.downcast_ref())
}

fn frames(error: &wasmtime::Error) -> Vec<String> {
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else { return Vec::new() };
    let named = backtrace.frames().iter().filter_map(|frame| frame.func_name());
    named.take(FRAMES_MAX).map(str::to_owned).collect()
}

/// A short stable word for each kind of trap, and what it means to the author of a step, where wasmtime's words do
/// not say.
fn named(trap: Trap) -> (&'static str, Option<&'static str>) {
    match trap {
        Trap::StackOverflow => {
            ("stack-overflow", Some("the call stack overflowed; the usual cause is recursion without an end"))
        }
        Trap::MemoryOutOfBounds | Trap::HeapMisaligned => (
            "out-of-bounds-memory",
            Some(
                "the guest reached outside its memory; the usual causes are a stack that overflowed (recursion without an end, \
                 large local variables) and a pointer that points nowhere",
            ),
        ),
        Trap::TableOutOfBounds => ("out-of-bounds-table", None),
        Trap::IndirectCallToNull => {
            ("call-to-null", Some("the guest called a function pointer that is null"))
        }
        Trap::BadSignature => {
            ("call-to-another-type", Some("the guest called a function through a pointer of another type"))
        }
        Trap::IntegerOverflow => ("integer-overflow", Some("an integer operation overflowed")),
        Trap::IntegerDivisionByZero => ("division-by-zero", Some("an integer was divided by zero")),
        Trap::BadConversionToInteger => {
            ("bad-conversion", Some("a number that no integer can hold was converted to an integer"))
        }
        Trap::UnreachableCodeReached => (
            "unreachable",
            Some(
                "the guest stopped itself without saying why (wasm `unreachable`): a panic, an abort, a failed assertion",
            ),
        ),
        Trap::CannotEnterComponent => ("cannot-enter", None),
        _ => ("other", None),
    }
}

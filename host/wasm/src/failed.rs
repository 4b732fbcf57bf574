//! Why a call failed: wasmtime's errors, sorted.

use wasmtime::{PoolConcurrencyLimitError, Trap, WasmBacktrace};

use crate::convert::Fault;
use crate::error::CallError;
use crate::guest::Guest;
use crate::limits::Limits;

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
    if let Some(busy) = error.downcast_ref::<PoolConcurrencyLimitError>() {
        return CallError::Busy(busy.to_string());
    }
    if let Some(trap) = error.downcast_ref::<Trap>() {
        return CallError::Trap { message: trap.to_string(), code: code(*trap), frames: frames(&error) };
    }
    if let Some(exit) = error.downcast_ref::<wasmtime_wasi::I32Exit>() {
        let message = format!("it ended itself with exit code {}", exit.0);
        return CallError::Trap { message, code: "exit", frames: Vec::new() };
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

/// A short stable word for each kind of trap.
fn code(trap: Trap) -> &'static str {
    match trap {
        Trap::StackOverflow => "stack-overflow",
        Trap::MemoryOutOfBounds | Trap::HeapMisaligned => "out-of-bounds-memory",
        Trap::TableOutOfBounds => "out-of-bounds-table",
        Trap::IndirectCallToNull => "call-to-null",
        Trap::BadSignature => "call-to-another-type",
        Trap::IntegerOverflow => "integer-overflow",
        Trap::IntegerDivisionByZero => "division-by-zero",
        Trap::BadConversionToInteger => "bad-conversion",
        Trap::UnreachableCodeReached => "unreachable",
        Trap::CannotEnterComponent => "cannot-enter",
        _ => "other",
    }
}

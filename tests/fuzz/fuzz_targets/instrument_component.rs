//! No bytes make instrumentation panic, and what it makes of a valid component is valid.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    reentry_wasm::instrument_for_fuzzing(bytes);
});

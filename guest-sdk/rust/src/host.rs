//! The host's services: those of the component's host, or of a fake one in tests.

#[cfg(target_arch = "wasm32")]
pub(crate) use crate::bindings::reentry::step::host::{
    cancelled, emit, init_data, log, now, random, request_context, set_request_context, set_state, state,
    step_result,
};

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use crate::testing::fake::{
    cancelled, emit, init_data, log, now, random, request_context, set_request_context, set_state, state,
    step_result,
};

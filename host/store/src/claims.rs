//! Claims: which host brings on what nobody holds.

/// How long a claim holds that is neither used nor let go of, in milliseconds. Whoever claimed it may live on and
/// have forgotten it.
pub const CLAIM_MS: u64 = 30_000;

//! Guests at the other end of a wire: every value crosses as text, memories as bytes, and nothing else does.
//!
//! [`Near`] is what a host has; [`far::Far`] has the guests of this process and hands each request on to them. No key
//! of a run's memory leaves the near end, which opens and makes the seals.

mod answers;
mod far;
mod message;
mod near;

pub(crate) use near::Near;

//! What a component may consist of, checked before anything expensive looks at it.
//!
//! A few hundred bytes can ask a validator or compiler for gigabytes: instances of instances multiply, and so do the
//! locals of a function and its branches. So the bytes are read once, from front to back, by a pass that keeps little
//! and follows nothing, and what goes beyond a [`Bound`] is refused where it stands. Whether the component is valid is
//! not asked here, only whether it can be read to its end.
//!
//! What is not needed to run a component is dropped before it is compiled: see [`strip`].

mod body;
mod bound;
mod strip;
mod tally;
mod types;
mod walk;

pub use bound::{Bound, BoundRow, Exceeded};
pub(crate) use strip::strip;
use tally::Tally;
use walk::Stop;

use crate::error::LoadError;

/// What a component uses of each bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    used: Vec<(Bound, u64)>,
    /// What the pass looked at: sections, items in them, instructions. Never more than the component has bytes.
    pub looked_at: u64,
}

impl Admission {
    /// Each bound with how much of it the component uses.
    pub fn used(&self) -> impl Iterator<Item = (Bound, u64)> + '_ {
        self.used.iter().copied()
    }

    /// How much of one bound the component uses.
    pub fn of(&self, bound: Bound) -> u64 {
        self.used.iter().find(|(of, _)| *of == bound).map_or(0, |(_, used)| *used)
    }
}

/// Holds a component to the bounds. Takes time in proportion to its bytes, and little memory.
///
/// # Errors
/// [`LoadError::Exceeded`] for the first bound that is passed, and [`LoadError::Invalid`] where the bytes cannot be
/// read.
pub fn admit(bytes: &[u8]) -> Result<Admission, LoadError> {
    let mut tally = Tally::default();
    match walk::walk(bytes, &mut tally) {
        Ok(()) => Ok(tally.into_admission()),
        Err(Stop::Exceeded(exceeded)) => Err(LoadError::Exceeded(exceeded)),
        Err(Stop::Unreadable(why)) => Err(LoadError::Invalid(why)),
    }
}

//! Other systems: there are no walls.

use crate::{Standing, Wall, Walls};

pub(crate) fn put_up(_: &Walls) -> Standing {
    look()
}

pub(crate) fn look() -> Standing {
    let missed = Wall::ALL.map(|wall| (wall, "only Linux has it".to_owned()));
    Standing { had: Vec::new(), missed: missed.into() }
}

pub(crate) fn hide_memory() {}

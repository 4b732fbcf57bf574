//! What a component may consist of: bombs are refused by the pass over their bytes, in a process that could not afford
//! more; what real compilers make passes with room.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation, missing_docs)]

mod bombs;
mod bounds;
mod confined;
mod real;
mod shapes;

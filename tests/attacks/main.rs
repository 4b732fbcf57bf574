//! What hostile components, guests and writers of the storage try against a host that serves others, too.
//!
//! `docs/attacks.md` lists all attacks. A case is named after its row there; `ATTACK=a_013` plays those alone whose
//! name begins so, `ATTACKS_LONG=1` plays the long form of those that have one.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod catalogue;
mod components;
mod guest;
mod guests;
mod handed;
mod kept;
mod moments;
mod stage;
mod stored;

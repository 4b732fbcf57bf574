//! Runs on a host, driven through the public interface. The guests are text, so that no guest toolchain is needed.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod answers;
mod background;
mod backup;
mod blocked;
mod called;
mod clock;
mod compiled;
mod control;
mod counting;
mod cycles;
mod deletion;
mod described;
mod doors;
mod folder;
mod forks;
mod guest;
mod ids;
mod inputs;
mod killers;
mod large;
mod logs;
mod mailbox;
mod memory;
mod migrate;
mod observed;
mod old_folder;
mod past;
mod policies;
mod quotas;
mod recent;
mod recover;
mod requests;
mod retries;
mod schemas;
mod secret;
mod stored;
mod stuck;
mod tenants;
mod texts;
mod upkeep;
mod versions;
mod watch;
mod ways_out;
#[path = "../wire/mod.rs"]
mod wire;

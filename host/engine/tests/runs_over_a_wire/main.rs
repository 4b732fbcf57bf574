//! The runs of `runs`, with guests at the other end of a wire: what the engine asks of guests, another process can do
//! as well.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

#[path = "../runs/answers.rs"]
mod answers;
#[path = "../runs/background.rs"]
mod background;
#[path = "../runs/blocked.rs"]
mod blocked;
#[path = "../runs/called.rs"]
mod called;
#[path = "../runs/clock.rs"]
mod clock;
#[path = "../runs/compiled.rs"]
mod compiled;
#[path = "../runs/control.rs"]
mod control;
#[path = "../runs/counting.rs"]
mod counting;
#[path = "../runs/cycles.rs"]
mod cycles;
#[path = "../runs/deletion.rs"]
mod deletion;
#[path = "../runs/forks.rs"]
mod forks;
#[path = "../runs/guest.rs"]
mod guest;
#[path = "../runs/ids.rs"]
mod ids;
#[path = "../runs/inputs.rs"]
mod inputs;
#[path = "../runs/killers.rs"]
mod killers;
#[path = "../runs/logs.rs"]
mod logs;
#[path = "../runs/mailbox.rs"]
mod mailbox;
#[path = "../runs/memory.rs"]
mod memory;
#[path = "../runs/migrate.rs"]
mod migrate;
#[path = "../runs/observed.rs"]
mod observed;
#[path = "../runs/past.rs"]
mod past;
#[path = "../runs/policies.rs"]
mod policies;
#[path = "../runs/quotas.rs"]
mod quotas;
#[path = "../runs/recent.rs"]
mod recent;
#[path = "../runs/recover.rs"]
mod recover;
#[path = "../runs/requests.rs"]
mod requests;
#[path = "../runs/retries.rs"]
mod retries;
#[path = "../runs/schemas.rs"]
mod schemas;
#[path = "../runs/secret.rs"]
mod secret;
#[path = "../runs/stored.rs"]
mod stored;
#[path = "../runs/stuck.rs"]
mod stuck;
#[path = "../runs/tenants.rs"]
mod tenants;
#[path = "../runs/texts.rs"]
mod texts;
#[path = "../runs/upkeep.rs"]
mod upkeep;
#[path = "../runs/versions.rs"]
mod versions;
#[path = "../runs/watch.rs"]
mod watch;
#[path = "../runs/ways_out.rs"]
mod ways_out;
#[path = "../wire/mod.rs"]
mod wire;

/// Modules that are about what stands in folders, what the store writes, and what callers and components bring in.
const LEFT_OUT: [&str; 6] = ["backup", "described", "doors", "folder", "large", "old_folder"];

#[test]
fn all_runs_are_made_over_a_wire_but_those_that_are_about_other_things() {
    let listed =
        |text: &'static str| text.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'));
    let here: Vec<&str> = listed(include_str!("main.rs")).collect();
    for module in listed(include_str!("../runs/main.rs")) {
        assert!(here.contains(&module) != LEFT_OUT.contains(&module), "{module}");
    }
}

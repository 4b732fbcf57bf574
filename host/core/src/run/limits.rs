//! What bounds a run, each with what it stops.

/// Most labels of one suspension. Several suspensions may have the same one: it says whom or what an answer concerns.
pub const LABELS_MAX: usize = 16;

/// Longest label, name or key of an event, name of something to be run, in bytes.
pub const LABEL_BYTES_MAX: usize = 256;

/// Most things that a step may wait for at once. All of them are written each time it waits.
pub const WAITS_MAX: usize = 256;

/// Most bytes of the schemas that the answers of one suspension bring along, each distinct one counted once.
pub(super) const OWN_SCHEMAS_BYTES_MAX: usize = 1 << 20;

/// Most calls of one step. Stops a step that suspends for nothing, over and over, before the count of its calls
/// overflows.
pub const CALLS_MAX: u32 = 1_000_000_000;

/// Most entries that one decision enters. What is left is put off to the next one, so that a loop without a step in
/// it cannot keep a host from everything else.
pub const MOVES_MAX: u32 = 1_000;

/// How often one step is told that what it wants run cannot be. The step fails then: what fails at once would be
/// asked for again without end.
pub(super) const REFUSED_CHILDREN_MAX: u32 = 100;

/// Most bytes of the request context of a run, and of its shared state: keys and values. The context is written with
/// each decision, the state as far as its values are small.
pub const RUN_SETTINGS_BYTES_MAX: usize = 4 << 20;

/// Most open entries of a run that is saved. A run with more can be forked where it stands, not in its past: saving
/// it at each answer would write the whole of it each time.
pub const SAVED_STEPS_MAX: usize = 256;

/// How many refused answers to one suspension watchers are told of. What a guest refuses for ever does not fill the
/// log.
pub const REFUSALS_TOLD_MAX: u32 = 100;

/// How often a process may end while a call is made in it and no other one. Such a call is taken to be what ends them.
pub const TRIALS_MAX: u32 = 3;

/// How often bringing a run on may go wrong before it is blocked.
pub const TROUBLES_MAX: u32 = 3;

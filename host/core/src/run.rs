//! Runs: one execution of a workflow, and where it stands.
//!
//! A [`RunState`] is split so that no write grows with what has already happened: the head is small, each entry has a
//! record of its own, and only the entries that are not done yet are held with the head.
//!
//! Files in here name each other, never this one: what is decided depends on what a run is, and not the other way
//! round.

mod apply;
mod around;
mod asked;
mod block;
mod blocked;
mod call_ended;
mod cancel;
mod change;
pub mod codes;
mod complete;
mod decision;
mod doing;
mod enter;
mod entry;
mod expressions;
mod fail;
mod foreach;
mod fork;
mod head;
mod known;
mod limits;
mod log;
mod loops;
mod migrate;
mod pause;
mod put_back;
mod quotas;
mod records;
mod refused;
mod resolve;
mod resume;
mod savepoint;
mod settings;
mod shown;
mod spend;
mod start;
mod status;
mod structure;
mod suspension;
mod take_over;
mod time_passed;
mod travel;
mod verdict;
mod waiting;
mod waits;
mod weight;

#[cfg(test)]
mod tests;

pub use apply::apply;
pub use decision::{
    ClosedSuspension, Decision, Durability, ReopenedSuspension, SaveReason, SavedRun, SuspensionEnd,
};
pub use doing::{Call, Doing, Held, ResumeCall, Waiting};
pub use entry::{EntryRecord, StepResult};
pub use fork::{Fork, fork};
pub use head::{ForkOf, RunState};
pub use known::{Known, Missing, NoDecision};
pub use limits::{
    CALLS_MAX, LABEL_BYTES_MAX, LABELS_MAX, MOVES_MAX, REFUSALS_TOLD_MAX, RUN_SETTINGS_BYTES_MAX,
    SAVED_STEPS_MAX, TRIALS_MAX, TROUBLES_MAX, WAITS_MAX,
};
pub use log::{LogEntry, LogKind};
pub use put_back::refuses_answer;
pub use quotas::{RunQuotas, Spent};
pub use refused::{Refused, RequestPart};
pub use status::{Phase, RunStatus, StepStatus};
pub use suspension::{Claim, Replacement, Suspension};
pub use verdict::Blocked;
pub use weight::weight;

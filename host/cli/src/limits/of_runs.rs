//! Limits of one run, from its start to its end.

use std::time::Duration;

use reentry::core::failure;

use super::{Limit, Unit};

const BLOCKED: &str =
    "the run is blocked, with what follows kept back: `runs continue` goes on after the limit was raised";

pub(super) const CALLS: Limit = Limit {
    name: "run-calls",
    unit: Unit::Count,
    bounds: "calls into guests of one run, further tries included",
    then: BLOCKED,
    code: Some(failure::RUN_CALLS.word),
    least: 1,
    most: 1_000_000_000,
    get: |limits| limits.run.calls,
    set: |limits, value| limits.run.calls = value,
};

pub(super) const TURNS: Limit = Limit {
    name: "run-turns",
    unit: Unit::Count,
    bounds: "entries that one run enters: steps, blocks, items, turns of loops",
    then: BLOCKED,
    code: Some(failure::RUN_TURNS.word),
    least: 1,
    most: 10_000_000_000,
    get: |limits| limits.run.turns,
    set: |limits, value| limits.run.turns = value,
};

pub(super) const CHILDREN: Limit = Limit {
    name: "run-children",
    unit: Unit::Count,
    bounds: "steps and workflows that the steps of one run have run, at all depths together",
    then: BLOCKED,
    code: Some(failure::RUN_CHILDREN.word),
    least: 1,
    most: 1_000_000_000,
    get: |limits| limits.run.children,
    set: |limits, value| limits.run.children = value,
};

pub(super) const LOG: Limit = Limit {
    name: "run-log",
    unit: Unit::Bytes,
    bounds: "the log of what happened in one run, which is kept as long as the run",
    then: BLOCKED,
    code: Some(failure::RUN_LOG.word),
    least: 1 << 10,
    most: 1 << 40,
    get: |limits| limits.run.log_bytes,
    set: |limits, value| limits.run.log_bytes = value,
};

pub(super) const CPU: Limit = Limit {
    name: "run-cpu",
    unit: Unit::Milliseconds,
    bounds: "time within guests of one run, all its calls together",
    then: BLOCKED,
    code: Some(failure::RUN_CPU.word),
    least: 1,
    most: 10 * 365 * 24 * 3_600_000,
    get: |limits| u64::try_from(limits.run.call_time.as_millis()).unwrap_or(u64::MAX),
    set: |limits, value| limits.run.call_time = Duration::from_millis(value),
};

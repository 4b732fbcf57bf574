//! What a run may use in all, and what it has used: numbers in its head.
//!
//! They stop runs that would never end. Where one is reached, the run is blocked before what would exceed it: the calls
//! and entries that follow are kept back, and made when the run is continued after the quota was raised.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::verdict::Blocked;
use crate::failure::{self, FailureCode};
use crate::json::is_zero;

/// What a run may use from its start to its end. Restarts and travels do not set it back; a fork begins anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunQuotas {
    /// Calls into guests, further tries included. Defaults to 1,000,000: one each ten seconds for four months.
    pub calls: u64,
    /// Entries entered: steps, blocks, items and turns of loops. Defaults to 5,000,000: 50 for each item of the
    /// largest `foreach`.
    pub turns: u64,
    /// Steps and workflows that steps have run, at any depth. Defaults to 100,000.
    pub children: u64,
    /// Bytes of the log of what happened in it, which is kept as long as the run. Defaults to 1 GiB.
    pub log_bytes: u64,
    /// Time within guests, all calls together. Defaults to 7 days.
    pub call_time: Duration,
}

crate::setters!(RunQuotas { calls: u64, turns: u64, children: u64, log_bytes: u64, call_time: Duration });

impl Default for RunQuotas {
    fn default() -> Self {
        Self {
            calls: 1_000_000,
            turns: 5_000_000,
            children: 100_000,
            log_bytes: 1 << 30,
            call_time: Duration::from_hours(7 * 24),
        }
    }
}

/// What a run has used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Spent {
    /// Calls into guests.
    #[serde(skip_serializing_if = "is_zero")]
    pub calls: u64,
    /// Entries entered.
    #[serde(skip_serializing_if = "is_zero")]
    pub turns: u64,
    /// Steps and workflows that steps have run.
    #[serde(skip_serializing_if = "is_zero")]
    pub children: u64,
    /// Bytes of its log.
    #[serde(skip_serializing_if = "is_zero")]
    pub log_bytes: u64,
    /// Time within guests, in microseconds.
    #[serde(skip_serializing_if = "is_zero")]
    pub call_micros: u64,
}

/// Something that a run may use so much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quota {
    Calls,
    Turns,
    Children,
    Log,
    CallTime,
}

impl Quota {
    const ALL: [Self; 5] = [Self::Calls, Self::Turns, Self::Children, Self::Log, Self::CallTime];

    /// The quota that a run is blocked for, if it is one.
    pub(super) fn of(why: &Blocked) -> Option<Self> {
        Self::ALL.into_iter().find(|quota| why.is(quota.code()))
    }

    fn code(self) -> &'static FailureCode {
        match self {
            Self::Calls => &failure::RUN_CALLS,
            Self::Turns => &failure::RUN_TURNS,
            Self::Children => &failure::RUN_CHILDREN,
            Self::Log => &failure::RUN_LOG,
            Self::CallTime => &failure::RUN_CPU,
        }
    }

    /// The verdict on a run that has used all of it.
    pub(super) fn reached(self, spent: &Spent, quotas: &RunQuotas) -> Option<Blocked> {
        let call_ms = u64::try_from(quotas.call_time.as_millis()).unwrap_or(u64::MAX);
        let (used, allowed, what) = match self {
            Self::Calls => (spent.calls, quotas.calls, "calls into guests"),
            Self::Turns => (spent.turns, quotas.turns, "entries entered"),
            Self::Children => (spent.children, quotas.children, "steps and workflows run by steps"),
            Self::Log => (spent.log_bytes, quotas.log_bytes, "bytes of log"),
            Self::CallTime => (spent.call_micros / 1_000, call_ms, "milliseconds within guests"),
        };
        let code = self.code();
        let reason =
            || format!("it has used {used} of {allowed} {what}; the operator of the host can allow more");
        (used >= allowed).then(|| Blocked::new(code, reason()))
    }
}

//! What a decision may ask to know beside the run itself.
//!
//! A run carries only what is not done. Where a decision needs the output of something that is done, it stops and
//! says so; its caller fetches that and asks again. What was asked for never changes, so asking again gives the same
//! decision.

use std::collections::{BTreeMap, BTreeSet};

use super::entry::EntryRecord;
use super::quotas::RunQuotas;
use super::refused::Refused;
use crate::id::SuspensionId;
use crate::path::StepPath;

/// What was fetched so far.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Records by path; `None` where there is none.
    pub steps: BTreeMap<StepPath, Option<EntryRecord>>,
    /// Records of all repetitions of a block, in order, by the path of the block.
    pub repetitions: BTreeMap<StepPath, Vec<(StepPath, EntryRecord)>>,
    /// Id of the first suspension that the decision itself opens; the others get those after it, at most
    /// [`MOVES_MAX`](super::MOVES_MAX) in all.
    pub suspension: Option<SuspensionId>,
    /// What the run may use.
    pub quotas: RunQuotas,
}

impl Known {
    /// Knows what the run may use, and nothing else.
    pub fn of(quotas: RunQuotas) -> Self {
        Self { quotas, ..Self::default() }
    }
}

/// What a decision needs to know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// Records of these.
    pub steps: BTreeSet<StepPath>,
    /// Records of all repetitions of these blocks.
    pub repetitions: BTreeSet<StepPath>,
    /// Ids for suspensions.
    pub suspension: bool,
}

/// Why there is no decision.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoDecision {
    /// The event does not fit the run.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Something in the run is due, and has to happen before this event.
    #[error("something in the run is due")]
    Due,
    /// Something has to be fetched first.
    #[error("records of steps that are done are needed")]
    Missing(Missing),
}

impl NoDecision {
    /// Asks for one record.
    pub(super) fn step(path: StepPath) -> Self {
        Self::Missing(Missing { steps: BTreeSet::from([path]), ..Missing::default() })
    }

    /// Asks for ids of suspensions.
    pub(super) fn suspension() -> Self {
        Self::Missing(Missing { suspension: true, ..Missing::default() })
    }

    /// Asks for the repetitions of a block.
    pub(super) fn repetitions(path: StepPath) -> Self {
        Self::Missing(Missing { repetitions: BTreeSet::from([path]), ..Missing::default() })
    }
}

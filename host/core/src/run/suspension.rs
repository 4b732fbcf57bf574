//! What a step waits for, and what an answer to it changed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::actor::By;
use crate::id::SuspensionId;
use crate::json::{Json, is_zero, present};
use crate::path::StepPath;
use crate::step::{Resolution, Wait, WaitFor};
use crate::time::Timestamp;

/// One thing that a step waits for, with its single-use address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Suspension {
    /// Its address.
    pub id: SuspensionId,
    /// What the step waits for, under the guest's own name for it.
    pub wait: Wait,
    /// Since when.
    pub since: Timestamp,
    /// The version of the run with which it was opened: who saw that version or a later one has seen it. 0 in records
    /// that were written when this was not kept.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub version: u64,
    /// How it ended, if the step waits on for something else, or is being told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<Resolution>,
    /// What came with the answer, if it is over because a caller answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<Box<Claim>>,
    /// How often its step refused an answer.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub refusals: u32,
    /// Where what is run on the step's behalf stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child: Option<StepPath>,
}

impl Suspension {
    /// When it was opened, as suspensions of one run are compared: ids follow the clocks of the hosts that gave them,
    /// which differ.
    pub(super) fn opened(&self) -> (u64, SuspensionId) {
        (self.version, self.id)
    }

    /// When something happens by itself: the instant waited for, or the deadline. `None` when it is over.
    pub fn due_at(&self) -> Option<Timestamp> {
        match &self.wait.what {
            _ if self.over.is_some() => None,
            WaitFor::Time(at) => Some(*at),
            what => what.deadline().map(|deadline| deadline.at),
        }
    }

    /// Labels by which the answer may be addressed.
    pub fn labels(&self) -> &[String] {
        match &self.wait.what {
            WaitFor::Answer(answer) => &answer.labels,
            _ => &[],
        }
    }

    /// The payload, for those who answer.
    pub fn payload(&self) -> Option<&Json> {
        match &self.wait.what {
            WaitFor::Answer(answer) => Some(&answer.payload),
            _ => None,
        }
    }

    /// Whether `resume` may end this suspension.
    pub fn takes_answer(&self) -> bool {
        self.over.is_none() && matches!(self.wait.what, WaitFor::Answer(_))
    }
}

/// What a caller's answer changed beside its suspension: undone when the step refuses the answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Claim {
    /// The version of the run with which the answer came; 0 when the run is a fork and has it from its parent.
    pub version: u64,
    /// When it came.
    pub at: Timestamp,
    /// The key under which it was asked for, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// The answer that the step got before, and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<(Json, Timestamp)>,
    /// What it set in the request context, by key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub context: BTreeMap<String, Replacement>,
    /// Who gave it.
    #[serde(default, skip_serializing_if = "By::is_empty")]
    pub by: By,
}

/// A value that took the place of another one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Replacement {
    /// The value before, if there was one.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub before: Option<Json>,
    /// The value since.
    pub since: Json,
}

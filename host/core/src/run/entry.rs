//! The record of one entry of a run.

use serde::{Deserialize, Serialize};

use super::doing::Doing;
use super::status::StepStatus;
use super::suspension::Suspension;
use crate::id::{BlobId, OwnerId};
use crate::json::{Json, is_zero, present};
use crate::step::Failure;
use crate::time::Timestamp;
use crate::trace::SpanId;

/// One entry of a run: what results show of it, and what it is doing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EntryRecord {
    /// What results show.
    pub entry: StepResult,
    /// Where its payload is kept if that is not in its record, being large. A run is read without such payloads: the
    /// one in `entry` is `null` then. See [`Self::payload`].
    #[serde(skip)]
    pub apart: Option<BlobId>,
    /// Calls into the guest so far: the start and each resume. Tries of one call count once.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub calls: u32,
    /// Tries of the current call before this one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub attempt: u32,
    /// How often the current call went from a dead owner to another.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub take_overs: u32,
    /// How often the current call was made with no other one in the process, since a process had ended that made it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub trials: u32,
    /// Steps and workflows that it has had run on its behalf so far.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub children: u32,
    /// How often it asked for a step or workflow to be run that cannot be.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub refused_children: u32,
    /// When it fails if it is not done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
    /// What it is doing.
    pub doing: Doing,
    /// The span of the call that is under way, if one is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span_id: Option<SpanId>,
    /// What it waits for. While it is called, those that it has not said yet whether it goes on waiting for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suspensions: Vec<Suspension>,
}

impl EntryRecord {
    /// Its payload, unless that is still to be read from where it is kept apart.
    pub fn payload(&self) -> Option<&Json> {
        let payload = &self.entry.payload;
        (self.apart.is_none() || !payload.is_null()).then_some(payload)
    }

    /// Whether it has begun and is not done.
    pub fn is_active(&self) -> bool {
        !matches!(self.doing, Doing::Ended | Doing::Queued)
    }

    /// Who has to bring it on, if somebody has.
    pub fn owner(&self) -> Option<OwnerId> {
        match &self.doing {
            Doing::Calling(owner, _) | Doing::Retrying(owner, ..) | Doing::Continuing(owner) => Some(*owner),
            _ => None,
        }
    }

    /// What it waits for and is not over.
    pub fn open(&self) -> impl Iterator<Item = &Suspension> {
        self.suspensions.iter().filter(|suspension| suspension.over.is_none())
    }

    /// When something happens to it by itself: a sleep is over, a further try is made, a deadline passes.
    pub fn due_at(&self) -> Option<Timestamp> {
        let until = match self.doing {
            Doing::Sleeping(until) | Doing::Delayed(until, _) => Some(until),
            _ => None,
        };
        let waits = self.suspensions.iter().filter_map(Suspension::due_at);
        waits.chain(until).chain(self.deadline.filter(|_| self.is_active())).min()
    }

    /// What results show: the stored entry, with the payload of the open suspension, which is stored only once.
    pub fn shown(&self) -> StepResult {
        let mut entry = self.entry.clone();
        if let Some(suspension) = self.open().find(|suspension| suspension.takes_answer()) {
            entry.suspend_payload = suspension.payload().cloned();
        }
        entry
    }
}

/// What results show of a step. Times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepResult {
    /// How it stands.
    pub status: StepStatus,
    /// Its input, as the step got it.
    pub payload: Json,
    /// Its output.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub output: Option<Json>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    /// When it was first called.
    pub started_at: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// What it shows to the one who answers, while it waits.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub suspend_payload: Option<Json>,
    /// Since when it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspended_at: Option<Timestamp>,
    /// The latest answer.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub resume_payload: Option<Json>,
    /// When the latest answer came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumed_at: Option<Timestamp>,
}

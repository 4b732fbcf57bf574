//! What an entry of a run is doing: the call that is under way, how far a block is, how a guest waits.

use serde::{Deserialize, Serialize};

use super::suspension::Suspension;
use crate::id::{BlobId, OwnerId};
use crate::json::{Json, present};
use crate::step::{Resolved, Wake};
use crate::time::Timestamp;

/// What an entry of a run is doing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Doing {
    /// It is an item that has not begun.
    Queued,
    /// It holds other entries.
    Holding(Held),
    /// A guest is called, by the owner.
    Calling(OwnerId, Call),
    /// A guest is to be called as soon as the run is not paused any more.
    Ready(Call),
    /// A call failed and is made again at the instant, by the owner.
    Retrying(OwnerId, Timestamp, Call),
    /// A call failed and is made again at the instant, by whoever looks after the run then.
    Delayed(Timestamp, Call),
    /// A guest waits for its suspensions, or an entry without a component for its only one.
    Waiting(Waiting),
    /// It is a wait of the workflow's, until the instant.
    Sleeping(Timestamp),
    /// It is about to be entered, by the owner: one decision does only so much.
    Continuing(OwnerId),
    /// It is done.
    Ended,
}

impl Doing {
    /// The suspensions of which a guest is being told, or is about to be.
    pub fn over(&self) -> &[Suspension] {
        match self {
            Self::Calling(_, Call::Resume(call))
            | Self::Ready(Call::Resume(call))
            | Self::Delayed(_, Call::Resume(call))
            | Self::Retrying(_, _, Call::Resume(call)) => &call.over,
            _ => &[],
        }
    }

    pub(super) fn over_mut(&mut self) -> &mut [Suspension] {
        match self {
            Self::Calling(_, Call::Resume(call))
            | Self::Ready(Call::Resume(call))
            | Self::Delayed(_, Call::Resume(call))
            | Self::Retrying(_, _, Call::Resume(call)) => &mut call.over,
            _ => &mut [],
        }
    }

    /// The memory that it refers to.
    pub fn image(&self) -> Option<BlobId> {
        match self {
            Self::Calling(_, call)
            | Self::Ready(call)
            | Self::Delayed(_, call)
            | Self::Retrying(_, _, call) => call.image(),
            Self::Waiting(waiting) => waiting.image,
            Self::Queued | Self::Holding(_) | Self::Sleeping(_) | Self::Continuing(_) | Self::Ended => None,
        }
    }
}

/// How far a block is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Held {
    /// A workflow, or the body of a block that repeats.
    Scope,
    /// Arms at once.
    Parallel {
        /// Arms that are not done.
        open: u32,
    },
    /// Arms at once, of which not all have to be done.
    First {
        /// How many have to be.
        needed: u32,
        /// Arms that are not done.
        open: u32,
        /// The last entries of those that are, by their ids, in the order in which they were done.
        done: Vec<String>,
    },
    /// Arms with conditions.
    Branch {
        /// Conditions that have been asked.
        asked: u32,
        /// Arms whose conditions hold.
        chosen: Vec<u32>,
        /// Of these, the ones that are not done.
        open: u32,
    },
    /// The same for each item.
    ForEach {
        /// Items.
        count: u32,
        /// Items that have begun.
        begun: u32,
        /// Of these, the ones that are not done.
        open: u32,
    },
    /// A loop.
    Loop {
        /// The repetition it is in, from 0.
        iteration: u32,
    },
    /// Entries with a way out.
    Try {
        /// Whether it is on the way out.
        caught: bool,
    },
}

/// How a guest waits.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Waiting {
    /// The guest's memory; `None` in re-entry mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<BlobId>,
    /// When it is called again, if it waits for several things.
    #[serde(default = "any", skip_serializing_if = "is_any")]
    pub wake: Wake,
}

/// A call into a guest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Call {
    /// The first one.
    Start,
    /// One that goes on after a suspension.
    Resume(ResumeCall),
}

impl Call {
    /// The memory that it begins with; `None` for a fresh one.
    pub fn image(&self) -> Option<BlobId> {
        match self {
            Self::Start => None,
            Self::Resume(resume) => resume.image,
        }
    }
}

/// What a resuming call needs, beside the step's record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResumeCall {
    /// The guest's memory when it suspended; `None` in re-entry mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<BlobId>,
    /// The suspensions that are over, each with how it ended. They are kept until the call has ended: an answer that
    /// the guest refuses is given back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub over: Vec<Suspension>,
    /// When the step was to be called again.
    #[serde(default = "any", skip_serializing_if = "is_any")]
    pub wake: Wake,
    /// What was waited for, in records that were written when `over` was not kept.
    #[serde(default, rename = "resolved", skip_serializing_if = "Vec::is_empty")]
    pub old_resolved: Vec<Resolved>,
    /// The payload of the suspension that was answered, in such records.
    #[serde(
        default,
        rename = "suspendPayload",
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub old_payload: Option<Json>,
}

impl ResumeCall {
    /// What was waited for, as the guest is told.
    pub fn resolved(&self) -> Vec<Resolved> {
        let over = self.over.iter().filter_map(|suspension| {
            Some(Resolved { wait: suspension.wait.id, resolution: suspension.over.clone()? })
        });
        self.old_resolved.iter().cloned().chain(over).collect()
    }

    /// The payload of the suspension that was answered, if one was.
    pub fn suspend_payload(&self) -> Option<&Json> {
        self.old_payload.as_ref().or_else(|| self.over.iter().find_map(Suspension::payload))
    }
}

fn any() -> Wake {
    Wake::Any
}

fn is_any(wake: &Wake) -> bool {
    *wake == Wake::Any
}

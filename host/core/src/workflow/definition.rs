//! Definitions: workflows as people write them and as they are stored.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::block::{Block, Condition, Mapping, Text};
use crate::digest::ComponentDigest;
use crate::json::{Json, present};
use crate::retry::RetryPolicy;

/// A workflow as it is written: in a file with whatever names a component there (`C` = `String`), stored with digests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Definition<C = ComponentDigest> {
    /// Names the workflow; all its versions share it.
    pub id: String,
    /// A short name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it does, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// JSON Schema of the input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_schema: Option<Json>,
    /// JSON Schema of the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_schema: Option<Json>,
    /// JSON Schema of the shared state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_schema: Option<Json>,
    /// JSON Schema of the request context.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_context_schema: Option<Json>,
    /// How failures are retried where neither the entry nor the step says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryPolicy>,
    /// Longest time from the workflow's start to its end, waits counted, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// What is done, in order.
    pub steps: Vec<Entry<C>>,
}

/// One entry of a workflow. Blocks hold entries of any kind, blocks too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Entry<C = ComponentDigest> {
    /// A step of a component.
    Then(StepEntry<C>),
    /// A workflow as a step.
    Workflow(Definition<C>),
    /// Several arms at once.
    Parallel(ParallelEntry<C>),
    /// The arms whose conditions hold.
    Branch(BranchEntry<C>),
    /// The same for each item of an array.
    #[serde(rename = "foreach")]
    ForEach(ForEachEntry<C>),
    /// Again and again while a condition holds, at least once.
    DoWhile(DoWhileEntry<C>),
    /// Again and again until a condition holds, at least once.
    DoUntil(DoUntilEntry<C>),
    /// Data in another shape.
    Map(MapEntry),
    /// A wait of some length.
    Sleep(SleepEntry),
    /// A wait for an instant.
    SleepUntil(SleepUntilEntry),
    /// A question to people or systems, without a component.
    Ask(AskEntry),
    /// A wait for an event, without a component.
    Event(EventEntry),
    /// Entries with a way out when one of them fails.
    Try(TryEntry<C>),
}

/// A step of a component, as an entry of a workflow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StepEntry<C = ComponentDigest> {
    /// Names the entry in this workflow. A file may leave it out: it is the step's own id then.
    #[serde(default)]
    pub id: String,
    /// The component.
    pub component: C,
    /// Descriptor id of the step in the component.
    pub step: String,
    /// How failures are retried, whatever the step says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryPolicy>,
    /// Longest time one call may run, in milliseconds; the bound that the step itself names holds as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// Longest time from the step's start to its end, waits and retries counted, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_timeout_ms: Option<u64>,
}

/// Arms that are done at once, each with the block's input. The output has the output of each arm that is done under
/// the id of the arm's last entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ParallelEntry<C = ComponentDigest> {
    /// Names the entry; a file may leave it out.
    #[serde(default)]
    pub id: String,
    /// What is done at once.
    pub arms: Vec<Block<C>>,
    /// How many arms have to be done: the others are closed then. Defaults to all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<u32>,
}

/// Arms with conditions, asked in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, bound(deserialize = "C: Deserialize<'de>"))]
pub struct BranchEntry<C = ComponentDigest> {
    /// Names the entry; a file may leave it out.
    #[serde(default)]
    pub id: String,
    /// Which of the arms whose conditions hold are done.
    pub mode: BranchMode,
    /// The arms.
    pub arms: Vec<BranchArm<C>>,
    /// What is done when no condition holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<Block<C>>,
}

/// Which arms of a branch are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum BranchMode {
    /// Every one whose condition holds, at once. The output has the output of each under the id of its last entry.
    Every,
    /// The first one whose condition holds. Its output is the output.
    First,
}

/// One arm of a branch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BranchArm<C = ComponentDigest> {
    /// Whether it is done.
    pub when: Condition<C>,
    /// What is done.
    #[serde(rename = "do")]
    pub body: Block<C>,
}

/// The same for each item of an array. The output is the array of the outputs, in the order of the items.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ForEachEntry<C = ComponentDigest> {
    /// Names the entry; a file may leave it out. For a body of one step it is that step's id then.
    #[serde(default)]
    pub id: String,
    /// Expression that gives the items. Defaults to the input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<String>,
    /// Most items under way at once; an item that waits is under way.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub concurrency: u32,
    /// What is done with each item as its input.
    #[serde(rename = "do")]
    pub body: Block<C>,
}

/// A loop that goes on while its condition holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DoWhileEntry<C = ComponentDigest> {
    /// Names the entry; a file may leave it out. For a body of one step it is that step's id then.
    #[serde(default)]
    pub id: String,
    /// What is done; the first time with the block's input, then with the output of the time before.
    #[serde(rename = "do")]
    pub body: Block<C>,
    /// Asked after each time.
    #[serde(rename = "while")]
    pub condition: Condition<C>,
}

/// A loop that goes on until its condition holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DoUntilEntry<C = ComponentDigest> {
    /// Names the entry; a file may leave it out. For a body of one step it is that step's id then.
    #[serde(default)]
    pub id: String,
    /// What is done; the first time with the block's input, then with the output of the time before.
    #[serde(rename = "do")]
    pub body: Block<C>,
    /// Asked after each time.
    #[serde(rename = "until")]
    pub condition: Condition<C>,
}

/// Data in another shape.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MapEntry {
    /// Names the entry; a file may leave it out.
    #[serde(default)]
    pub id: String,
    /// What the output is.
    pub to: Mapping,
}

/// A wait of some length: one of the three.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SleepEntry {
    /// Names the entry; a file may leave it out.
    #[serde(default)]
    pub id: String,
    /// Milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ms: Option<u64>,
    /// A span as `30d`, `1h 30m` or `P1DT12H`. With a time zone, days are days of its calendar.
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    pub span: Option<String>,
    /// Expression that gives milliseconds, a duration, or such a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expr: Option<String>,
    /// IANA name of the zone in whose calendar days are counted; without one a day has 24 hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
}

/// A wait for an instant: one of the two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SleepUntilEntry {
    /// Names the entry; a file may leave it out.
    #[serde(default)]
    pub id: String,
    /// An instant as `2100-01-01T00:00:00Z` or `2027-03-28T02:30:00[Europe/Berlin]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// Expression that gives a timestamp, milliseconds since 1970, or such a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expr: Option<String>,
}

/// A question that the workflow asks by itself: no component is needed. The output is the answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AskEntry {
    /// Names the entry; a file may leave it out.
    #[serde(default)]
    pub id: String,
    /// A short name for people. Defaults to the path of the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What is asked, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What the one who answers gets to see. Defaults to the input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<Mapping>,
    /// JSON Schema of the answer. Without one any JSON is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Json>,
    /// Names by which the answer may be addressed. Several questions may have the same one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<Text>,
    /// Who is asked. It is shown and has no other effect.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assignees: Vec<Text>,
    /// The end of patience. Without one the question waits for as long as it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<DeadlineEntry>,
}

/// A wait for an event that others send: no component is needed. The output is the event's payload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EventEntry {
    /// Names the entry; a file may leave it out.
    #[serde(default)]
    pub id: String,
    /// Name of the event.
    pub name: Text,
    /// Tells events of one name apart. Without one an event with any key is taken, or with none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Text>,
    /// JSON Schema of the payload. Without one any payload is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Json>,
    /// The end of patience. Without one the wait lasts for as long as it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<DeadlineEntry>,
}

/// The end of patience of an entry that waits: one of `ms`, `for` and `expr`, as in [`SleepEntry`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeadlineEntry {
    /// Milliseconds from the beginning of the wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ms: Option<u64>,
    /// A span as `30d`, `1h 30m` or `P1DT12H`. With a time zone, days are days of its calendar.
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    pub span: Option<String>,
    /// Expression that gives milliseconds, a duration, or such a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expr: Option<String>,
    /// IANA name of the zone in whose calendar days are counted; without one a day has 24 hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// The output of the entry when the deadline passes. Without it the entry fails then, with the code `timed-out`.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<Json>,
}

/// Entries with a way out: when one of them fails, everything still open within is closed, and `catch` is done with
/// `{"error": ..., "input": ...}`. Its output is the block's output then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TryEntry<C = ComponentDigest> {
    /// Names the entry; a file may leave it out.
    #[serde(default)]
    pub id: String,
    /// What is done.
    #[serde(rename = "do")]
    pub body: Block<C>,
    /// What is done when that fails.
    pub catch: Block<C>,
}

fn one() -> u32 {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde asks for")]
fn is_one(value: &u32) -> bool {
    *value == 1
}

/// What all verbs have.
macro_rules! of_any {
    ($self:ident, $entry:ident => $what:expr) => {
        match $self {
            Self::Then($entry) => $what,
            Self::Workflow($entry) => $what,
            Self::Parallel($entry) => $what,
            Self::Branch($entry) => $what,
            Self::ForEach($entry) => $what,
            Self::DoWhile($entry) => $what,
            Self::DoUntil($entry) => $what,
            Self::Map($entry) => $what,
            Self::Sleep($entry) => $what,
            Self::SleepUntil($entry) => $what,
            Self::Ask($entry) => $what,
            Self::Event($entry) => $what,
            Self::Try($entry) => $what,
        }
    };
}

impl<C> Entry<C> {
    /// The id by which paths name the entry.
    pub fn id(&self) -> &str {
        of_any!(self, entry => &entry.id)
    }

    pub(super) fn id_mut(&mut self) -> &mut String {
        of_any!(self, entry => &mut entry.id)
    }

    /// Whether a block that repeats shares its id with the entry, if that is all it repeats: the path of a repetition
    /// is that of the entry then.
    pub(super) fn has_path_of_block(&self) -> bool {
        match self {
            Self::Then(_) | Self::Workflow(_) | Self::Ask(_) | Self::Event(_) => true,
            Self::Parallel(_) | Self::Branch(_) | Self::ForEach(_) | Self::DoWhile(_) | Self::DoUntil(_) => {
                false
            }
            Self::Map(_) | Self::Sleep(_) | Self::SleepUntil(_) | Self::Try(_) => false,
        }
    }

    /// The verb, as files write it.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Then(_) => "then",
            Self::Workflow(_) => "workflow",
            Self::Parallel(_) => "parallel",
            Self::Branch(_) => "branch",
            Self::ForEach(_) => "foreach",
            Self::DoWhile(_) => "doWhile",
            Self::DoUntil(_) => "doUntil",
            Self::Map(_) => "map",
            Self::Sleep(_) => "sleep",
            Self::SleepUntil(_) => "sleepUntil",
            Self::Ask(_) => "ask",
            Self::Event(_) => "event",
            Self::Try(_) => "try",
        }
    }
}

/// Expressions of a mapping, by key.
pub(super) type Fields = BTreeMap<String, String>;

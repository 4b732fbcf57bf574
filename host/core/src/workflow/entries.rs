//! Entries written in Rust: what each is made of, and its options.

use std::collections::BTreeMap;
use std::time::Duration;

use super::block::{Block, Condition, Mapping, Text};
use super::builder::WorkflowBuilder;
use super::definition::{
    AskEntry, BranchArm, BranchEntry, BranchMode, DeadlineEntry, Definition, DoUntilEntry, DoWhileEntry,
    Entry, EventEntry, ForEachEntry, MapEntry, ParallelEntry, SleepEntry, SleepUntilEntry, StepEntry,
    TryEntry,
};
use crate::digest::ComponentDigest;
use crate::json::Json;
use crate::retry::RetryPolicy;
use crate::time::Timestamp;

/// Entries of a verb, and how one is named.
macro_rules! entry {
    ($($type:ident $verb:ident),*) => {$(
        impl $type {
            /// Names the entry. Without it, the entry gets an id when the workflow is committed.
            #[must_use = "the entry itself is not changed"]
            pub fn id(mut self, id: impl Into<String>) -> Self {
                self.id = id.into();
                self
            }
        }

        impl From<$type> for Entry {
            fn from(entry: $type) -> Self {
                Self::$verb(entry)
            }
        }

        impl From<$type> for Block {
            fn from(entry: $type) -> Self {
                Entry::from(entry).into()
            }
        }
    )*};
}

entry!(
    StepEntry Then, ParallelEntry Parallel, BranchEntry Branch, ForEachEntry ForEach, DoWhileEntry DoWhile,
    DoUntilEntry DoUntil, MapEntry Map, SleepEntry Sleep, SleepUntilEntry SleepUntil, AskEntry Ask,
    EventEntry Event, TryEntry Try
);

impl From<Definition> for Entry {
    fn from(inner: Definition) -> Self {
        Self::Workflow(inner)
    }
}

impl From<Definition> for Block {
    fn from(inner: Definition) -> Self {
        Entry::from(inner).into()
    }
}

impl From<WorkflowBuilder> for Block {
    fn from(inner: WorkflowBuilder) -> Self {
        inner.definition().into()
    }
}

impl StepEntry {
    /// A step of a component, under the step's own id.
    pub fn new(component: ComponentDigest, step: impl Into<String>) -> Self {
        let (id, step) = (String::new(), step.into());
        Self { id, component, step, retry: None, timeout_ms: None, total_timeout_ms: None }
    }

    /// How failures are retried, whatever the step says.
    #[must_use = "the entry itself is not changed"]
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy);
        self
    }

    /// Longest time one call may run, in milliseconds; the bound that the step itself names holds as well.
    #[must_use = "the entry itself is not changed"]
    pub fn timeout_ms(mut self, timeout_ms: u64) -> Self {
        self.timeout_ms = Some(timeout_ms);
        self
    }

    /// Longest time from the step's start to its end, waits and retries counted, in milliseconds.
    #[must_use = "the entry itself is not changed"]
    pub fn total_timeout_ms(mut self, timeout_ms: u64) -> Self {
        self.total_timeout_ms = Some(timeout_ms);
        self
    }
}

impl ParallelEntry {
    /// These arms.
    pub fn new(arms: impl IntoIterator<Item = impl Into<Block>>) -> Self {
        Self { id: String::new(), arms: arms.into_iter().map(Into::into).collect(), first: None }
    }

    /// How many arms have to be done: the others are closed then.
    #[must_use = "the entry itself is not changed"]
    pub fn first(mut self, arms: u32) -> Self {
        self.first = Some(arms);
        self
    }
}

impl<B: Into<Block>> From<Vec<B>> for ParallelEntry {
    fn from(arms: Vec<B>) -> Self {
        Self::new(arms)
    }
}

impl<B: Into<Block>, const N: usize> From<[B; N]> for ParallelEntry {
    fn from(arms: [B; N]) -> Self {
        Self::new(arms)
    }
}

impl BranchEntry {
    /// Every arm whose condition holds is done, all at once.
    pub fn every() -> Self {
        Self { id: String::new(), mode: BranchMode::Every, arms: Vec::new(), otherwise: None }
    }

    /// The first arm whose condition holds is done.
    pub fn first() -> Self {
        Self { mode: BranchMode::First, ..Self::every() }
    }

    /// One more arm: a condition (an expression, or a step), and what is done when it holds.
    #[must_use = "the entry itself is not changed"]
    pub fn when(mut self, condition: impl Into<Condition>, body: impl Into<Block>) -> Self {
        self.arms.push(BranchArm { when: condition.into(), body: body.into() });
        self
    }

    /// What is done when no condition holds.
    #[must_use = "the entry itself is not changed"]
    pub fn otherwise(mut self, body: impl Into<Block>) -> Self {
        self.otherwise = Some(body.into());
        self
    }
}

impl ForEachEntry {
    /// This for each item of the input, one item after the other.
    pub fn new(body: impl Into<Block>) -> Self {
        Self { id: String::new(), items: None, concurrency: 1, body: body.into() }
    }

    /// Expression that gives the items, in place of the input.
    #[must_use = "the entry itself is not changed"]
    pub fn items(mut self, expression: impl Into<String>) -> Self {
        self.items = Some(expression.into());
        self
    }

    /// Most items under way at once.
    #[must_use = "the entry itself is not changed"]
    pub fn concurrency(mut self, concurrency: u32) -> Self {
        self.concurrency = concurrency;
        self
    }
}

impl From<StepEntry> for ForEachEntry {
    fn from(body: StepEntry) -> Self {
        Self::new(body)
    }
}

impl From<AskEntry> for ForEachEntry {
    fn from(body: AskEntry) -> Self {
        Self::new(body)
    }
}

impl From<EventEntry> for ForEachEntry {
    fn from(body: EventEntry) -> Self {
        Self::new(body)
    }
}

impl From<WorkflowBuilder> for ForEachEntry {
    fn from(body: WorkflowBuilder) -> Self {
        Self::new(body)
    }
}

impl From<Block> for ForEachEntry {
    fn from(body: Block) -> Self {
        Self::new(body)
    }
}

impl DoWhileEntry {
    /// What is done, and the condition with which it goes on.
    pub fn new(body: impl Into<Block>, condition: impl Into<Condition>) -> Self {
        Self { id: String::new(), body: body.into(), condition: condition.into() }
    }
}

impl DoUntilEntry {
    /// What is done, and the condition that ends it.
    pub fn new(body: impl Into<Block>, condition: impl Into<Condition>) -> Self {
        Self { id: String::new(), body: body.into(), condition: condition.into() }
    }
}

impl From<&str> for Condition {
    fn from(expression: &str) -> Self {
        Self::Expression(expression.to_owned())
    }
}

impl From<String> for Condition {
    fn from(expression: String) -> Self {
        Self::Expression(expression)
    }
}

impl From<StepEntry> for Condition {
    fn from(step: StepEntry) -> Self {
        Self::Step(step)
    }
}

impl From<&str> for Mapping {
    fn from(expression: &str) -> Self {
        Self::Expression(expression.to_owned())
    }
}

impl From<String> for Mapping {
    fn from(expression: String) -> Self {
        Self::Expression(expression)
    }
}

impl<K: Into<String>, V: Into<String>, const N: usize> From<[(K, V); N]> for Mapping {
    fn from(fields: [(K, V); N]) -> Self {
        let fields = fields.into_iter().map(|(key, expression)| (key.into(), expression.into()));
        Self::Fields(fields.collect::<BTreeMap<String, String>>())
    }
}

impl<M: Into<Mapping>> From<M> for MapEntry {
    fn from(to: M) -> Self {
        Self { id: String::new(), to: to.into() }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::Plain(text.to_owned())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::Plain(text)
    }
}

impl Text {
    /// The text that an expression gives.
    pub fn expression(expression: impl Into<String>) -> Self {
        Self::Expression(expression.into())
    }
}

impl AskEntry {
    /// A question under this title, which shows the input and takes any answer.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: Some(title.into()), ..Self::default() }
    }

    /// What is asked, for people.
    #[must_use = "the entry itself is not changed"]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// What the one who answers gets to see, in place of the input: an expression, or an array of keys with
    /// expressions.
    #[must_use = "the entry itself is not changed"]
    pub fn payload(mut self, payload: impl Into<Mapping>) -> Self {
        self.payload = Some(payload.into());
        self
    }

    /// JSON Schema of the answer.
    #[must_use = "the entry itself is not changed"]
    pub fn answer(mut self, schema: impl Into<Json>) -> Self {
        self.answer = Some(schema.into());
        self
    }

    /// One more name by which the answer may be addressed.
    #[must_use = "the entry itself is not changed"]
    pub fn label(mut self, label: impl Into<Text>) -> Self {
        self.labels.push(label.into());
        self
    }

    /// One more of those who are asked.
    #[must_use = "the entry itself is not changed"]
    pub fn assignee(mut self, assignee: impl Into<Text>) -> Self {
        self.assignees.push(assignee.into());
        self
    }

    /// The end of patience: a `Duration`, a text as `30d`, or a [`DeadlineEntry`].
    #[must_use = "the entry itself is not changed"]
    pub fn deadline(mut self, deadline: impl Into<DeadlineEntry>) -> Self {
        self.deadline = Some(deadline.into());
        self
    }
}

impl<T: Into<Text>> From<T> for EventEntry {
    fn from(name: T) -> Self {
        Self::new(name)
    }
}

impl EventEntry {
    /// An event of this name, with any key or none and any payload.
    pub fn new(name: impl Into<Text>) -> Self {
        Self { id: String::new(), name: name.into(), key: None, schema: None, deadline: None }
    }

    /// Only an event with this key.
    #[must_use = "the entry itself is not changed"]
    pub fn key(mut self, key: impl Into<Text>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// JSON Schema of the payload.
    #[must_use = "the entry itself is not changed"]
    pub fn schema(mut self, schema: impl Into<Json>) -> Self {
        self.schema = Some(schema.into());
        self
    }

    /// The end of patience: a `Duration`, a text as `30d`, or a [`DeadlineEntry`].
    #[must_use = "the entry itself is not changed"]
    pub fn deadline(mut self, deadline: impl Into<DeadlineEntry>) -> Self {
        self.deadline = Some(deadline.into());
        self
    }
}

impl<L: Into<SleepEntry>> From<L> for DeadlineEntry {
    /// So long after the beginning.
    fn from(length: L) -> Self {
        let SleepEntry { ms, span, expr, time_zone, .. } = length.into();
        Self { ms, span, expr, time_zone, otherwise: None }
    }
}

impl DeadlineEntry {
    /// The output of the entry when the deadline passes; it does not fail then.
    #[must_use = "the deadline itself is not changed"]
    pub fn otherwise(mut self, output: impl Into<Json>) -> Self {
        self.otherwise = Some(output.into());
        self
    }
}

impl SleepEntry {
    /// As long as an expression says.
    pub fn expression(expression: impl Into<String>) -> Self {
        Self { expr: Some(expression.into()), ..Self::default() }
    }

    /// The zone in whose calendar days are counted.
    #[must_use = "the entry itself is not changed"]
    pub fn time_zone(mut self, name: impl Into<String>) -> Self {
        self.time_zone = Some(name.into());
        self
    }
}

impl From<Duration> for SleepEntry {
    /// Whole milliseconds of it.
    fn from(length: Duration) -> Self {
        Self { ms: Some(u64::try_from(length.as_millis()).unwrap_or(u64::MAX)), ..Self::default() }
    }
}

impl From<&str> for SleepEntry {
    fn from(span: &str) -> Self {
        Self { span: Some(span.to_owned()), ..Self::default() }
    }
}

impl SleepUntilEntry {
    /// Until the instant that an expression gives.
    pub fn expression(expression: impl Into<String>) -> Self {
        Self { expr: Some(expression.into()), ..Self::default() }
    }
}

impl From<Timestamp> for SleepUntilEntry {
    fn from(instant: Timestamp) -> Self {
        instant.to_string().as_str().into()
    }
}

impl From<&str> for SleepUntilEntry {
    fn from(instant: &str) -> Self {
        Self { at: Some(instant.to_owned()), ..Self::default() }
    }
}

impl TryEntry {
    /// What is done, and what is done when that fails.
    pub fn new(body: impl Into<Block>, catch: impl Into<Block>) -> Self {
        Self { id: String::new(), body: body.into(), catch: catch.into() }
    }
}

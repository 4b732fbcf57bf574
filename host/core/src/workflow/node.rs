//! The committed form of a workflow: scopes of nodes that know what follows them and what holds them.
//!
//! A scope is what one path prefix names: a workflow, or one repetition of a block's body. Blocks that do not repeat
//! are transparent: what they hold stands in the same scope, so that its path does not name the block.

use std::collections::HashMap;
use std::sync::Arc;

use super::contract::{ComponentSteps, Contract};
use super::definition::BranchMode;
use crate::cel::Expression;
use crate::digest::ComponentDigest;
use crate::json::Json;
use crate::retry::RetryPolicy;
use crate::schema::Schema;
use crate::when::{Span, When};

/// The nodes under one path prefix.
#[derive(Debug)]
pub struct Scope {
    /// Id of the workflow, or of the block whose body this is.
    pub id: String,
    /// Of the workflow's input; `None` for bodies, as all of the following.
    pub input: Option<Schema>,
    /// Of the result.
    pub output: Option<Schema>,
    /// Of the shared state.
    pub state: Option<Schema>,
    /// Of the request context.
    pub request_context: Option<Schema>,
    /// Longest time from start to end, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// Where it begins. A scope has at least one node.
    pub first: NodeIndex,
    /// Its nodes, those inside transparent blocks too, in the order of the definition.
    pub nodes: Vec<Node>,
    /// Where each id stands.
    pub index: HashMap<String, NodeIndex>,
}

/// Place of a node in its scope.
pub type NodeIndex = usize;

/// An entry of a committed workflow.
#[derive(Debug)]
pub struct Node {
    /// Names it in its scope.
    pub id: String,
    /// What it is.
    pub kind: Kind,
    /// What follows it in its sequence.
    pub next: Option<NodeIndex>,
    /// The transparent block that holds it, in the same scope, and in which arm of that block it is.
    pub within: Option<(NodeIndex, Arm)>,
}

/// Part of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arm {
    /// An arm of a parallel or branch, by its number.
    Number(usize),
    /// The `otherwise` of a branch.
    Otherwise,
    /// The step that is the condition of an arm, by the arm's number, or of a loop (0).
    Condition(usize),
    /// What a try tries.
    Body,
    /// The way out of a try.
    Catch,
}

/// What a node is.
#[derive(Debug)]
pub enum Kind {
    /// A step of a component.
    Step(StepNode),
    /// A workflow as a step.
    Workflow(Box<Scope>),
    /// Arms at once.
    Parallel(ParallelNode),
    /// Arms with conditions.
    Branch(BranchNode),
    /// The same for each item.
    ForEach(ForEachNode),
    /// A loop.
    Loop(LoopNode),
    /// Data in another shape.
    Map(MapNode),
    /// A wait.
    Sleep(SleepNode),
    /// A wait for somebody else, without a component.
    Wait(Box<WaitNode>),
    /// Entries with a way out.
    Try(TryNode),
}

/// Nodes that follow one another inside a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sequence {
    /// The first.
    pub first: NodeIndex,
    /// The last: its output is the sequence's.
    pub last: NodeIndex,
}

/// A step of a component, in a committed workflow.
#[derive(Debug)]
pub struct StepNode {
    /// The component.
    pub component: ComponentDigest,
    /// What is known of the step.
    pub contract: Arc<Contract>,
    /// All steps of the component, which the step may have run on its behalf.
    pub siblings: Arc<ComponentSteps>,
    /// How failures are retried.
    pub retry: RetryPolicy,
    /// Longest time one call may run, in milliseconds, if anybody said so.
    pub timeout_ms: Option<u64>,
    /// Longest time from start to end, in milliseconds.
    pub total_timeout_ms: Option<u64>,
}

/// See [`super::ParallelEntry`].
#[derive(Debug)]
pub struct ParallelNode {
    /// What is done at once.
    pub arms: Vec<Sequence>,
    /// How many of them have to be done, if not all.
    pub first: Option<u32>,
}

/// See [`super::BranchEntry`].
#[derive(Debug)]
pub struct BranchNode {
    /// Which arms are done.
    pub mode: BranchMode,
    /// The arms with their conditions.
    pub arms: Vec<(ConditionNode, Sequence)>,
    /// What is done when no condition holds.
    pub otherwise: Option<Sequence>,
}

/// A committed condition.
#[derive(Debug)]
pub enum ConditionNode {
    /// An expression that gives a boolean.
    Expression(Expression),
    /// A step in the same scope whose output is a boolean.
    Step(NodeIndex),
}

/// See [`super::ForEachEntry`].
#[derive(Debug)]
pub struct ForEachNode {
    /// What gives the items; `None` for the input itself.
    pub items: Option<Expression>,
    /// Most items under way at once; at least 1.
    pub concurrency: u32,
    /// What is done with each.
    pub body: Body,
}

/// See [`super::DoWhileEntry`] and [`super::DoUntilEntry`].
#[derive(Debug)]
pub struct LoopNode {
    /// What is done.
    pub body: Body,
    /// Asked after each time.
    pub condition: ConditionNode,
    /// The value of the condition that ends the loop.
    pub ends_on: bool,
}

/// What repeats.
#[derive(Debug)]
pub enum Body {
    /// A single step or workflow: the path of a repetition is its path.
    One(Box<Node>),
    /// Entries in a scope of their own below the path of the repetition.
    Many(Box<Scope>),
}

/// See [`super::MapEntry`].
#[derive(Debug)]
pub enum MapNode {
    /// The value of an expression.
    Expression(Expression),
    /// An object, in the order of the keys.
    Fields(Vec<(String, Expression)>),
}

/// A length of time.
#[derive(Debug)]
pub enum LengthNode {
    /// This one.
    Span(Span),
    /// The one that an expression gives, in the calendar of a time zone.
    Expression(Expression, Option<String>),
}

/// See [`super::SleepEntry`] and [`super::SleepUntilEntry`].
#[derive(Debug)]
pub enum SleepNode {
    /// Some length.
    For(LengthNode),
    /// Until an instant.
    Until(When),
    /// Until an instant that an expression gives.
    UntilExpression(Expression),
}

/// An entry that waits for somebody else, without a component: see [`super::AskEntry`] and
/// [`super::EventEntry`]. Its output is what came.
#[derive(Debug)]
pub struct WaitNode {
    /// A short name for people.
    pub title: Option<String>,
    /// What it is about, for people.
    pub description: Option<String>,
    /// What is waited for.
    pub what: WaitKind,
    /// Of what comes.
    pub schema: Option<Schema>,
    /// The end of patience.
    pub deadline: Option<DeadlineNode>,
}

/// What an entry waits for.
#[derive(Debug)]
pub enum WaitKind {
    /// An answer.
    Answer {
        /// What is shown; `None` for the input.
        payload: Option<MapNode>,
        /// Names by which the answer may be addressed.
        labels: Vec<TextNode>,
        /// Who is asked.
        assignees: Vec<TextNode>,
    },
    /// An event.
    Event {
        /// Its name.
        name: TextNode,
        /// Tells events of one name apart.
        key: Option<TextNode>,
    },
}

/// See [`super::Text`].
#[derive(Debug)]
pub enum TextNode {
    /// This text.
    Plain(String),
    /// The text that an expression gives, or several.
    Expression(Expression),
}

/// See [`super::DeadlineEntry`].
#[derive(Debug)]
pub struct DeadlineNode {
    /// How long after the beginning.
    pub length: LengthNode,
    /// The output then, if the entry does not fail.
    pub otherwise: Option<Json>,
}

/// See [`super::TryEntry`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TryNode {
    /// What is done.
    pub body: Sequence,
    /// What is done when that fails.
    pub catch: Sequence,
}

impl Node {
    /// What repeats, if the node is a block that repeats.
    pub fn body(&self) -> Option<&Body> {
        match &self.kind {
            Kind::ForEach(node) => Some(&node.body),
            Kind::Loop(node) => Some(&node.body),
            Kind::Step(_) | Kind::Workflow(_) | Kind::Wait(_) | Kind::Map(_) | Kind::Sleep(_) => None,
            Kind::Parallel(_) | Kind::Branch(_) | Kind::Try(_) => None,
        }
    }
}

impl Scope {
    /// The node with this id.
    pub fn node(&self, id: &str) -> Option<&Node> {
        self.at(*self.index.get(id)?)
    }

    /// The node at a place.
    pub fn at(&self, index: NodeIndex) -> Option<&Node> {
        self.nodes.get(index)
    }

    /// The node with which it begins.
    pub fn first(&self) -> Option<&Node> {
        self.at(self.first)
    }
}

//! From a step path to what stands there.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Workflow;
use super::contract::{ComponentSteps, Contract};
use super::node::{Body, Kind, Node, Scope, StepNode, WaitKind, WaitNode};
use crate::digest::{ComponentDigest, WorkflowDigest};
use crate::path::{Segment, StepPath};
use crate::retry::RetryPolicy;
use crate::schema::{Schema, SchemaCache};

/// All definitions that a run follows: its own, and those of workflows that its steps have run on their behalf.
#[derive(Clone, Debug)]
pub struct Program {
    /// The run's own.
    pub top: Arc<Workflow>,
    /// Those that were called, by digest.
    pub called: BTreeMap<WorkflowDigest, Arc<Workflow>>,
    /// Where schemas are compiled that questions bring along.
    pub schemas: SchemaCache,
}

/// What stands at a path.
#[derive(Clone, Copy, Debug)]
pub enum Place<'w> {
    /// A workflow: the run's own, or one that a step called.
    Workflow(&'w Scope),
    /// An entry in the scope that holds it.
    Entry(&'w Scope, &'w Node),
    /// One repetition of a block: the block's node, and what repeats.
    Repetition(&'w Node, &'w Body),
    /// A step that another step of its component called.
    Called(&'w StepNode, &'w Arc<Contract>),
}

/// A step of a component, wherever it stands.
#[derive(Clone, Copy, Debug)]
pub struct StepAt<'w> {
    /// The component.
    pub component: ComponentDigest,
    /// What is known of the step.
    pub contract: &'w Arc<Contract>,
    /// All steps of the component.
    pub siblings: &'w Arc<ComponentSteps>,
    /// How failures are retried.
    pub retry: &'w RetryPolicy,
    /// Longest time one call may run, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// Longest time from start to end, in milliseconds.
    pub total_timeout_ms: Option<u64>,
}

/// The policy of a called step that declares none.
static NO_RETRY: RetryPolicy =
    RetryPolicy { retries: 0, delay_ms: 0, backoff: 1.0, max_delay_ms: 0, jitter: 0.0 };

impl Program {
    /// A program of one definition.
    pub fn new(top: Arc<Workflow>) -> Self {
        Self { top, called: BTreeMap::new(), schemas: SchemaCache::default() }
    }

    /// Bytes of the largest schema in all of it.
    pub fn largest_schema_bytes(&self) -> usize {
        let called = self.called.values().map(|workflow| workflow.largest_schema_bytes());
        called.fold(self.top.largest_schema_bytes(), usize::max)
    }

    /// What stands at a path. `called` are the workflows that steps of the run have called, by path.
    pub fn place<'w>(
        &'w self,
        called: &BTreeMap<StepPath, WorkflowDigest>,
        path: &StepPath,
    ) -> Option<Place<'w>> {
        let mut place = Place::Workflow(self.top.top());
        let mut above = StepPath::root();
        for segment in path.segments() {
            above = above.with(segment.clone());
            place = match called.get(&above) {
                Some(digest) => Place::Workflow(self.called.get(digest)?.top()),
                None => place.below(segment)?,
            };
        }
        Some(place)
    }

    /// Where a path stands in the order of the definition: of each element its place in the workflow around it, then
    /// its index.
    pub fn order_of(
        &self,
        called: &BTreeMap<StepPath, WorkflowDigest>,
        path: &StepPath,
    ) -> Vec<(usize, Option<u32>)> {
        let mut above = StepPath::root();
        let mut order = Vec::with_capacity(path.segments().len());
        for segment in path.segments() {
            let scope = self.place(called, &above).and_then(Place::scope);
            // What a step has run on its behalf stands in no workflow, and is in the order of its indexes.
            let place = scope.and_then(|scope| scope.index.get(&segment.id)).copied();
            order.push((place.unwrap_or_default(), segment.index));
            above = above.with(segment.clone());
        }
        order
    }

    /// The workflows around a path, the outermost first; one that stands at the path itself is the last.
    pub fn workflows_around<'w>(
        &'w self,
        called: &BTreeMap<StepPath, WorkflowDigest>,
        path: &StepPath,
    ) -> Vec<&'w Scope> {
        let mut above = StepPath::root();
        let mut around = vec![self.top.top()];
        for segment in path.segments() {
            above = above.with(segment.clone());
            if let Some(place) = self.place(called, &above) {
                around.extend(place.workflow());
            }
        }
        around
    }
}

impl<'w> Place<'w> {
    fn below(self, segment: &Segment) -> Option<Self> {
        if let Some(step) = self.step() {
            // The index tells the calls of one step apart.
            segment.index?;
            let (sibling, node) = (step.siblings.get(&segment.id)?, self.step_node()?);
            return Some(Self::Called(node, sibling));
        }
        let scope = self.scope()?;
        let node = scope.node(&segment.id)?;
        match segment.index {
            None => Some(Self::Entry(scope, node)),
            Some(_) => match node.body() {
                Some(body) => Some(Self::Repetition(node, body)),
                // The condition of a loop is asked once a repetition.
                None => matches!(node.within, Some((_, super::Arm::Condition(_))))
                    .then_some(Self::Entry(scope, node)),
            },
        }
    }

    /// The node itself, or the one that repeats alone.
    fn node(self) -> Option<&'w Node> {
        match self {
            Self::Entry(_, node) => Some(node),
            Self::Repetition(_, Body::One(node)) => Some(node),
            _ => None,
        }
    }

    /// The scope that begins here.
    pub fn scope(self) -> Option<&'w Scope> {
        match self {
            Self::Workflow(scope) => Some(scope),
            Self::Repetition(_, Body::Many(scope)) => Some(scope),
            _ => match &self.node()?.kind {
                Kind::Workflow(scope) => Some(scope),
                _ => None,
            },
        }
    }

    /// The workflow that begins here; bodies of blocks are none.
    pub fn workflow(self) -> Option<&'w Scope> {
        match self {
            Self::Repetition(_, Body::Many(_)) => None,
            _ => self.scope(),
        }
    }

    fn step_node(self) -> Option<&'w StepNode> {
        match self {
            Self::Called(node, _) => Some(node),
            _ => match &self.node()?.kind {
                Kind::Step(step) => Some(step),
                _ => None,
            },
        }
    }

    /// The step of a component that stands here.
    pub fn step(self) -> Option<StepAt<'w>> {
        let node = self.step_node()?;
        let (contract, own) = match self {
            Self::Called(_, contract) => (contract, false),
            _ => (&node.contract, true),
        };
        let declared = contract.descriptor.retry.as_ref().unwrap_or(&NO_RETRY);
        Some(StepAt {
            component: node.component,
            contract,
            siblings: &node.siblings,
            retry: if own { &node.retry } else { declared },
            timeout_ms: if own { node.timeout_ms } else { None },
            total_timeout_ms: if own { node.total_timeout_ms } else { None },
        })
    }

    /// The entry here that waits for somebody else without a component.
    pub fn wait(self) -> Option<&'w WaitNode> {
        match &self.node()?.kind {
            Kind::Wait(wait) => Some(wait),
            _ => None,
        }
    }

    /// Schema of the answers to what is asked here; a question of a step may have one of its own.
    pub fn answer_schema(self) -> Option<&'w Schema> {
        match (self.step(), self.wait()) {
            (Some(step), _) => step.contract.resume.as_ref(),
            (None, Some(WaitNode { what: WaitKind::Answer { .. }, schema, .. })) => schema.as_ref(),
            (None, _) => None,
        }
    }

    /// What people call what stands here, if anybody said so.
    pub fn title(self) -> Option<&'w str> {
        match self.step() {
            Some(step) => step.contract.descriptor.title.as_deref(),
            None => self.wait().and_then(|wait| wait.title.as_deref()),
        }
    }

    /// Schema of the input of what stands here.
    pub fn input_schema(self) -> Option<&'w Schema> {
        match self.step() {
            Some(step) => step.contract.input.as_ref(),
            None => self.workflow().and_then(|scope| scope.input.as_ref()),
        }
    }
}

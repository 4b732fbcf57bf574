//! Committing a definition: everything that is wrong with it, at once. Loading one that was committed before.

use std::collections::HashSet;
use std::sync::Arc;

use super::blocks::Entries;
use super::draft::Draft;
use super::node::{Kind, Scope, StepNode};
use super::site::{DefinitionError, Field, Problems, Site};
use super::{ComponentSteps, Definition, ENTRIES_MAX, Entry, StepEntry, Workflow};
use crate::compiled::count_definition;
use crate::digest::{ComponentDigest, WorkflowDigest};
use crate::id::check_name;
use crate::json::Json;
use crate::path::PATH_DEPTH_MAX;
use crate::retry::RetryPolicy;
use crate::schema::{PatternCost, Schema};
use crate::similar::did_you_mean;
use crate::time::AHEAD_MS_MAX;

/// Gives what is known of the steps of a component, or says in a sentence why nothing is.
pub type Contracts<'a> = dyn Fn(&ComponentDigest) -> Result<Arc<ComponentSteps>, String> + 'a;

impl Workflow {
    /// Checks a definition and makes it a workflow. Ids that were left out are filled in first.
    ///
    /// # Errors
    /// Every [`DefinitionError`] there is, in the order of the entries.
    pub fn commit(definition: &Definition, contracts: &Contracts<'_>) -> Result<Self, Vec<DefinitionError>> {
        let mut definition = definition.clone();
        definition.fill_in_ids();
        let mut check = Check::new(&definition, contracts, true);
        let top = check.workflow(&Site::default(), &definition, &RetryPolicy::default());
        let text = Json::of(&definition);
        match (top, text) {
            (Some(top), Ok(text)) if check.problems.found.is_empty() => Ok(check.finish(text, top)),
            (_, Err(error)) => {
                check.problems.add(&Site::default(), Field::whole(), error.to_string());
                Err(check.problems.found)
            }
            _ => Err(check.problems.found),
        }
    }

    /// Makes a workflow of a definition that was committed before, by whatever version of this crate. What is asked
    /// only of new definitions is not asked: rules that have become stricter since do not keep an old run from going
    /// on. `text` is what the digest was taken of.
    ///
    /// # Errors
    /// The [`DefinitionError`]s of a definition of which no workflow can be made: a component is missing, or a text
    /// is not of its language.
    pub fn load(
        text: Json,
        definition: &Definition,
        contracts: &Contracts<'_>,
    ) -> Result<Self, Vec<DefinitionError>> {
        let mut check = Check::new(definition, contracts, false);
        match check.workflow(&Site::default(), definition, &RetryPolicy::default()) {
            Some(top) => Ok(check.finish(text, top)),
            None => Err(check.problems.found),
        }
    }
}

/// The check of one definition.
pub(super) struct Check<'a> {
    contracts: &'a Contracts<'a>,
    /// Whether the definition is a new one: what is let in is bounded then.
    pub(super) is_new: bool,
    pub(super) problems: Problems<'a>,
    /// Workflows and blocks around what is being looked at.
    depth: usize,
    /// Entries of the workflow that is being looked at.
    entries: usize,
    /// What the patterns of all schemas come to that stand in the definition itself.
    patterns: PatternCost,
    /// Bytes of the largest schema, there and in components.
    largest_schema_bytes: usize,
    /// Components whose schemas were looked at.
    measured: HashSet<ComponentDigest>,
}

impl<'a> Check<'a> {
    fn new(definition: &'a Definition, contracts: &'a Contracts<'a>, is_new: bool) -> Self {
        count_definition();
        let problems = Problems { workflow: &definition.id, found: Vec::new() };
        let patterns = PatternCost::default();
        let (measured, largest_schema_bytes) = (HashSet::new(), 0);
        Self { contracts, is_new, problems, depth: 0, entries: 0, patterns, largest_schema_bytes, measured }
    }

    fn finish(self, text: Json, top: Scope) -> Workflow {
        let (digest, largest_schema_bytes) =
            (WorkflowDigest::of(text.text().as_bytes()), self.largest_schema_bytes);
        Workflow { digest, definition: text, top, largest_schema_bytes }
    }
}

impl Check<'_> {
    /// A workflow: the outermost, or one as a step.
    pub(super) fn workflow(&mut self, site: &Site, from: &Definition, outer: &RetryPolicy) -> Option<Scope> {
        if let Err(error) = check_name("workflow", &from.id) {
            self.problems.add(site, Field::of("id"), error.to_string());
        }
        self.timeout(site, "timeoutMs", from.timeout_ms);
        let retry = self.retry(site, from.retry.as_ref()).unwrap_or_else(|| outer.clone());
        let input = self.schema(site, "inputSchema", from.input_schema.as_ref());
        let output = self.schema(site, "outputSchema", from.output_schema.as_ref());
        let state = self.schema(site, "stateSchema", from.state_schema.as_ref());
        let context = self.schema(site, "requestContextSchema", from.request_context_schema.as_ref());
        let around = std::mem::take(&mut self.entries);
        let mut draft = Draft::of_workflow(site.path.clone(), &retry, &from.steps);
        let sequence =
            self.nested(site, |check| check.sequence(&mut draft, Entries::of_workflow(from, site), None));
        self.entries = around;
        let ((nodes, index), first) = (draft.finish()?, sequence?.first);
        let (id, timeout_ms) = (from.id.clone(), from.timeout_ms);
        Some(Scope { id, input, output, state, request_context: context, timeout_ms, first, nodes, index })
    }

    /// Looks at what is inside something, unless that is too deep.
    pub(super) fn nested<T>(&mut self, site: &Site, look: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.is_new && self.depth >= PATH_DEPTH_MAX {
            let problem = format!("workflows and blocks are nested more than {PATH_DEPTH_MAX} levels deep");
            self.problems.add(site, Field::whole(), problem);
            return None;
        }
        self.depth += 1;
        let found = look(self);
        self.depth -= 1;
        found
    }

    /// Counts an entry. Tells the first that is too many.
    pub(super) fn count(&mut self, site: &Site) {
        self.entries += 1;
        if self.entries == ENTRIES_MAX + 1 {
            let problem = format!("the workflow has more than {ENTRIES_MAX} entries");
            self.problems.add(site, Field::whole(), problem);
        }
    }

    /// What an entry is.
    pub(super) fn kind(
        &mut self,
        draft: &mut Draft<'_>,
        at: usize,
        site: &Site,
        entry: &Entry,
    ) -> Option<Kind> {
        match entry {
            Entry::Then(from) => self.step(draft, site, Field::whole(), from).map(Kind::Step),
            Entry::Workflow(from) => {
                self.workflow(site, from, draft.retry).map(|inner| Kind::Workflow(Box::new(inner)))
            }
            Entry::Map(from) => self.map(draft, site, from).map(Kind::Map),
            Entry::Sleep(from) => self.sleep(draft, site, from).map(Kind::Sleep),
            Entry::SleepUntil(from) => self.sleep_until(draft, site, from).map(Kind::Sleep),
            Entry::Ask(from) => self.ask(draft, site, from).map(|wait| Kind::Wait(Box::new(wait))),
            Entry::Event(from) => self.event(draft, site, from).map(|wait| Kind::Wait(Box::new(wait))),
            Entry::Parallel(_) | Entry::Branch(_) | Entry::Try(_) => {
                self.nested(site, |check| check.block(draft, at, site, entry))
            }
            Entry::ForEach(_) | Entry::DoWhile(_) | Entry::DoUntil(_) => {
                self.nested(site, |check| check.block(draft, at, site, entry))
            }
        }
    }

    /// A step of a component, which is an entry or stands in a field of one.
    pub(super) fn step(
        &mut self,
        draft: &Draft<'_>,
        site: &Site,
        field: Field,
        from: &StepEntry,
    ) -> Option<StepNode> {
        let site = &Site { path: site.path.clone(), pointer: format!("{}{}", site.pointer, field.pointer) };
        self.timeout(site, "timeoutMs", from.timeout_ms);
        self.timeout(site, "totalTimeoutMs", from.total_timeout_ms);
        let own = self.retry(site, from.retry.as_ref());
        let siblings = match (self.contracts)(&from.component) {
            Ok(siblings) => siblings,
            Err(problem) => {
                self.problems.add(site, Field::of("component"), problem);
                return None;
            }
        };
        if self.measured.insert(from.component) {
            let largest = siblings.values().map(|step| step.largest_schema_bytes()).max();
            self.largest_schema_bytes = self.largest_schema_bytes.max(largest.unwrap_or(0));
        }
        let Some(contract) = siblings.get(&from.step).cloned() else {
            self.no_step(site, from, &siblings);
            return None;
        };
        let declared = contract.descriptor.retry.as_ref();
        if let Some(Err(error)) = declared.map(RetryPolicy::check).filter(|_| self.is_new) {
            let problem = format!("the step `{}` declares a {error}", from.step);
            self.problems.add(site, Field::of("step"), problem);
        }
        Some(StepNode {
            component: from.component,
            retry: own.or_else(|| declared.cloned()).unwrap_or_else(|| draft.retry.clone()),
            timeout_ms: from.timeout_ms,
            total_timeout_ms: from.total_timeout_ms,
            contract,
            siblings,
        })
    }

    fn no_step(&mut self, site: &Site, from: &StepEntry, siblings: &ComponentSteps) {
        let mut has: Vec<&str> = siblings.keys().map(String::as_str).collect();
        has.sort_unstable();
        let hint = did_you_mean(&from.step, has.iter().copied());
        let (component, step, has) = (&from.component, &from.step, has.join(", "));
        let problem = format!("component {component} has no step `{step}`; it has: {has}{hint}");
        self.problems.add(site, Field::of("step"), problem);
    }

    fn timeout(&mut self, site: &Site, field: &str, timeout_ms: Option<u64>) {
        let problem = match timeout_ms {
            Some(0) => "it is 0, expected at least 1 millisecond; leave it out for no bound".to_owned(),
            Some(ms) if ms > AHEAD_MS_MAX && self.is_new => {
                format!("it is {ms}, expected at most ten years, {AHEAD_MS_MAX}; leave it out for no bound")
            }
            _ => return,
        };
        self.problems.add(site, Field::of(field), problem);
    }

    fn retry(&mut self, site: &Site, policy: Option<&RetryPolicy>) -> Option<RetryPolicy> {
        let policy = policy?;
        // What was kept before bounds were set is taken as it is: no wait is longer than they allow.
        if let Err(error) = policy.check()
            && self.is_new
        {
            let problem = format!("it is {}, expected {}", error.found, error.expected);
            self.problems.add(site, Field::of("retry").key(error.field), problem);
        }
        Some(policy.clone())
    }

    pub(super) fn schema(&mut self, site: &Site, which: &str, text: Option<&Json>) -> Option<Schema> {
        let compile = if self.is_new { Schema::compile } else { Schema::stored };
        let made = compile(text?).and_then(|schema| {
            self.largest_schema_bytes = self.largest_schema_bytes.max(schema.text().text().len());
            self.patterns = self.patterns.and(schema.patterns());
            self.patterns.check_all().map(|()| schema)
        });
        match made {
            Ok(schema) => Some(schema),
            Err(error) => {
                self.problems.add(site, Field::of(which), error.to_string());
                None
            }
        }
    }
}

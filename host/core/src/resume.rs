//! Answers: which suspension one is meant for, and whether it may be given.
//!
//! Everything is checked before anything is claimed, so a bad call never harms a run.

use std::collections::BTreeMap;
use std::fmt;

use crate::actor::By;
use crate::id::SuspensionId;
use crate::json::Json;
use crate::path::{PathError, StepPath};
use crate::run::{Doing, Held, Run, RunStatus, Suspension, SuspensionEnd};
use crate::time::Timestamp;
use crate::trace::{TracingContext, TracingOptions};

/// A request to resume a run.
#[derive(Clone, Debug, Default)]
pub struct ResumeRequest {
    /// Which suspension is answered.
    pub target: Target,
    /// The answer; `None` is `null`.
    pub data: Option<Json>,
    /// Merged key by key over what the run has stored.
    pub request_context: BTreeMap<String, Json>,
    /// The key under which this is asked for, if it is to be done once. It is free again when the step refuses the answer.
    pub request: Option<String>,
    /// Who answers.
    pub by: By,
    /// The attempt number to account to the resumed call, 0 by default; at most the retries of the step's policy.
    pub retry_count: u32,
    /// The caller's span.
    pub tracing_context: TracingContext,
    /// What the caller asks of the resume's root span.
    pub tracing_options: TracingOptions,
}

/// How a request names the suspension that it answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// Its step, or any part of the path from the top that leaves one candidate.
    pub step: Option<StepPath>,
    /// A label. It wins over `step`.
    pub label: Option<String>,
    /// Index of an item of a `foreach`. Beside `step`, the index of the entry that it names; otherwise that of any `foreach` around
    /// the step. The turn of a loop is no index.
    pub for_each_index: Option<u32>,
    /// The suspension's own id. It wins over everything else.
    pub suspension: Option<SuspensionId>,
    /// The version of the run that the caller has seen: a suspension that was opened later is not meant. Not looked at beside
    /// `suspension`, which names what was seen.
    pub seen: Option<u64>,
    /// Whether all suspensions that fit are answered, each with the same data. Otherwise there must be exactly one.
    pub all: bool,
}

impl Target {
    /// Names the step: its id, or the dotted path to it.
    ///
    /// # Errors
    /// [`PathError`] when the text is no path; the empty text is none.
    pub fn step(path: &str) -> Result<Self, PathError> {
        Ok(Self { step: Some(StepPath::from_elements(path.split('.'))?), ..Self::default() })
    }

    /// Names a label.
    pub fn label(label: impl Into<String>) -> Self {
        Self { label: Some(label.into()), ..Self::default() }
    }

    /// Names the suspension itself.
    pub fn suspension(id: SuspensionId) -> Self {
        Self { suspension: Some(id), ..Self::default() }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let index = self.for_each_index.map(|index| format!(" with index {index}")).unwrap_or_default();
        match (&self.suspension, &self.label, &self.step) {
            (Some(id), ..) => write!(f, "suspension `{id}`"),
            (_, Some(label), _) => write!(f, "label `{label}`{index}"),
            (_, _, Some(step)) => write!(f, "step `{step}`{index}"),
            _ => write!(f, "the suspended step{index}"),
        }
    }
}

/// A suspension that an answer could have meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The step.
    pub path: StepPath,
    /// The suspension.
    pub suspension: SuspensionId,
    /// Its labels.
    pub labels: Vec<String>,
}

/// The suspensions that an answer could have meant, as messages list them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidates(pub Vec<Candidate>);

/// Most candidates that a message lists.
const CANDIDATES_SHOWN_MAX: usize = 20;

impl fmt::Display for Candidates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        for (at, candidate) in self.0.iter().take(CANDIDATES_SHOWN_MAX).enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}[{}]", candidate.path)?;
            for label in &candidate.labels {
                write!(f, " \"{label}\"")?;
            }
        }
        match self.0.len().checked_sub(CANDIDATES_SHOWN_MAX) {
            None | Some(0) => Ok(()),
            Some(more) => write!(f, " and {more} more"),
        }
    }
}

/// A target that names no suspension, or several.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// Nothing of the run waits for an answer.
    #[error("this workflow run was not suspended: it is {status}")]
    NotSuspended {
        /// How it stands.
        status: RunStatus,
    },
    /// The target names none of the open suspensions: it is unknown, or was answered before.
    #[error("{target} was not suspended; suspended steps: {open}")]
    Unknown {
        /// As the request said.
        target: Box<Target>,
        /// What is open.
        open: Candidates,
    },
    /// The suspension that the target names is over.
    #[error("{target} {} at {at}{}; suspended steps: {open}", became(.end), given_by(.by.as_deref()))]
    Consumed {
        /// As the request said.
        target: Box<Target>,
        /// How it ended.
        end: SuspensionEnd,
        /// When it ended; for what expired, when its time was over.
        at: Timestamp,
        /// Who answered, if a caller did and that is recorded.
        by: Option<String>,
        /// What is open.
        open: Candidates,
    },
    /// What the target names was opened after what the caller has seen.
    #[error(
        "{target} was suspended after version {seen} of the run, which is the last that the request knows of; suspended steps: {open}"
    )]
    Unseen {
        /// As the request said.
        target: Box<Target>,
        /// The version that the caller has seen.
        seen: u64,
        /// Those that fit.
        open: Candidates,
    },
    /// The target leaves several open suspensions to choose from.
    #[error("multiple suspended steps found for {target}: {open}; name one of them")]
    Ambiguous {
        /// As the request said.
        target: Box<Target>,
        /// Those that fit.
        open: Candidates,
    },
}

fn became(end: &SuspensionEnd) -> &'static str {
    match end {
        SuspensionEnd::Answered => "was answered",
        SuspensionEnd::Elapsed => "expired",
        SuspensionEnd::Received | SuspensionEnd::Finished | SuspensionEnd::Closed => "was closed",
    }
}

fn given_by(name: Option<&str>) -> String {
    name.map(|name| format!(" by {name}")).unwrap_or_default()
}

impl TargetError {
    /// What became of the suspension that is over, if that is why.
    pub fn over(&self) -> Option<String> {
        match self {
            Self::Consumed { end, at, by: name, .. } => {
                Some(format!("it {} at {at}{}", became(end), given_by(name.as_deref())))
            }
            _ => None,
        }
    }

    /// A suspension that was there, and ended; if by an answer, by whom.
    pub fn consumed(
        run: &Run,
        target: Target,
        end: SuspensionEnd,
        at: Timestamp,
        by: Option<String>,
    ) -> Self {
        Self::Consumed {
            target: Box::new(target),
            end,
            at,
            by,
            open: candidates(&run.answerable().collect::<Vec<_>>()),
        }
    }
}

/// Finds the one open suspension that a target means.
///
/// # Errors
/// [`TargetError`] when there is none or more than one, with the candidates.
pub fn find<'run>(
    run: &'run Run,
    target: &Target,
) -> Result<(&'run StepPath, &'run Suspension), TargetError> {
    match fitting(run, target)?.as_slice() {
        [one] => Ok(*one),
        several => {
            Err(TargetError::Ambiguous { target: Box::new(target.clone()), open: candidates(several) })
        }
    }
}

/// Finds the open suspensions that a target means: exactly one, unless it asks for all.
///
/// # Errors
/// As [`find`]; a target that asks for all must fit at least one.
pub fn find_all<'run>(
    run: &'run Run,
    target: &Target,
) -> Result<Vec<(&'run StepPath, &'run Suspension)>, TargetError> {
    match target.all {
        true => fitting(run, target),
        false => find(run, target).map(|one| vec![one]),
    }
}

/// The open suspensions that fit a target, at least one.
fn fitting<'run>(
    run: &'run Run,
    target: &Target,
) -> Result<Vec<(&'run StepPath, &'run Suspension)>, TargetError> {
    let open: Vec<_> = run.answerable().collect();
    if open.is_empty() {
        return Err(TargetError::NotSuspended { status: run.status() });
    }
    let fitting: Vec<_> =
        open.iter().filter(|(path, found)| fits(run, target, path, found)).copied().collect();
    if fitting.is_empty() {
        return Err(TargetError::Unknown { target: Box::new(target.clone()), open: candidates(&open) });
    }
    let Some(seen) = target.seen.filter(|_| target.suspension.is_none()) else { return Ok(fitting) };
    let known: Vec<_> = fitting.iter().filter(|(_, found)| found.version <= seen).copied().collect();
    match known.is_empty() {
        true => {
            Err(TargetError::Unseen { target: Box::new(target.clone()), seen, open: candidates(&fitting) })
        }
        false => Ok(known),
    }
}

fn fits(run: &Run, target: &Target, path: &StepPath, suspension: &Suspension) -> bool {
    if let Some(id) = target.suspension {
        return suspension.id == id;
    }
    let (name_fits, named) = match (&target.label, &target.step) {
        (Some(label), _) => (suspension.labels().contains(label), None),
        (None, Some(step)) => (path.is_within(step), Some(step.segments().len())),
        (None, None) => (true, None),
    };
    name_fits && target.for_each_index.is_none_or(|index| has_item(run, path, named, index))
}

/// Whether a path leads through this item of a `foreach`: of the entry that is `named` elements deep, or, without one, of any.
fn has_item(run: &Run, path: &StepPath, named: Option<usize>, index: u32) -> bool {
    let mut above = StepPath::root();
    path.segments().iter().zip(1..).any(|(segment, depth)| {
        above = above.with(segment.clone());
        segment.index == Some(index)
            && named.is_none_or(|named| named == depth)
            // What goes on is held by blocks that are not done, so that the block is there.
            && matches!(
                run.steps.get(&above.without_index()).map(|block| &block.doing),
                Some(Doing::Holding(Held::ForEach { .. }))
            )
    })
}

fn candidates(open: &[(&StepPath, &Suspension)]) -> Candidates {
    let candidate = |(path, suspension): &(&StepPath, &Suspension)| Candidate {
        path: (*path).clone(),
        suspension: suspension.id,
        labels: suspension.labels().to_vec(),
    };
    Candidates(open.iter().map(candidate).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::digest::WorkflowDigest;
    use crate::id::{RunId, TenantId};
    use crate::run::{Phase, Step, StepEntry, StepStatus, Waiting};
    use crate::step::{AnswerWait, Wait, WaitFor, Wake};

    /// A run in which these steps wait for an answer: path and labels, the first with suspension 0 and so on.
    fn waiting(steps: &[(&str, &[&str])]) -> Run {
        let id = RunId::from_bytes([0; 16]);
        let workflow = (WorkflowDigest::of(b""), "w".to_owned());
        let mut run = Run::new(id, TenantId::default(), workflow, Timestamp(0));
        run.phase = Phase::Live;
        for (at, (path, labels)) in (0u8..).zip(steps) {
            let labels = labels.iter().map(|label| (*label).to_owned()).collect();
            let answer = AnswerWait {
                payload: Json::null(),
                labels,
                assignees: Vec::new(),
                resume_schema: None,
                deadline: None,
            };
            let suspension = Suspension {
                id: SuspensionId::from_bytes([at; 16]),
                wait: Wait { id: 0, what: WaitFor::Answer(answer) },
                since: Timestamp(0),
                version: u64::from(at),
                over: None,
                claim: None,
                refusals: 0,
                child: None,
            };
            let entry = StepEntry {
                status: StepStatus::Suspended,
                payload: Json::null(),
                output: None,
                error: None,
                started_at: Timestamp(0),
                ended_at: None,
                suspend_payload: None,
                suspended_at: None,
                resume_payload: None,
                resumed_at: None,
            };
            let step = Step {
                entry,
                apart: None,
                calls: 1,
                attempt: 0,
                take_overs: 0,
                trials: 0,
                children: 0,
                deadline: None,
                doing: Doing::Waiting(Waiting { image: None, wake: Wake::Any }),
                span_id: None,
                suspensions: vec![suspension],
            };
            run.steps.insert(path.parse().unwrap(), step);
        }
        run
    }

    fn found(run: &Run, target: &Target) -> String {
        find(run, target).map_or_else(|error| error.to_string(), |(path, _)| path.to_string())
    }

    fn step(path: &str, for_each_index: Option<u32>) -> Target {
        Target { for_each_index, ..Target::step(path).unwrap() }
    }

    /// Mastra 1.71 says the same of branches, but of two steps in one nested workflow it knows only the last.
    #[test]
    fn a_target_that_leaves_several_is_refused_with_all_of_them() {
        let run = waiting(&[("pa", &["A"]), ("pb", &[]), ("inner.x", &[]), ("inner.y", &["Y", "why"])]);
        assert_eq!(
            found(&run, &Target::default()),
            "multiple suspended steps found for the suspended step: [inner.x], [inner.y] \"Y\" \"why\", [pa] \"A\", [pb]; name one of them"
        );
        assert_eq!(
            found(&run, &step("inner", None)),
            "multiple suspended steps found for step `inner`: [inner.x], [inner.y] \"Y\" \"why\"; name one of them"
        );
        assert_eq!(found(&run, &step("pb", None)), "pb");
        assert_eq!(found(&run, &step("inner.y", None)), "inner.y");
        assert_eq!(found(&run, &Target::label("A")), "pa");
        assert_eq!(found(&run, &Target::suspension(SuspensionId::from_bytes([1; 16]))), "pb");
        assert_eq!(found(&waiting(&[("pb", &[])]), &Target::default()), "pb");
    }

    /// The same, with blocks that are under way around them.
    fn within(blocks: &[(&str, Held)], steps: &[&str]) -> Run {
        let steps: Vec<(&str, &[&str])> = steps.iter().map(|path| (*path, [].as_slice())).collect();
        let mut run = waiting(&steps);
        for (path, held) in blocks {
            let mut block = run.steps.values().next().unwrap().clone();
            (block.doing, block.suspensions) = (Doing::Holding(held.clone()), Vec::new());
            run.steps.insert(path.parse().unwrap(), block);
        }
        run
    }

    const ITEMS: Held = Held::ForEach { count: 20, begun: 20, open: 20 };
    const LOOP: Held = Held::Loop { iteration: 1 };

    /// Differs from Mastra 1.71, which gives all items the same answer when no index is named.
    #[test]
    fn items_are_told_apart_by_index() {
        let run = within(&[("each", ITEMS)], &["each[0]", "each[2].check", "each[10]"]);
        assert_eq!(found(&run, &step("each", Some(10))), "each[10]");
        assert_eq!(found(&run, &step("each", Some(2))), "each[2].check");
        assert_eq!(found(&run, &step("each[0]", None)), "each[0]");
        assert_eq!(found(&run, &Target { for_each_index: Some(10), ..Target::default() }), "each[10]");
        assert!(
            found(&run, &step("each", Some(1))).starts_with("step `each` with index 1 was not suspended")
        );
        assert!(
            found(&run, &step("each", None)).starts_with("multiple suspended steps found for step `each`")
        );
    }

    /// Each kind of block around and within a `foreach`: which step an index means.
    #[test]
    fn an_index_is_that_of_the_entry_that_is_named() {
        let check = |run: &Run, target: Target, expected: &str| {
            let found = found(run, &target);
            assert!(found == expected || found.contains(expected), "{target}: {found}");
        };
        let any = |index| Target { for_each_index: Some(index), ..Target::default() };

        // A loop in each item: item 0 is in its second turn, item 1 in its first.
        let blocks = [("each", ITEMS), ("each[0].ask", LOOP), ("each[1].ask", LOOP)];
        let run = within(&blocks, &["each[0].ask[1]", "each[1].ask[0]"]);
        check(&run, step("each", Some(1)), "each[1].ask[0]");
        check(&run, step("each", Some(0)), "each[0].ask[1]");
        check(&run, any(1), "each[1].ask[0]");
        check(&run, step("each[0].ask", Some(1)), "step `each[0].ask` with index 1 was not suspended");

        // Items in each turn of a loop.
        let run = within(&[("body", LOOP), ("body[1].each", ITEMS)], &["body[1].each[0]", "body[1].each[1]"]);
        check(&run, any(1), "body[1].each[1]");
        check(&run, step("body", Some(1)), "step `body` with index 1 was not suspended");
        check(&run, step("body.each", Some(0)), "body[1].each[0]");

        // Items of items: an index beside no step leaves several, and so does that of the inner block.
        let blocks = [("out", ITEMS), ("out[0].in", ITEMS), ("out[1].in", ITEMS)];
        let run = within(&blocks, &["out[0].in[1]", "out[1].in[0]", "out[1].in[1]"]);
        check(&run, step("out", Some(0)), "out[0].in[1]");
        check(
            &run,
            step("out", Some(1)),
            "step `out` with index 1: [out[1].in[0]], [out[1].in[1]]; name one",
        );
        check(&run, step("out.in", Some(0)), "out[1].in[0]");
        check(
            &run,
            step("out.in", Some(1)),
            "step `out.in` with index 1: [out[0].in[1]], [out[1].in[1]]; name",
        );
        check(&run, step("out[1].in", Some(1)), "out[1].in[1]");
        check(&run, any(0), "index 0: [out[0].in[1]], [out[1].in[0]]; name one of them");

        // What a step has run on its behalf is no item either.
        let run = within(&[("each", ITEMS)], &["each[0].sub[1]", "each[1]"]);
        check(&run, step("each", Some(1)), "each[1]");
        check(&run, any(1), "each[1]");
        check(&run, step("each[0].sub", Some(1)), "step `each[0].sub` with index 1 was not suspended");
    }

    #[test]
    fn what_was_opened_after_what_the_caller_saw_is_not_meant() {
        // The first was opened with version 0, the second with 1, the third with 2.
        let run = waiting(&[("pa", &["A"]), ("pb", &["A"]), ("pc", &[])]);
        let seen = |seen, target: Target| Target { seen: Some(seen), ..target };
        assert_eq!(found(&run, &seen(0, Target::default())), "pa");
        assert_eq!(found(&run, &seen(0, Target::label("A"))), "pa");
        assert_eq!(found(&run, &seen(2, step("pc", None))), "pc");
        assert_eq!(found(&run, &seen(0, Target::suspension(SuspensionId::from_bytes([2; 16])))), "pc");
        assert_eq!(
            found(&run, &seen(1, step("pc", None))),
            "step `pc` was suspended after version 1 of the run, which is the last that the request knows of; suspended steps: [pc]"
        );
        assert!(
            found(&run, &seen(1, Target::label("A"))).contains("[pa] \"A\", [pb] \"A\"; name one of them")
        );
        let all = find_all(&run, &seen(1, Target { all: true, ..Target::default() })).unwrap();
        assert_eq!(all.len(), 2);
    }

    #[test]
    fn a_message_lists_only_so_many() {
        let steps: Vec<String> = (0..30).map(|at| format!("s{at}")).collect();
        let steps: Vec<(&str, &[&str])> = steps.iter().map(|path| (path.as_str(), [].as_slice())).collect();
        assert!(found(&waiting(&steps), &Target::default()).ends_with("[s26] and 10 more; name one of them"));
    }

    #[test]
    fn an_empty_path_is_no_target() {
        assert!(Target::step("").is_err() && Target::step("a..b").is_err());
    }
}

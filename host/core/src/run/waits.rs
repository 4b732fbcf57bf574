//! What a step may wait for: checked before the run waits for it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::limits::{CALLS_MAX, LABEL_BYTES_MAX, LABELS_MAX, OWN_SCHEMAS_BYTES_MAX, WAITS_MAX};
use crate::failure;
use crate::json::Json;

use super::change::Change;
use super::fail::invalid;
use crate::path::StepPath;
use crate::schema::{PatternCost, Schema, SchemaCache};
use crate::step::{AnswerWait, Deadline, DeadlineOutcome, EventWait, Failure, RunTarget, WaitFor, Waits};
use crate::time::Timestamp;
use crate::workflow::StepAt;

/// What a step waits for, checked, with the defaults of deadlines' answers filled in.
///
/// # Errors
/// The failure of the step, which is final: the same call would end in the same way.
pub(super) fn checked_waits(
    change: &Change<'_>,
    path: &StepPath,
    step: StepAt<'_>,
    mut waits: Waits,
) -> Result<Waits, Failure> {
    if change.run.steps.get(path).is_some_and(|step| step.calls >= CALLS_MAX) {
        let message = format!("the step suspended {CALLS_MAX} times, which is the most");
        return Err(Failure::of(&failure::TOO_MANY_CALLS, message));
    }
    let count = waits.waits.len();
    if count == 0 {
        return Err(Failure::of(&failure::NO_WAIT, "the step suspended without waiting for anything".into()));
    }
    if count > WAITS_MAX {
        let message = format!("the step waits for {count} things at once, at most {WAITS_MAX} are allowed");
        return Err(Failure::of(&failure::TOO_MANY_WAITS, message));
    }
    let (mut ids, mut schemas) = (HashSet::new(), OwnSchemas::new(&change.program.schemas));
    for wait in &mut waits.waits {
        if !ids.insert(wait.id) {
            let message = format!("two waits have the id {}: ids of waits must differ", wait.id);
            return Err(Failure::of(&failure::REPEATED_WAIT, message));
        }
        match &mut wait.what {
            WaitFor::Answer(answer) => {
                check_instant(
                    change.now,
                    "a deadline",
                    answer.deadline.as_ref().map(|deadline| deadline.at),
                )?;
                check_answer(step, answer, &mut schemas)?;
                check_labels(Texts::Labels, &answer.labels)?;
            }
            WaitFor::Event(event) => {
                check_instant(change.now, "a deadline", event.deadline.as_ref().map(|deadline| deadline.at))?;
                check_event(event)?;
            }
            WaitFor::Run(run) => check_target(&run.target)?,
            WaitFor::Time(at) => check_instant(change.now, "an instant", Some(*at))?,
            WaitFor::Checkpoint => {}
        }
    }
    Ok(waits)
}

/// Checks that something happens within ten years.
fn check_instant(now: Timestamp, what: &str, at: Option<Timestamp>) -> Result<(), Failure> {
    match at.filter(|at| at.is_too_far_from(now)) {
        Some(at) => {
            let message = format!("the step waits for {what} more than ten years ahead: {at}");
            Err(Failure::of(&failure::LIMIT, message))
        }
        None => Ok(()),
    }
}

/// The schemas that the answers of one suspension bring along. Each distinct one is compiled once, and all of them are
/// bounded together: a step may wait for thousands of answers.
struct OwnSchemas<'p> {
    cache: &'p SchemaCache,
    seen: HashMap<String, Arc<Schema>>,
    bytes: usize,
    patterns: PatternCost,
}

impl<'p> OwnSchemas<'p> {
    fn new(cache: &'p SchemaCache) -> Self {
        Self { cache, seen: HashMap::new(), bytes: 0, patterns: PatternCost::default() }
    }

    fn get(&mut self, text: &Json) -> Result<Arc<Schema>, Failure> {
        if let Some(seen) = self.seen.get(text.text()) {
            return Ok(Arc::clone(seen));
        }
        let failure = |message: String| Failure::of(&failure::INVALID_SCHEMA, message);
        self.bytes = self.bytes.saturating_add(text.text().len());
        if self.bytes > OWN_SCHEMAS_BYTES_MAX {
            return Err(failure(format!(
                "the resume schemas of the suspension have more than {OWN_SCHEMAS_BYTES_MAX} bytes together"
            )));
        }
        let schema = self.cache.compile(text);
        let schema =
            schema.map_err(|error| failure(format!("the resume schema of the suspension is {error}")))?;
        self.patterns = self.patterns.and(schema.patterns());
        let together = |what: String| failure(format!("the resume schemas of the suspension have {what}"));
        self.patterns.check().map_err(together)?;
        self.seen.insert(text.text().to_owned(), Arc::clone(&schema));
        Ok(schema)
    }
}

fn check_answer(
    step: StepAt<'_>,
    answer: &mut AnswerWait,
    schemas: &mut OwnSchemas<'_>,
) -> Result<(), Failure> {
    let own = answer.resume_schema.as_ref().map(|text| schemas.get(text)).transpose()?;
    // A suspension with a resume schema of its own asks a question of its own; the step's suspend schema is about the
    // usual one.
    if let (None, Some(suspend)) = (&own, &step.contract.suspend) {
        suspend.check(&answer.payload).map_err(|violations| {
            invalid(&failure::INVALID_SUSPEND_DATA, "step suspend data", &violations)
        })?;
    }
    let schema = own.as_deref().or(step.contract.resume.as_ref());
    if let (Some(Deadline { otherwise: DeadlineOutcome::Answer(data), .. }), Some(schema)) =
        (&mut answer.deadline, schema)
    {
        *data = schema
            .check(data)
            .map_err(|violations| invalid(&failure::INVALID_DEADLINE, "default answer", &violations))?;
    }
    Ok(())
}

/// Checks by what something to be run is named. Whether there is such a thing is told to the step.
fn check_target(target: &RunTarget) -> Result<(), Failure> {
    let (what, name) = match target {
        RunTarget::Step(name) => ("step", name),
        RunTarget::Workflow(name) => ("workflow", name),
    };
    if name.is_empty() || name.len() > LABEL_BYTES_MAX {
        let length = name.len();
        let message =
            format!("the name of a {what} to run has {length} bytes, 1 to {LABEL_BYTES_MAX} are allowed");
        return Err(Failure::of(&failure::INVALID_RUN, message));
    }
    Ok(())
}

/// Checks by what an event is named.
pub(super) fn check_event(event: &EventWait) -> Result<(), Failure> {
    for (what, text) in [("name", Some(&event.name)), ("key", event.key.as_ref())] {
        if let Some(text) = text
            && (text.is_empty() || text.len() > LABEL_BYTES_MAX)
        {
            let length = text.len();
            let message =
                format!("the {what} of an event has {length} bytes, 1 to {LABEL_BYTES_MAX} are allowed");
            return Err(Failure::of(&failure::INVALID_EVENT, message));
        }
    }
    Ok(())
}

/// What a question carries beside its payload.
#[derive(Clone, Copy, Debug)]
pub(super) enum Texts {
    /// Names by which an answer may be addressed.
    Labels,
    /// Those who are asked.
    Assignees,
}

/// Checks texts that a question carries beside its payload: labels, or those who are asked.
pub(super) fn check_labels(texts: Texts, labels: &[String]) -> Result<(), Failure> {
    let (code, article, what) = match texts {
        Texts::Labels => (&failure::INVALID_LABEL, "a", "label"),
        Texts::Assignees => (&failure::INVALID_ASSIGNEE, "an", "assignee"),
    };
    if labels.len() > LABELS_MAX {
        let message = format!("{} {what}s given, at most {LABELS_MAX} are allowed", labels.len());
        return Err(Failure::of(code, message));
    }
    for label in labels {
        if label.is_empty() || label.len() > LABEL_BYTES_MAX {
            let message = format!(
                "{article} {what} of {} bytes given, 1 to {LABEL_BYTES_MAX} are allowed",
                label.len()
            );
            return Err(Failure::of(code, message));
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::*;
    use crate::compiled::CompileCount;

    /// What becomes of the schemas of one suspension, and how many of them are compiled.
    fn check(schemas: impl Iterator<Item = Value>) -> String {
        let (cache, before) = (SchemaCache::default(), CompileCount::by_this_thread());
        let mut own = OwnSchemas::new(&cache);
        let taken = schemas.map(Json::from).try_for_each(|text| own.get(&text).map(drop));
        let compiled = CompileCount::by_this_thread().since(before).schemas;
        let said = taken.map_or_else(|failure| failure.message, |()| "taken".to_owned());
        format!("{said}; {compiled} compiled")
    }

    fn patterns(count: usize, number: usize) -> Value {
        let each = |at: usize| (format!("p{at}"), json!({ "pattern": format!("^a{number}_{at}$") }));
        json!({ "properties": (0..count).map(each).collect::<Map<_, _>>() })
    }

    #[test]
    fn the_schemas_of_one_suspension_are_compiled_once_and_bounded_together() {
        insta::assert_snapshot!(check((0..60).map(|number| patterns(7_000, number))), @"the resume schema of the suspension is not a usable JSON Schema: 7000 patterns, at most 200 are allowed; 0 compiled");
        insta::assert_snapshot!(check((0..60).map(|_| patterns(3, 0))), @"taken; 1 compiled");
        insta::assert_snapshot!(check((0..60).map(|number| patterns(3, number))), @"taken; 60 compiled");
        insta::assert_snapshot!(
            check((0..60).map(|number| patterns(10, number))),
            @"the resume schemas of the suspension have 210 patterns, at most 200 are allowed; 21 compiled"
        );
        let large = |number: usize| json!({ "title": format!("{number}{}", "x".repeat(100_000)) });
        insta::assert_snapshot!(
            check((0..60).map(large)),
            @"the resume schemas of the suspension have more than 1048576 bytes together; 10 compiled"
        );
    }
}

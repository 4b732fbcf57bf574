//! Steps in unit tests, without a host.
//!
//! ```
//! use reentry_step::{Context, Result, Step, testing};
//! use serde_json::json;
//!
//! async fn double(ctx: Context<String, u8>, number: u8) -> Result<u8> {
//!     Ok(number * ctx.suspend("by what?".to_owned()).await?)
//! }
//!
//! let mut run = testing::start(Step::new("double", double), &json!(4));
//! assert_eq!(run.question(), json!("by what?"));
//! run.answer(&json!(3));
//! assert_eq!(run.output(), json!(12));
//! ```
//!
//! The step runs in the thread of the test, and its memory simply stays where it is. One step runs at a time in a thread: the next
//! [`start`] ends the one before. Schemas are not checked, types are. What goes wrong in a test panics, with words.
#![allow(clippy::panic, clippy::missing_panics_doc, reason = "it is for tests, which fail by panicking")]

pub(crate) mod fake;

use serde::Serialize;
use serde_json::Value;

use crate::bindings::reentry::step::types::{
    DeadlineOutcome, Facts, Failure, Outcome, Resolution, Resolved, RunTarget, Wait, WaitFor,
};
use crate::error::{Error, Result};
use crate::step::{Body, Step};
use crate::{call, json, output, task, waits};

/// What the fake host knows when a step starts. Defaults to nothing, and to an instant in 2023.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The workflow's shared state, an object.
    pub state: Value,
    /// The request context, an object.
    pub request_context: Value,
    /// Outputs of other steps of the run, an object with their paths as keys.
    pub results: Value,
    /// The input of the workflow.
    pub init_data: Value,
    /// Tries of the call before this one.
    pub attempt: u32,
}

/// A step that runs in a test: what it waits for, and what it came to.
pub struct Run {
    facts: Facts,
    came: Came,
}

enum Came {
    Waits(Vec<Wait>),
    Output(Value),
    Failed(Failure),
}

/// Starts a step and runs it until it waits or ends.
pub fn start(step: Step, input: &impl Serialize) -> Run {
    start_with(step, input, Options::default())
}

/// Starts a step with what its host knows.
pub fn start_with(step: Step, input: &impl Serialize, options: Options) -> Run {
    drop(task::take());
    let _lines = output::Lines;
    let facts = fake::facts(step.id(), options.attempt);
    fake::begin(options);
    let input = text(input);
    call::begin(facts.clone());
    let Body::Lasting { begin, .. } = step.body else {
        panic!("a re-entrant step is two functions: call them in tests as they are");
    };
    let outcome = match begin(&input, None) {
        Ok(task) => task::run(task),
        Err(error) => task::ended(Err(error)),
    };
    Run { facts, came: came(outcome) }
}

impl Run {
    /// Whether it waits for something.
    pub fn is_suspended(&self) -> bool {
        matches!(self.came, Came::Waits(_))
    }

    /// Returns the payload of the one question that is open.
    pub fn question(&self) -> Value {
        match &self.only(|_, what| matches!(what, WaitFor::Answer(_))).what {
            WaitFor::Answer(wait) => value(&wait.payload),
            _ => Value::Null,
        }
    }

    /// Returns what it completed with, or bailed with.
    pub fn output(&self) -> Value {
        match &self.came {
            Came::Output(output) => output.clone(),
            other => panic!("the step has no output: it {}", told(other)),
        }
    }

    /// Returns the error that it failed with.
    pub fn failure(&self) -> Error {
        match &self.came {
            Came::Failed(failure) => Error::failed(failure.clone()),
            other => panic!("the step did not fail: it {}", told(other)),
        }
    }

    /// Answers its question. If the step refuses the answer, [`failure`](Self::failure) says why.
    pub fn answer(&mut self, answer: &impl Serialize) {
        let id = self.only(|_, what| matches!(what, WaitFor::Answer(_))).id;
        self.resume(id, Resolution::Answered(text(answer)));
    }

    /// Answers the question with a label.
    pub fn answer_labelled(&mut self, label: &str, answer: &impl Serialize) {
        let is_it = |_, what: &WaitFor| matches!(what, WaitFor::Answer(wait) if wait.labels.iter().any(|one| one == label));
        let id = self.only(is_it).id;
        self.resume(id, Resolution::Answered(text(answer)));
    }

    /// Sends it an event that it waits for.
    pub fn event(&mut self, name: &str, payload: &impl Serialize) {
        let id = self.only(|_, what| matches!(what, WaitFor::Event(wait) if wait.name == name)).id;
        self.resume(id, Resolution::Received(text(payload)));
    }

    /// Has a step or workflow that it runs come to an output, or fail.
    pub fn child(&mut self, id: &str, outcome: Result<impl Serialize>) {
        let is_it = |_, what: &WaitFor| match what {
            WaitFor::Run(wait) => {
                matches!(&wait.target, RunTarget::Step(run) | RunTarget::Workflow(run) if run == id)
            }
            _ => false,
        };
        let wait = self.only(is_it).id;
        let resolution = match outcome.map_err(Error::into_bailed) {
            Ok(output) => Resolution::Completed(text(&output)),
            Err(Ok(result)) => Resolution::Completed(result),
            Err(Err(failure)) => Resolution::Failed(failure),
        };
        self.resume(wait, resolution);
    }

    /// Lets the next sleep, checkpoint or deadline come to its end.
    pub fn pass_time(&mut self) {
        let Came::Waits(waits) = &self.came else {
            panic!("the step waits for nothing: it {}", told(&self.came))
        };
        let next = waits.iter().filter_map(|wait| Some((due(&wait.what)?, wait))).min_by_key(|(at, _)| *at);
        let Some((at, wait)) = next else { panic!("the step waits for no time: it {}", told(&self.came)) };
        let (id, resolution) = (wait.id, at_its_end(&wait.what));
        fake::set_time(at);
        self.resume(id, resolution);
    }

    /// Lists the lines of its log, each with its level before it: `info: all well`.
    pub fn log(&self) -> Vec<String> {
        fake::lines()
    }

    /// Returns the workflow's shared state.
    pub fn state(&self) -> Value {
        value(&fake::state())
    }

    /// Returns the request context.
    pub fn request_context(&self) -> Value {
        value(&fake::request_context())
    }

    fn only(&self, is_it: impl Fn(u32, &WaitFor) -> bool) -> &Wait {
        let Came::Waits(waits) = &self.came else {
            panic!("the step waits for nothing: it {}", told(&self.came))
        };
        let mut found = waits.iter().filter(|wait| is_it(wait.id, &wait.what));
        match (found.next(), found.next()) {
            (Some(wait), None) => wait,
            (None, _) => panic!("the step does not wait for that: it {}", told(&self.came)),
            (Some(_), Some(_)) => panic!("the step waits for several of that kind: it {}", told(&self.came)),
        }
    }

    fn resume(&mut self, wait: u32, resolution: Resolution) {
        let _lines = output::Lines;
        call::begin(Facts { now_ms: fake::now(), ..self.facts.clone() });
        let outcome = match (task::take(), waits::deliver(vec![Resolved { wait, resolution }])) {
            (Some(task), Ok(())) => task::run(task),
            (_, Err(error)) => task::ended(Err(error)),
            (None, _) => panic!("another step was started in this thread"),
        };
        self.came = came(outcome);
    }
}

fn came(outcome: Result<Outcome, Failure>) -> Came {
    match outcome {
        Ok(Outcome::Completed(output) | Outcome::Bailed(output)) => Came::Output(value(&output)),
        Ok(Outcome::Suspended(suspension)) => Came::Waits(suspension.waits),
        Err(failure) => Came::Failed(failure),
    }
}

fn told(came: &Came) -> String {
    match came {
        Came::Waits(waits) => format!("waits for {waits:?}"),
        Came::Output(output) => format!("completed with {output}"),
        Came::Failed(failure) => format!("failed: {}", failure.message),
    }
}

fn due(what: &WaitFor) -> Option<u64> {
    match what {
        WaitFor::Time(at) => Some(*at),
        WaitFor::Checkpoint => Some(0),
        WaitFor::Answer(wait) => wait.deadline.as_ref().map(|deadline| deadline.at_ms),
        WaitFor::Event(wait) => wait.deadline.as_ref().map(|deadline| deadline.at_ms),
        WaitFor::Run(_) => None,
    }
}

fn at_its_end(what: &WaitFor) -> Resolution {
    match what {
        WaitFor::Time(_) => Resolution::Elapsed,
        WaitFor::Checkpoint => Resolution::Recorded,
        WaitFor::Answer(wait) => match wait.deadline.as_ref().map(|deadline| &deadline.otherwise) {
            Some(DeadlineOutcome::Answer(answer)) => Resolution::Answered(answer.clone()),
            _ => Resolution::TimedOut,
        },
        WaitFor::Event(_) | WaitFor::Run(_) => Resolution::TimedOut,
    }
}

fn text(value: &impl Serialize) -> String {
    json::write("the value of the test", value).unwrap_or_else(|error| panic!("{error}"))
}

fn value(text: &str) -> Value {
    json::read("the value", "bad-value", text).unwrap_or_else(|error| panic!("{error}"))
}

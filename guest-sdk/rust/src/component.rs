//! The three functions that the host calls, for whichever steps a crate exports.

use crate::bindings::exports::reentry::step::guest::Guest;
use crate::bindings::reentry::step::types::{Descriptor, Failure, Invocation, Outcome, Resumption};
use crate::call;
use crate::error::{Error, Result};
use crate::step::{Body, Step};
use crate::{task, waits};

/// The steps of a component. Implemented by [`export!`](crate::export).
pub trait Component {
    /// The steps, built anew at each call.
    fn steps() -> Vec<Step>;
}

impl<C: Component> Guest for C {
    fn describe() -> Vec<Descriptor> {
        report_panics();
        C::steps().into_iter().map(Step::describe).collect()
    }

    fn start(call: Invocation) -> Result<Outcome, Failure> {
        report_panics();
        let begun = find::<C>(&call.facts.step).map(|step| step.body);
        call::begin(call.facts);
        match begun {
            Ok(Body::Lasting(begin)) => match begin(&call.input) {
                Ok(task) => task::run(task),
                Err(error) => task::ended(Err(error)),
            },
            Ok(Body::ReEntrant { start, .. }) => task::ended(start(&call.input)),
            Err(error) => task::ended(Err(error)),
        }
    }

    fn resume(call: Resumption) -> Result<Outcome, Failure> {
        if let Some(task) = task::take() {
            call::begin(call.facts);
            return match waits::deliver(call.resolved) {
                Ok(()) => task::run(task),
                Err(error) => task::ended(Err(error)),
            };
        }
        report_panics();
        let step = find::<C>(&call.facts.step);
        call::begin(call.facts.clone());
        task::ended(step.and_then(|step| {
            match step.body {
            Body::ReEntrant { resume, .. } => resume(&call),
            Body::Lasting(_) => Err(Error::new(format!(
                "step {} was resumed in an instance in which it is not waiting: its memory was not put back",
                call.facts.step
            ))
            .code("not-waiting")),
        }
        }))
    }
}

fn find<C: Component>(id: &str) -> Result<Step> {
    let steps = C::steps();
    let known: Vec<String> = steps.iter().map(|step| step.id().to_owned()).collect();
    steps.into_iter().find(|step| step.id() == id).ok_or_else(|| {
        Error::new(format!("there is no step {id} in this component; it has {}", known.join(", ")))
            .code("unknown-step")
    })
}

/// Makes a panic a line of the run's log; what follows it is a trap, which has no message of its own.
fn report_panics() {
    #[cfg(target_arch = "wasm32")]
    std::panic::set_hook(Box::new(|panic| {
        use crate::bindings::reentry::step::host::{Level, log};
        log(Level::Error, &panic.to_string(), None);
    }));
}

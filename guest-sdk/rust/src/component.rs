//! The functions that the host calls, for whichever steps a crate exports.

use crate::bindings::exports::reentry::step::guest::Guest;
use crate::bindings::exports::reentry::step::migration::Guest as Migration;
use crate::bindings::reentry::step::types::{
    Descriptor, Failure, Invocation, Outcome, Resumption, Suspension,
};
use crate::error::{Error, Result};
use crate::progress::{self, Exported};
use crate::step::{Body, Step};
use crate::{call, json, output, task, waits};

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
        let _lines = output::Lines;
        report_panics();
        // In a test there may be one of an earlier step.
        drop(task::take());
        let begun = find::<C>(&call.facts.step).map(|step| step.body);
        call::begin(call.facts);
        match begun {
            Ok(Body::Lasting { begin, .. }) => match begin(&call.input, None) {
                Ok(task) => task::run(task),
                Err(error) => task::ended(Err(error)),
            },
            Ok(Body::ReEntrant { start, .. }) => task::ended(start(&call.input)),
            Err(error) => task::ended(Err(error)),
        }
    }

    fn resume(call: Resumption) -> Result<Outcome, Failure> {
        let _lines = output::Lines;
        if let Some(task) = task::take() {
            call::begin(call.facts);
            progress::forget();
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
            Body::Lasting { .. } => Err(Error::new(format!(
                "step {} was resumed in an instance in which it is not waiting: its memory was not put back",
                call.facts.step
            ))
            .code("not-waiting")),
        }
        }))
    }
}

impl<C: Component> Migration for C {
    fn export_state() -> Result<String, Failure> {
        progress::export().map_err(failure)
    }

    fn import_state(call: Invocation, state: String) -> Result<Suspension, Failure> {
        report_panics();
        import::<C>(call, &state).map_err(failure)
    }
}

/// Has the step begin where another version of it waits.
fn import<C: Component>(call: Invocation, state: &str) -> Result<Suspension> {
    let step = find::<C>(&call.facts.step)?;
    let Body::Lasting { begin, is_migratable: true } = step.body else {
        let message = format!(
            "step {} takes up nothing from other versions: it is not written with Step::migratable",
            call.facts.step
        );
        return Err(Error::new(message).code("not-migratable"));
    };
    call::begin(call.facts);
    let moved: Exported = json::read("the exported state", "bad-state", state)?;
    waits::expect(&moved.waits, moved.last);
    let begun = begin(&call.input, Some(moved.progress.get()))?;
    match task::run(begun).map_err(Error::failed)? {
        Outcome::Suspended(suspension) => waits::met(&moved.waits).map(|()| suspension),
        Outcome::Completed(_) | Outcome::Bailed(_) => {
            Err(Error::new("the step ended, where it waited in the other version").code("other-waits"))
        }
    }
}

/// A move ends with a failure or well; a bail is neither.
fn failure(error: Error) -> Failure {
    error.into_bailed().err().unwrap_or_else(|| Failure {
        message: "the step bailed while it moved".to_owned(),
        code: None,
        retryable: false,
        retry_after_ms: None,
        details: None,
    })
}

fn find<C: Component>(id: &str) -> Result<Step> {
    let steps = C::steps();
    let known: Vec<String> = steps.iter().map(|step| step.id().to_owned()).collect();
    steps.into_iter().find(|step| step.id() == id).ok_or_else(|| {
        Error::new(format!("there is no step {id} in this component; it has {}", known.join(", ")))
            .code("unknown-step")
    })
}

/// What to do instead of something that the standard library has and a step has not, by the words of its panic.
#[cfg_attr(not(target_arch = "wasm32"), allow(dead_code, reason = "panics are reported to a host"))]
fn instead(panic: &str) -> Option<&'static str> {
    const WORDS: [(&str, &str); 3] = [
        ("time not implemented on this platform", "ask ctx.now()"),
        ("can't sleep", "await ctx.sleep(duration)"),
        ("failed to spawn thread", "a step has no threads; await several futures with `join`"),
    ];
    WORDS.iter().find(|(words, _)| panic.contains(words)).map(|(_, instead)| *instead)
}

/// Makes a panic a line of the run's log; what follows it is a trap, whose failure has this message.
fn report_panics() {
    #[cfg(target_arch = "wasm32")]
    std::panic::set_hook(Box::new(|panic| {
        use crate::bindings::reentry::step::host::Level;
        drop(output::Lines);
        let message = panic.to_string().replacen(":\n", ": ", 1);
        let message = match instead(&message) {
            Some(instead) => format!("{message}: {instead}"),
            None => message,
        };
        crate::host::log(Level::Error, &message, Some(r#"{"panic": true}"#));
    }));
}

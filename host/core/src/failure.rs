//! The codes of failures that the host itself gives steps and entries. Steps give theirs beside these.

use crate::step::Failure;

/// A failure as programs and `try` blocks know it, with what people can read about it. docs/errors.md shows all.
#[derive(Debug, PartialEq, Eq)]
pub struct FailureCode {
    /// The stable word.
    pub word: &'static str,
    /// What happened, and why.
    pub what: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
}

impl Failure {
    /// Makes a failure that trying again does not help.
    pub fn of(code: &'static FailureCode, message: String) -> Self {
        let code = Some(code.word.to_owned());
        Self { message, code, retryable: false, retry_after_ms: None, details: None }
    }
}

macro_rules! failure_codes {
    ($($name:ident = $word:literal, $what:literal, $remedy:literal;)+) => {
        $(
            #[doc = $what]
            pub static $name: FailureCode = FailureCode { word: $word, what: $what, remedy: $remedy };
        )+

        /// Every code of a failure that the host gives.
        pub static ALL: &[&FailureCode] = &[$(&$name),+];
    };
}

failure_codes! {
    TRAP = "trap",
        "The step's code trapped: a panic, an abort, memory that is not there, a division by zero. It is tried again if its policy says so.",
        "Read the message and the step's log, and correct the step.";
    TIMEOUT = "timeout",
        "A call, the step as a whole or the workflow took longer than it may. A call is tried again if the policy says so.",
        "Raise `timeoutMs` or `totalTimeoutMs` in the workflow, or the limit `call`; or have the step do less in one call.";
    TIMED_OUT = "timed-out",
        "The deadline of an `ask` or `event` passed, and it has no `otherwise`.",
        "Give it an `otherwise`, or catch the failure with `try`.";
    LIMIT = "limit",
        "A call exceeded a limit of memory, value size, chunks or waits.",
        "Raise the limit that the message names, or have the step take less.";
    CONTRACT = "contract",
        "The step gave the host something that breaks the contract: text that is not JSON, or more data at once than may cross.",
        "Correct the step, or build it with a newer SDK.";
    LIVE_RESOURCES = "live-resources",
        "The step suspended while it held handles of the host, which cannot be kept.",
        "Close files, streams and the like before waiting.";
    UNKNOWN_STEP = "unknown-step",
        "The component does not have the step that it described.",
        "Correct the component: `describe` and the exported steps differ.";
    NO_RUN = "no-run",
        "The component asked for a run while it was being loaded.",
        "Ask the host for nothing before a step is called.";
    BAD_VALUE = "bad-value",
        "A value that the step set is not JSON, or too large. The step sees this failure.",
        "Set a JSON value within the limits.";
    MOVING = "moving",
        "The step set a value while it moved to another version of its component. The step sees this failure.",
        "Set values in `start` and `resume` only.";
    TOO_LARGE = "too-large",
        "The state or the request context would be larger than it may be.",
        "Keep less in the state and the request context.";
    BLOCKED = "blocked",
        "The run was blocked before the reason had a code: continuing it went wrong three times.",
        "Correct the reason that the message names, then continue the run (`runs continue`). Or cancel it.";
    PANIC = "panic",
        "The run is blocked: the host panicked three times while it continued the run.",
        "Report it to the authors of the host. Then continue the run with a corrected host, or cancel it.";
    ENDS_HOSTS = "ends-hosts",
        "The run is blocked: three host processes ended while they made a call of it and no other one.",
        "Correct the component, or report it to the authors of the host. Then continue the run, or cancel it.";
    UNREADABLE = "unreadable",
        "The run is blocked: it could not be read three times, or once when it was to be canceled or deleted.",
        "Delete the run; a backup may have it whole.";
    UNSTORABLE = "unstorable",
        "The run is blocked: what followed from a call of it could not be stored three times.",
        "Correct the reason that the message names, then continue the run. Or cancel it.";
    RUN_CALLS = "run-calls",
        "The run is blocked: it has called guests as often as a run may.",
        "Look for a loop without an end. Raise the limit `run-calls` and continue the run, fork it, or cancel it.";
    RUN_TURNS = "run-turns",
        "The run is blocked: it has entered as many entries as a run may, those in loops counted each time.",
        "Look for a loop without an end. Raise the limit `run-turns` and continue the run, fork it, or cancel it.";
    RUN_CHILDREN = "run-children",
        "The run is blocked: its steps have run as many steps and workflows as they may, at all depths together.",
        "Look for a recursion without an end. Raise the limit `run-children` and continue the run, fork it, or \
         cancel it.";
    RUN_LOG = "run-log",
        "The run is blocked: the log of what happened in it is as large as it may be.",
        "Raise the limit `run-log` and continue the run, fork it, or cancel it.";
    RUN_CPU = "run-cpu",
        "The run is blocked: its calls into guests took as long together as they may.",
        "Raise the limit `run-cpu` and continue the run, fork it, or cancel it.";
    MISSING_GRANT = "missing-grant",
        "The run is blocked: a component of it imports what is not granted any more.",
        "Give the grant that the message names and continue the run, or cancel it.";
    BAD_ANSWER = "bad-answer",
        "The step refused an answer, but named no wait that a caller answered, so the answer cannot be given back.",
        "Correct the step, or build it with a newer SDK.";
    BAD_DEFAULT = "bad-default",
        "The step refused the answer that its own deadline gave.",
        "Correct the default of the deadline.";
    BAD_EVENT = "bad-event",
        "The payload of an event was refused by its schema or by the step.",
        "Send the event as the receiver expects it; the run can be restarted or forked.";
    BAD_RESULT = "bad-result",
        "The step refused the result of a step or workflow that it had run.",
        "Correct either of the two.";
    INVALID_INPUT = "invalid-input",
        "What an entry gets does not fit the step's input schema, or is nested too deeply.",
        "Put a `map` before the step, or correct the entry before it.";
    INVALID_OUTPUT = "invalid-output",
        "The output of a step, block or workflow does not fit its schema, or is nested too deeply.",
        "Correct the step or the mapping that made it.";
    INVALID_STATE = "invalid-state",
        "A step set state that does not fit the state schema.",
        "Correct the step or the schema.";
    INVALID_REQUEST_CONTEXT = "invalid-request-context",
        "The request context does not fit the schema of the step or workflow.",
        "Give the context that the schema asks for with `start`, or correct the step that set it.";
    INVALID_SUSPEND_DATA = "invalid-suspend-data",
        "The question of a step does not fit the step's suspend schema.",
        "Correct the step or the schema.";
    INVALID_DEADLINE = "invalid-deadline",
        "The default answer of a deadline does not fit the resume schema.",
        "Correct the default or the schema.";
    INVALID_SCHEMA = "invalid-schema",
        "The resume schema that a step gave its question cannot be used.",
        "Correct the schema as the message says.";
    INVALID_LABEL = "invalid-label",
        "A question has too many labels, or one that is empty or too long.",
        "Give at most 16 labels of 1 to 256 bytes.";
    INVALID_ASSIGNEE = "invalid-assignee",
        "A question has too many assignees, or one that is empty or too long.",
        "Give at most 16 assignees of 1 to 256 bytes.";
    INVALID_ASK = "invalid-ask",
        "An expression of an `ask` failed, or did not give what its field needs.",
        "Correct the expression that the message shows.";
    INVALID_EVENT = "invalid-event",
        "The name or key of an event is empty, too long, or the expression for it failed.",
        "Give a name, and a key if there is one, of 1 to 256 bytes.";
    INVALID_RUN = "invalid-run",
        "The name of a step or workflow to run is empty or too long.",
        "Give a name of 1 to 256 bytes.";
    INVALID_SLEEP = "invalid-sleep",
        "The expression of a `sleep` or `sleepUntil` failed, or gave no time.",
        "Correct the expression that the message shows.";
    INVALID_ITEMS = "invalid-items",
        "The input of a `foreach` is no array, or the expression for its items failed.",
        "Put a `map` before it that makes an array, or correct the expression.";
    TOO_MANY_ITEMS = "too-many-items",
        "A `foreach` has more than 100,000 items.",
        "Split the items over several runs.";
    MAPPING_FAILED = "mapping-failed",
        "An expression of a `map` failed.",
        "Correct the expression that the message shows.";
    CONDITION_FAILED = "condition-failed",
        "The evaluation of a condition failed.",
        "Correct the expression that the message shows.";
    INVALID_CONDITION = "invalid-condition",
        "A condition gave neither true nor false.",
        "Correct the expression that the message shows.";
    TOO_MANY_ITERATIONS = "too-many-iterations",
        "A loop was repeated more often than it may be.",
        "Correct its condition, or split the work over several runs.";
    UNKNOWN_TARGET = "unknown-target",
        "A step wants something run that there is not.",
        "Apply the workflow, or correct the name in the step.";
    TOO_DEEP = "too-deep",
        "Steps that run steps or workflows are nested too deeply.",
        "End the recursion, or nest less.";
    TOO_MANY_CALLS = "too-many-calls",
        "The step was called more often than it may be.",
        "Split what it does into several steps or runs.";
    TOO_MANY_WAITS = "too-many-waits",
        "The step waits for more things at once than it may.",
        "Wait for fewer, or split them over several steps.";
    NO_WAIT = "no-wait",
        "The step suspended without waiting for anything.",
        "Correct the step, or build it with a newer SDK.";
    REPEATED_WAIT = "repeated-wait",
        "The step gave two of its waits the same number.",
        "Correct the step, or build it with a newer SDK.";
}

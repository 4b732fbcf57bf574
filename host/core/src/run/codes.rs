//! The codes of what a run refuses.

crate::error_codes! { pub table:
    ALREADY_STARTED = "already-started", Conflict,
        "The run was started before.",
        "A run is started once.",
        "Look at the run. Create a new run to do the work again.";
    INVALID_DATA = "invalid-data", Refused,
        "Data does not fit its schema, or is not a value that every reader reads alike.",
        "The data breaks the schema of the step or workflow, repeats a key, or has a number that other readers would change.",
        "Correct the data at the places that the message lists.";
    NOT_SUSPENDED = "not-suspended", Conflict,
        "The run waits for no answer.",
        "It has ended, is running, is paused, or waits for a time or an event.",
        "Look at the run: its status says what it needs.";
    UNKNOWN_TARGET = "unknown-target", Refused,
        "No open question matches the step, label or suspension that was named.",
        "The name is misspelled, or the question is not open in this run.",
        "Choose one of the open questions that the error lists.";
    AMBIGUOUS_TARGET = "ambiguous-target", Refused,
        "Several open questions match.",
        "The answer names no question, or one that several steps share.",
        "Name the suspension. The error lists those that match.";
    UNSEEN_QUESTION = "unseen-question", Conflict,
        "The question was opened after what the sender saw.",
        "The answer was written for an earlier version of the run.",
        "Read the question that is open now, and answer that one.";
    ALREADY_ANSWERED = "already-answered", Conflict,
        "The question was answered before.",
        "Another answer was faster, or this one was sent twice.",
        "Nothing. The run's history has the answer that counted.";
    EXPIRED = "expired", Conflict,
        "The question's deadline has passed.",
        "The answer came too late.",
        "Nothing for this question. Fork the run at it to try another answer.";
    CLOSED = "closed", Conflict,
        "The question was closed.",
        "Its step ended, its block ended, or the run was canceled, restarted or sent back.",
        "Look at the run for the questions that are open now.";
    TOO_LARGE = "too-large", Refused,
        "Data is larger than it may be.",
        "A value, the state or the request context exceeds its limit.",
        "Send less, or raise the limit if it can be set.";
    RETRY_COUNT = "retry-count", Refused,
        "More tries are claimed than the step's retry policy allows.",
        "`retryCount` of the answer exceeds the policy.",
        "Leave `retryCount` out, or give one that the policy allows.";
    INVALID_TRACE = "invalid-trace", Refused,
        "The tracing options are not valid.",
        "An id is not OpenTelemetry's form, or tags or metadata exceed their limit.",
        "Correct what the message names.";
    ALREADY_ENDED = "already-ended", Conflict,
        "The run cannot be canceled, as it has ended.",
        "It succeeded, failed or was canceled before.",
        "Nothing.";
    NOT_PAUSABLE = "not-pausable", Conflict,
        "The run cannot be paused.",
        "It is paused already, has not begun or has ended.",
        "Look at the run.";
    NOT_PAUSED = "not-paused", Conflict,
        "The run is not paused.",
        "Only a paused run can continue.",
        "Look at the run: its status says what it needs.";
    NOT_RESTARTABLE = "not-restartable", Conflict,
        "The run cannot be restarted.",
        "It has not failed, been canceled or blocked, or had too many open entries to be saved when it ended.",
        "Send the run back to one of its entries instead, or create a new run.";
    BLOCKED = "blocked", Conflict,
        "The run is blocked: nothing continues it.",
        "Continuing it went wrong three times, in a way that would happen again; or it has used what a run may \
         use. The message ends with the code.",
        "Correct the reason that the message names, then continue the run (`runs continue`). Or cancel it.";
    NOT_FORKABLE = "not-forkable", Conflict,
        "The run cannot be forked there.",
        "At that moment it waited for nothing that a fork could continue from.",
        "Choose another moment from the run's history.";
    NOT_TRAVELABLE = "not-travelable", Refused,
        "The run cannot go back to that entry.",
        "The entry does not exist, was not entered, or its input is not known.",
        "Choose an entry from the run's history.";
    NOT_MIGRATABLE = "not-migratable", Conflict,
        "The run cannot move to that version of its workflow.",
        "What it waits in is different there, or the step did not accept its progress.",
        "Change the new version as the message says, or let the run end on the version it follows.";
    CHANGED = "changed", Conflict,
        "The run changed while the request was prepared.",
        "Another request or process was faster.",
        "Try again.";
    STALE = "stale", Conflict,
        "The end of a call arrived that the run does not wait for.",
        "Another process took the call over, or the run has ended.",
        "Nothing.";
    ENDS_HOSTS = "ends-hosts", Guest,
        "The call of a step ends each process that makes it.",
        "The step's code, or how the runtime runs it, makes the process exit.",
        "Correct the component, or report the component to the authors of the host. Then restart the run.";
    IDLE = "idle", Conflict,
        "There is nothing to do for the run now.",
        "What was due has been done.",
        "Nothing.";
    DAMAGED_RUN = "damaged-run", Damaged,
        "The stored record of the run does not fit its workflow, or has a schema that cannot be used.",
        "The data folder was changed from outside, or is damaged.",
        "Restore a backup, or delete the run.";
}

//! The codes of the library's errors, beside those of what a run refuses and a store cannot do.

pub use reentry_store::error_codes::{DAMAGED_STORE, NO_COMPONENT, NO_RUN, NO_WORKFLOW};

reentry_core::error_codes! { pub table:
    NO_TENANT = "no-tenant", NotFound,
        "Nothing of such a tenant is kept.",
        "The id is misspelled, or the tenant was deleted.",
        "List the tenants.";
    TENANT_NOT_ACTIVE = "tenant-not-active", Unavailable,
        "Nothing is started, answered or called for the tenant.",
        "The operator suspended it, or it is being deleted.",
        "Have the operator resume the tenant; its runs continue then.";
    INVALID_WORKFLOW = "invalid-workflow", Refused,
        "A workflow has mistakes.",
        "The message has each with its place.",
        "Correct them all; nothing was stored.";
    COMPONENT_REFUSED = "component-refused", Guest,
        "The component is not accepted.",
        "It is not valid, imports what is not granted, describes itself wrongly, or exceeds a limit. Or its memory cannot be kept.",
        "Correct the component as the message says, or grant what it imports.";
    MISSING_GRANT = "missing-grant", Refused,
        "A component of a run imports what is not granted.",
        "A grant was taken away after the component was accepted, or the command was given fewer grants. The \
         run stays as it is; one that was under way is blocked.",
        "Give the grant that the message names; then answer again, or continue the run (`runs continue`).";
    INVALID_NAME = "invalid-name", Refused,
        "A name, key or id breaks the rule for names.",
        "It is empty, too long, or has characters that names do not have.",
        "Give a name within the rule that the message states.";
    DAMAGED_SNAPSHOT = "damaged-snapshot", Damaged,
        "The kept memory of a step is not what was written.",
        "The data folder was changed from outside or is damaged, or the key in it is another one. The run stays as it is.",
        "Restore a backup together with its key.";
    UNSAFE_FOLDER = "unsafe-folder", Damaged,
        "A file or folder of the host can be written by other users.",
        "Its owner or its permissions are not those with which the host made it.",
        "Look at what it has, then repair it as the message says.";
    UNREADABLE_RUN = "unreadable-run", Damaged,
        "The run was to be canceled and cannot be read. It is blocked now.",
        "Its record, or the definition it follows, is damaged.",
        "Delete the run; a backup may have it whole.";
    RUNTIME_UNAVAILABLE = "runtime-unavailable", Unavailable,
        "The WebAssembly runtime could not be set up.",
        "The machine does not give the address space that the limits need, or its processor is not supported.",
        "Lower the limits `calls` or `memory-bytes`, or use another machine.";
    FILE_UNAVAILABLE = "file-unavailable", Unavailable,
        "A file or folder could not be read or written.",
        "It is missing, its permissions forbid it, or the disk is full.",
        "Mend what the operating system reports, and try again.";
    NO_SECRET = "no-secret", Refused,
        "A host with a store of its own was built without a secret.",
        "Without one, nothing that is kept could be used after a restart.",
        "Give the builder 32 random bytes that outlive the process, or a data folder.";
    SMALL_BUDGET = "small-budget", Refused,
        "One call may use more memory than all calls together.",
        "The limit `memory-bytes` is higher than `memory-budget`.",
        "Set the first lower, or the second higher.";
    OTHER_SECRET = "other-secret", Refused,
        "The secret is not the one with which the store was sealed.",
        "The secret was changed, or belongs to another store.",
        "Give the host the secret that was used first.";
    NOT_EMPTY = "not-empty", Refused,
        "The folder for a backup or for restoring one is not empty.",
        "Nothing is ever written over.",
        "Give a new folder.";
    NO_BACKUP = "no-backup", NotFound,
        "There is no backup in the folder.",
        "It has no file `reentry.db`.",
        "Give the folder that a backup was written to.";
    NO_SAVEPOINT = "no-savepoint", NotFound,
        "Nothing is kept of the moment before that suspension ended.",
        "It has not ended, or the savepoint was dropped to make room for later ones.",
        "Choose another moment from the run's history, and raise the limit `savepoints` for later.";
    KNOWN_REQUEST = "known-request", Conflict,
        "The request was made before, under the same idempotency key.",
        "It was sent twice.",
        "Nothing: look at the run for what became of it.";
    OTHER_REQUEST = "other-request", Conflict,
        "The idempotency key was used for another request.",
        "A key stands for one request.",
        "Take a new key.";
    ANSWER_REFUSED = "answer-refused", Refused,
        "The step refused an answer that its schema accepts. The question is open again.",
        "The step's code rejects it, in the words of the message.",
        "Answer again as the message says.";
    INTERRUPTED = "interrupted", Unavailable,
        "The host could not continue the run. The run is as it was stored last.",
        "The store or runtime failed in between, or the host is stopping.",
        "Recover the run when the cause is mended; nothing that was acknowledged is lost.";
}

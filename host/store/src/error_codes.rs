//! The codes of what a store cannot do.

reentry_core::error_codes! { pub table:
    NO_RUN = "no-run", NotFound,
        "The tenant has no such run.",
        "The id is misspelled, the run was deleted, or it is another tenant's or in another data folder.",
        "List the runs of the tenant.";
    NO_COMPONENT = "no-component", NotFound,
        "The tenant can use no such component.",
        "It was never added for this tenant, was removed, or is no longer published.",
        "List the components, and add the one that is missing.";
    NO_WORKFLOW = "no-workflow", NotFound,
        "The tenant has no such workflow, or no such version of it.",
        "It was never applied for this tenant, was retired or removed.",
        "List the workflows, and apply the one that is missing.";
    NOT_ENDED = "not-ended", Conflict,
        "The run was not deleted, as it has not ended.",
        "Only runs that have ended or are blocked are deleted.",
        "Cancel the run first.";
    HAS_FORKS = "has-forks", Conflict,
        "The run was not deleted, as forks read what it did.",
        "A fork shares the past of its parent.",
        "Delete the forks first.";
    IN_USE = "in-use", Conflict,
        "A component, workflow or tenant was not removed, as it is needed.",
        "Kept runs, workflows or other tenants use it.",
        "Delete or retire what the message counts.";
    PUBLISHED = "published", Conflict,
        "The component was not removed, as the tenant does not hold it itself.",
        "It may use the component because the operator published it.",
        "Have the operator unpublish it.";
    NOT_PUBLISHED = "not-published", NotFound,
        "The component is not published.",
        "It was never published, or has been unpublished.",
        "List the components.";
    CURRENT_WORKFLOW = "current-workflow", Conflict,
        "The definition was not removed, as it is the current version of its id.",
        "New runs and steps would still use it.",
        "Retire the workflow, or apply another version.";
    DAMAGED_STORE = "damaged-store", Damaged,
        "Something stored is missing, or is not what was written.",
        "The data folder was changed from outside, or is damaged.",
        "Restore a backup, or delete the run that the message names.";
    STORE_UNAVAILABLE = "store-unavailable", Unavailable,
        "The store cannot be used now.",
        "The disk is full or fails, the database is locked, or it was written by a newer version.",
        "Mend the cause that the message names, and try again.";
    INVALID_QUERY = "invalid-query", Refused,
        "The store cannot do what was asked for.",
        "A filter or cursor makes no sense.",
        "Correct what the message names.";
}

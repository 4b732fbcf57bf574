//! The codes of what the words of a request cannot mean, beside the library's.

reentry::core::error_codes! { pub table:
    AMBIGUOUS_ID = "ambiguous-id", Refused,
        "Several runs or questions have an id that begins or ends like this.",
        "Too few digits were given.",
        "Give more digits, or one of the ids that are listed.";
    AMBIGUOUS_DIGEST = "ambiguous-digest", Refused,
        "Several digests begin like this.",
        "Too few digits were given.",
        "Give more digits, or one of the digests that are listed.";
    AMBIGUOUS_NAME = "ambiguous-name", Refused,
        "Several components have this name.",
        "Components with different bytes were added under one name.",
        "Name the component by its digest.";
    AMBIGUOUS_STEP = "ambiguous-step", Refused,
        "The component has several steps, and a run of it needs one.",
        "No step was named.",
        "Name the step.";
    NO_STEP = "no-step", NotFound,
        "The component has no such step.",
        "The id is misspelled, or the component is another build.",
        "Choose one of the steps that are listed.";
}

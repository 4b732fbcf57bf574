//! What expressions may name, and where.

use super::*;

/// Whether an expression in the place of `$` may be committed; else what is wrong with it.
fn check(entries: &str, expression: &str) -> String {
    match steps(&entries.replace('$', expression)) {
        Ok(_) => "fine".to_owned(),
        Err(errors) => errors.iter().map(|error| error.problem.clone()).collect::<Vec<_>>().join("; "),
    }
}

/// Which of the names may stand behind `steps.` in the place of `$`.
fn known(entries: &str, names: &str) -> String {
    let known = |name: &&str| check(entries, &format!("steps.{name}")) == "fine";
    names.split(' ').filter(known).collect::<Vec<_>>().join(" ")
}

#[test]
fn steps_that_can_be_finished_may_be_named() {
    let table = [
        // Those before in the sequence, not the entry itself, nor a later one.
        (r#"{"then": {@ask}}, {"map": {"id": "m", "to": "$"}}, {"then": {@pay}}"#, "ask m pay", "ask"),
        // What was in blocks before, and the blocks.
        (
            r#"{"parallel": {"id": "p", "arms": [{"then": {@ask}}, {"then": {@pay}}]}}, {"map": {"to": "$"}}"#,
            "p ask pay",
            "p ask pay",
        ),
        // In an arm: what is before in it, what is before the block, and nothing of other arms.
        (
            r#"{"then": {@check}}, {"parallel": {"id": "p", "arms": [{"then": {@ask}},
                [{"then": {@pay}}, {"map": {"to": "$"}}], {"map": {"id": "m", "to": "1"}}]}}"#,
            "check p ask pay m",
            "check pay",
        ),
        // A condition is finished when its arm, or a later one, is looked at.
        (
            r#"{"branch": {"id": "b", "mode": "every",
                "arms": [{"when": {@check}, "do": {"then": {@ask}}}, {"when": "$", "do": {"then": {@pay}}}]}}"#,
            "b check ask pay",
            "check",
        ),
        (
            r#"{"branch": {"id": "b", "mode": "first", "arms": [{"when": {@check}, "do": {"then": {@ask}}}],
                "otherwise": {"map": {"to": "$"}}}}"#,
            "b check ask",
            "check",
        ),
        // What was tried may have come some way before it failed.
        (
            r#"{"try": {"id": "t", "do": [{"then": {@ask}}, {"then": {@pay}}], "catch": {"map": {"to": "$"}}}}"#,
            "t ask pay",
            "ask pay",
        ),
        // A body sees what is before its block; nobody sees into a body.
        (
            r#"{"then": {@check}}, {"foreach": {"id": "f", "do": [{"then": {@ask}}, {"map": {"to": "$"}}]}},
                {"then": {@pay}}"#,
            "check f ask pay",
            "check ask",
        ),
        (
            r#"{"foreach": {"id": "f", "do": [{"then": {@ask}}, {"then": {@pay}}]}}, {"map": {"to": "$"}}"#,
            "f ask pay",
            "f",
        ),
        (
            r#"{"doWhile": {"id": "l", "do": [{"then": {@ask}}, {"then": {@pay}}], "while": "$"}}"#,
            "l ask pay",
            "",
        ),
        (
            r#"{"doUntil": {"id": "l", "do": {"then": {"id": "l", @ask}}, "until": {@check}}}, {"map": {"to": "$"}}"#,
            "l check",
            "l",
        ),
        // An id in a body stands before that of the scope around, even if it is not done yet.
        (
            r#"{"then": {"id": "m", @check}},
                {"foreach": {"id": "f", "do": [{"map": {"to": "$"}}, {"map": {"id": "m", "to": "1"}}]}}"#,
            "m",
            "",
        ),
        // A workflow sees nothing of what is around it.
        (
            r#"{"then": {@ask}}, {"workflow": {"id": "w2", "steps": [{"then": {@pay}}, {"map": {"to": "$"}}]}}"#,
            "ask w2 pay",
            "pay",
        ),
    ];
    for (entries, names, expected) in table {
        assert_eq!(known(entries, names), expected, "{entries}");
    }
}

#[test]
fn what_blocks_bring_along_is_known_where_there_is_any() {
    let table = [
        (r#"{"map": {"to": "$"}}"#, "input init state context run now"),
        (
            r#"{"foreach": {"id": "f", "items": "$", "do": {"then": {"id": "f", @ask}}}}"#,
            "input init state context run now",
        ),
        (r#"{"foreach": {"do": {"map": {"to": "$"}}}}"#, "input init state context run now item index"),
        (
            r#"{"foreach": {"do": {"doWhile": {"do": {"map": {"to": "$"}}, "while": "false"}}}}"#,
            "input init state context run now item index iteration",
        ),
        (
            r#"{"foreach": {"do": {"doUntil": {"do": {"map": {"to": "1"}}, "until": "$"}}}}"#,
            "input init state context run now item index output iteration",
        ),
        (
            r#"{"doWhile": {"do": {"map": {"to": "1"}}, "while": "$"}}"#,
            "input init state context run now output iteration",
        ),
        (
            r#"{"doWhile": {"do": {"foreach": {"do": {"map": {"to": "$"}}}}, "while": "false"}}"#,
            "input init state context run now item index iteration",
        ),
        (
            r#"{"try": {"do": {"then": {@ask}},
                "catch": [{"then": {@pay}}, {"foreach": {"do": {"map": {"to": "$"}}}}]}}"#,
            "input init state context run now item index error",
        ),
        (
            r#"{"try": {"do": {"map": {"to": "$"}}, "catch": {"then": {@pay}}}}, {"map": {"to": "$"}}"#,
            "input init state context run now",
        ),
        (
            r#"{"try": {"do": {"then": {@ask}},
                "catch": {"workflow": {"id": "w2", "steps": [{"map": {"to": "$"}}]}}}}"#,
            "input init state context run now",
        ),
        (
            r#"{"foreach": {"do": {"workflow": {"id": "w2", "steps": [{"map": {"to": "$"}}]}}}}"#,
            "input init state context run now",
        ),
    ];
    for (entries, expected) in table {
        let names = "input init state context run now item index output iteration error other";
        let fine: Vec<&str> = names.split(' ').filter(|name| check(entries, name) == "fine").collect();
        assert_eq!(fine.join(" "), expected, "{entries}");
    }
}

#[test]
fn a_wrong_name_is_answered_with_the_right_ones() {
    let entries = r#"{"then": {@ask}}, {"then": {@check}}, {"map": {"to": "$"}}, {"then": {@pay}}"#;
    assert_eq!(
        check(entries, "steps.chek"),
        "there is no entry `chek` that is finished by then; those that are: check, ask; did you mean `check`?"
    );
    assert_eq!(
        check(entries, "steps.pay"),
        "the entry `pay` is never finished by then; those that are: check, ask"
    );
    assert_eq!(
        check(r#"{"map": {"to": "$"}}"#, "steps.x"),
        "there is no entry `x` that is finished by then; none is"
    );
    let many = r#"{"map": {"to": "1"}},"#.repeat(20) + r#"{"map": {"to": "$"}}"#;
    assert!(check(&many, "steps.x").ends_with("map-10, map-9, …"), "{}", check(&many, "steps.x"));
}

#[test]
fn the_wrong_name_is_found_in_the_text() {
    let errors =
        steps(r#"{"then": {@ask}}, {"map": {"to": "steps.ask.pay + steps [ 'pay' ] + steps.pay.x"}}"#)
            .unwrap_err();
    let spans: Vec<_> = errors.iter().map(|error| error.span.clone().unwrap()).collect();
    assert_eq!(format!("{spans:?}"), "[25..28]");
}

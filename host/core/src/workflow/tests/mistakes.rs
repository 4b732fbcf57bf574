//! What is said of wrong definitions.

use super::*;

/// What is wrong, one problem a line, each with its pointer and the wrong part of a text.
fn said(result: Result<Workflow, Vec<DefinitionError>>) -> String {
    let Err(errors) = result else { return "nothing is wrong".to_owned() };
    let line = |error: &DefinitionError| {
        let part =
            error.text.as_deref().zip(error.span.clone()).map(|(text, span)| format!(" <{}>", &text[span]));
        format!("{} {error}{}", error.pointer, part.unwrap_or_default()).trim_start().to_owned()
    };
    errors.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_problem_is_reported_at_once_with_its_place() {
    insta::assert_snapshot!(said(try_commit(
        r##"{"id": "w.", "inputSchema": 5, "timeoutMs": 0, "steps": [
            {"then": {"id": "a", "component": "#", "step": "ask", "timeoutMs": 0, "totalTimeoutMs": 0}},
            {"map": {"id": "a", "to": "1"}},
            {"then": {"id": "b[1]", "component": "#", "step": "beg", "retry": {"retries": 1, "jitter": 7}}},
            {"then": {"id": "other", "component": "sha256:0000000000000000000000000000000000000000000000000000000000000000", "step": "ask"}},
            {"then": {"id": "typo", "component": "#", "step": "chek"}},
            {"workflow": {"id": "inner", "outputSchema": {"type": 1}, "steps": []}}]}"##,
    )), @"
    /id workflow `w.`, `id`: `w.` cannot be the id of a workflow: use 1 to 128 letters, digits, `-` and `_`, beginning with a letter or digit
    /timeoutMs workflow `w.`, `timeoutMs`: it is 0, expected at least 1 millisecond; leave it out for no bound
    /inputSchema workflow `w.`, `inputSchema`: not a usable JSON Schema: expected an object or a boolean
    /steps/0/then/timeoutMs workflow `w.`, entry `a`, `timeoutMs`: it is 0, expected at least 1 millisecond; leave it out for no bound
    /steps/0/then/totalTimeoutMs workflow `w.`, entry `a`, `totalTimeoutMs`: it is 0, expected at least 1 millisecond; leave it out for no bound
    /steps/1/map/id workflow `w.`, entry `a`, `id`: this `map` and a `then` before it have the same id: ids must differ
    /steps/2/then/id workflow `w.`, entry `b[1]`, `id`: `b[1]` cannot be the id of a step: use 1 to 128 letters, digits, `-` and `_`, beginning with a letter or digit
    /steps/2/then/retry/jitter workflow `w.`, entry `b[1]`, `retry.jitter`: it is 7, expected a number from 0 to 1
    /steps/2/then/step workflow `w.`, entry `b[1]`, `step`: component sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad has no step `beg`; it has: ask, check, pay
    /steps/3/then/component workflow `w.`, entry `other`, `component`: there is no component sha256:0000000000000000000000000000000000000000000000000000000000000000
    /steps/4/then/step workflow `w.`, entry `typo`, `step`: component sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad has no step `chek`; it has: ask, check, pay; did you mean `check`?
    /steps/5/workflow/outputSchema workflow `w.`, entry `inner`, `outputSchema`: not a usable JSON Schema: 1 is not valid under any of the schemas listed in the 'anyOf' keyword
    /steps/5/workflow/steps workflow `w.`, entry `inner`, `steps`: it is empty: give at least one entry, such as `then`
    ");
}

#[test]
fn blocks_are_checked_too() {
    insta::assert_snapshot!(said(steps(
        r#"{"parallel": {"arms": []}}, {"parallel": {"arms": [[], {"then": {@beg}}]}},
        {"branch": {"mode": "first", "arms": [], "otherwise": []}},
        {"branch": {"mode": "first", "arms": [{"when": {@beg}, "do": {"map": {"to": "1 +"}}}]}},
        {"foreach": {"id": "f", "concurrency": 0, "do": []}},
        {"foreach": {"id": "g", "concurrency": 10001, "do": [{"then": {@ask}}, {"map": {"to": {"some key": "x"}}}, {"then": {@beg}}]}},
        {"doWhile": {"id": "l", "do": {"then": {"id": "l", @ask}}, "while": "nonsense"}},
        {"try": {"do": [], "catch": []}}"#
    )), @r#"
    /steps/0/parallel/arms workflow `w`, entry `parallel-1`, `arms`: it has no arms: give at least one
    /steps/1/parallel/arms/0 workflow `w`, entry `parallel-2`, `arms[0]`: it is empty: give at least one entry, such as `then`
    /steps/1/parallel/arms/1/then/step workflow `w`, entry `beg`, `step`: component sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad has no step `beg`; it has: ask, check, pay
    /steps/2/branch/arms workflow `w`, entry `branch-1`, `arms`: it has no arms: give at least one
    /steps/2/branch/otherwise workflow `w`, entry `branch-1`, `otherwise`: it is empty: give at least one entry, such as `then`
    /steps/3/branch/arms/0/when/id workflow `w`, entry `beg`, `id`: this `condition` and a `then` before it have the same id: ids must differ
    /steps/3/branch/arms/0/when/step workflow `w`, entry `beg`, `step`: component sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad has no step `beg`; it has: ask, check, pay
    /steps/3/branch/arms/0/do/map/to workflow `w`, entry `map-1`, `to`: expected an expression, found the end, in `1 +` <>
    /steps/4/foreach/concurrency workflow `w`, entry `f`, `concurrency`: it is 0, expected 1 to 10000
    /steps/4/foreach/do workflow `w`, entry `f`, `do`: it is empty: give at least one entry, such as `then`
    /steps/5/foreach/concurrency workflow `w`, entry `g`, `concurrency`: it is 10001, expected 1 to 10000
    /steps/5/foreach/do/1/map/to/some key workflow `w`, entry `g.map-1`, `to["some key"]`: `x` is not known here; there are: input, init, state, context, steps, run, now, item, index, in `x` <x>
    /steps/5/foreach/do/2/then/step workflow `w`, entry `g.beg`, `step`: component sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad has no step `beg`; it has: ask, check, pay
    /steps/6/doWhile/while workflow `w`, entry `l`, `while`: `nonsense` is not known here; there are: input, init, state, context, steps, run, now, output, iteration, in `nonsense` <nonsense>
    /steps/7/try/do workflow `w`, entry `try-1`, `do`: it is empty: give at least one entry, such as `then`
    /steps/7/try/catch workflow `w`, entry `try-1`, `catch`: it is empty: give at least one entry, such as `then`
    "#);
}

#[test]
fn ids_are_unique_in_a_scope_and_only_there() {
    insta::assert_snapshot!(said(steps(
        r#"{"then": {@ask}}, {"parallel": {"arms": [{"then": {@pay}}, {"map": {"id": "pay", "to": "1"}}]}},
        {"branch": {"id": "ask", "mode": "first", "arms": [{"when": {@pay}, "do": {"sleep": {"ms": 1}}}]}}"#
    )), @"
    /steps/1/parallel/arms/1/map/id workflow `w`, entry `pay`, `id`: this `map` and a `then` before it have the same id: ids must differ
    /steps/2/branch/id workflow `w`, entry `ask`, `id`: this `branch` and a `then` before it have the same id: ids must differ
    /steps/2/branch/arms/0/when/id workflow `w`, entry `pay`, `id`: this `condition` and a `map` before it have the same id: ids must differ
    ");
    assert_eq!(
        said(steps(
            r#"{"then": {@ask}}, {"foreach": {"do": [{"then": {@ask}}]}}, {"foreach": {"id": "f", "do": [{"then": {@ask}}, {"then": {@pay}}]}}"#
        )),
        "/steps/1/foreach/id workflow `w`, entry `ask`, `id`: this `foreach` and a `then` before it have the same id: ids must differ"
    );
}

#[test]
fn sleeps_say_how_long_in_one_way() {
    insta::assert_snapshot!(said(steps(
        r#"{"sleep": {}}, {"sleep": {"ms": 1, "for": "1d"}}, {"sleep": {"ms": 1, "timeZone": "UTC"}}, {"sleep": {"for": "soon"}},
        {"sleep": {"for": "-1h"}}, {"sleep": {"for": "1d", "timeZone": "Europe/Berln"}}, {"sleep": {"ms": 18446744073709551615}}, {"sleep": {"expr": "input."}},
        {"sleepUntil": {}}, {"sleepUntil": {"at": "2100-01-01T00:00:00Z", "expr": "now"}}, {"sleepUntil": {"at": "2100-01-01T00:00:00"}},
        {"sleepUntil": {"at": "2100-01-01T00:00:00[Mars/Olympus]"}}, {"sleepUntil": {"expr": "soon"}}"#
    )), @"
    /steps/0/sleep workflow `w`, entry `sleep-1`: give one of `ms`, `for` and `expr`
    /steps/1/sleep workflow `w`, entry `sleep-2`: give one of `ms`, `for` and `expr`
    /steps/2/sleep/timeZone workflow `w`, entry `sleep-3`, `timeZone`: it counts days of a calendar, and `ms` has none: use `for`, or leave it out
    /steps/3/sleep/for workflow `w`, entry `sleep-4`, `for`: `soon` is no length of time: expected one such as `30d`, `1h 30m` or `P1DT12H`, or milliseconds
    /steps/4/sleep/for workflow `w`, entry `sleep-5`, `for`: `-1h` is negative: nobody can wait until before now
    /steps/5/sleep/timeZone workflow `w`, entry `sleep-6`, `timeZone`: there is no time zone `Europe/Berln`: expected a name such as `Europe/Berlin` or `UTC`; did you mean `Europe/Berlin`?
    /steps/6/sleep/ms workflow `w`, entry `sleep-7`, `ms`: 18446744073709551615 ms from now is not between the years 1970 and 9999
    /steps/7/sleep/expr workflow `w`, entry `sleep-8`, `expr`: expected a name, found the end, in `input.` <>
    /steps/8/sleepUntil workflow `w`, entry `sleepUntil-1`: give one of `at` and `expr`
    /steps/9/sleepUntil workflow `w`, entry `sleepUntil-2`: give one of `at` and `expr`
    /steps/10/sleepUntil/at workflow `w`, entry `sleepUntil-3`, `at`: `2100-01-01T00:00:00` is no instant: expected one such as `2100-01-01T00:00:00Z`, `2027-06-01T09:00:00+02:00` or `2027-06-01T09:00:00[Europe/Berlin]`; add an offset, `Z` for UTC, or a time zone in brackets
    /steps/11/sleepUntil/at workflow `w`, entry `sleepUntil-4`, `at`: there is no time zone `Mars/Olympus`: expected a name such as `Europe/Berlin` or `UTC`
    /steps/12/sleepUntil/expr workflow `w`, entry `sleepUntil-5`, `expr`: `soon` is not known here; there are: input, init, state, context, steps, run, now, in `soon` <soon>
    ");
}

#[test]
fn nothing_is_put_off_for_more_than_ten_years() {
    let told = said(try_commit(
        r##"{"id": "w", "timeoutMs": 315360000001, "retry": {"retries": 1, "delayMs": 18446744073709551615}, "steps": [
            {"then": {"component": "#", "step": "ask", "timeoutMs": 18446744073709551615,
                "totalTimeoutMs": 315360000001, "retry": {"retries": 1, "backoff": 1e308}}},
            {"sleep": {"for": "11 years"}}, {"sleep": {"ms": 315360000001}}, {"ask": {"deadline": {"for": "11 years"}}},
            {"event": {"name": "paid", "deadline": {"ms": 315360000001}}}]}"##,
    ));
    let told = told.replace("workflow `w`, ", "").replace("expected at most ten years", "too long");
    let told = told.replace("; leave it out for no bound", "");
    insta::assert_snapshot!(told, @"
    /timeoutMs `timeoutMs`: it is 315360000001, too long, 315360000000
    /retry/delayMs `retry.delayMs`: it is 18446744073709551615, too long in milliseconds, 315360000000
    /steps/0/then/timeoutMs entry `ask`, `timeoutMs`: it is 18446744073709551615, too long, 315360000000
    /steps/0/then/totalTimeoutMs entry `ask`, `totalTimeoutMs`: it is 315360000001, too long, 315360000000
    /steps/0/then/retry/backoff entry `ask`, `retry.backoff`: it is 1e308, expected a number from 1 to 1000
    /steps/1/sleep/for entry `sleep-1`, `for`: 11y is longer than ten years
    /steps/2/sleep/ms entry `sleep-2`, `ms`: 315360000001ms is longer than ten years
    /steps/3/ask/deadline/for entry `ask-1`, `deadline.for`: 11y is longer than ten years
    /steps/4/event/deadline/ms entry `event-1`, `deadline.ms`: 315360000001ms is longer than ten years
    ");
    let most = r##"{"id": "w", "timeoutMs": 315360000000,
        "retry": {"retries": 1, "delayMs": 315360000000, "backoff": 1000},
        "steps": [{"then": {"component": "#", "step": "ask", "totalTimeoutMs": 315360000000}},
        {"sleep": {"ms": 315360000000}}]}"##;
    assert_eq!(said(try_commit(most)), "nothing is wrong");
}

#[test]
fn nesting_is_bounded() {
    let nested = |levels: usize| {
        (0..levels)
            .fold(Block::from(MapEntry::from("1")), |body, _| TryEntry::new(body, MapEntry::from("2")).into())
    };
    let commit = |levels: usize| {
        let definition =
            Definition::from(WorkflowBuilder::new("w").try_catch(nested(levels), MapEntry::from("3")));
        Workflow::commit(&definition, &contracts)
    };
    // The canonical form is JSON, whose nesting is bounded as well.
    assert!(commit(10).is_ok());
    let errors = commit(PATH_DEPTH_MAX).unwrap_err();
    let deep = errors.iter().filter(|error| error.problem.contains("nested more than 32 levels")).count();
    assert_eq!(deep, 1, "{errors:?}");
}

#[test]
fn entries_are_counted_per_workflow() {
    let entries = |n: usize| vec![r#"{"map": {"to": "1"}}"#; n].join(",");
    let inner = format!(r#"{{"workflow": {{"id": "in", "steps": [{}]}}}}"#, entries(ENTRIES_MAX));
    let each = format!(r#"{{"foreach": {{"id": "f", "do": [{}]}}}}"#, entries(ENTRIES_MAX));
    assert_eq!(said(steps(&format!("{inner}, {}", entries(1)))), "nothing is wrong");
    let error = said(steps(&format!("{each}, {}", entries(1))));
    assert_eq!(
        error,
        "/steps/0/foreach/do/99999/map workflow `w`, entry `f.map-100000`: the workflow has more than 100000 entries"
    );
}

#[test]
fn an_unknown_key_is_refused_with_its_line() {
    let error =
        serde_json::from_str::<Definition>("{\"id\": \"w\",\n \"stepz\": []}").unwrap_err().to_string();
    assert!(error.starts_with("unknown field `stepz`") && error.contains("line 2"), "{error}");
}

#[test]
fn questions_are_checked_too() {
    insta::assert_snapshot!(said(steps(
        r#"{"ask": {"id": "a.b", "payload": {"who": "inputt"}, "answer": 5, "labels": ["", {"expr": "1 +"}], "assignees": [{"expr": "steps.x"}],
            "deadline": {"otherwise": 1}}},
        {"ask": {"payload": "item", "labels": ["1","2","3","4","5","6","7","8","9","a","b","c","d","e","f","g","h"], "deadline": {"for": "soon"}}},
        {"ask": {"answer": {"type": "object", "required": ["yes"]}, "deadline": {"ms": 1, "otherwise": {"no": 1}}}},
        {"ask": {"deadline": {"ms": 1, "timeZone": "UTC"}}}"#
    )), @r#"
    /steps/0/ask/id workflow `w`, entry `a.b`, `id`: `a.b` cannot be the id of a question: use 1 to 128 letters, digits, `-` and `_`, beginning with a letter or digit
    /steps/0/ask/payload/who workflow `w`, entry `a.b`, `payload.who`: `inputt` is not known here; there are: input, init, state, context, steps, run, now, in `inputt` <inputt>
    /steps/0/ask/labels/0 workflow `w`, entry `a.b`, `labels[0]`: it has 0 bytes, 1 to 256 are allowed
    /steps/0/ask/labels/1/expr workflow `w`, entry `a.b`, `labels[1].expr`: expected an expression, found the end, in `1 +` <>
    /steps/0/ask/assignees/0/expr workflow `w`, entry `a.b`, `assignees[0].expr`: there is no entry `x` that is finished by then; none is, in `steps.x` <x>
    /steps/0/ask/answer workflow `w`, entry `a.b`, `answer`: not a usable JSON Schema: expected an object or a boolean
    /steps/0/ask/deadline workflow `w`, entry `a.b`, `deadline`: give one of `ms`, `for` and `expr`
    /steps/1/ask/payload workflow `w`, entry `ask-2`, `payload`: `item` is not known here; there are: input, init, state, context, steps, run, now, in `item` <item>
    /steps/1/ask/labels workflow `w`, entry `ask-2`, `labels`: it has 17 elements, at most 16 are allowed
    /steps/1/ask/deadline/for workflow `w`, entry `ask-2`, `deadline.for`: `soon` is no length of time: expected one such as `30d`, `1h 30m` or `P1DT12H`, or milliseconds
    /steps/2/ask/deadline/otherwise workflow `w`, entry `ask-3`, `deadline.otherwise`: it does not fit the schema of what is waited for:
    - /yes: "yes" is a required property
    /steps/3/ask/deadline/timeZone workflow `w`, entry `ask-4`, `deadline.timeZone`: it counts days of a calendar, and `ms` has none: use `for`, or leave it out
    "#);
    assert_eq!(
        said(steps(r#"{"ask": {}}, {"foreach": {"do": {"ask": {"payload": "item"}}}}"#)),
        "nothing is wrong"
    );
}

#[test]
fn waits_for_events_are_checked_too() {
    insta::assert_snapshot!(said(steps(
        r#"{"event": {"id": "a.b", "name": "", "key": {"expr": "nothing"}, "schema": 5, "deadline": {}}},
        {"event": {"name": "n", "schema": {"type": "string"}, "deadline": {"ms": 1, "otherwise": 5}}}"#
    )), @r#"
    /steps/0/event/id workflow `w`, entry `a.b`, `id`: `a.b` cannot be the id of a wait: use 1 to 128 letters, digits, `-` and `_`, beginning with a letter or digit
    /steps/0/event/name workflow `w`, entry `a.b`, `name`: it has 0 bytes, 1 to 256 are allowed
    /steps/0/event/key/expr workflow `w`, entry `a.b`, `key.expr`: `nothing` is not known here; there are: input, init, state, context, steps, run, now, in `nothing` <nothing>
    /steps/0/event/schema workflow `w`, entry `a.b`, `schema`: not a usable JSON Schema: expected an object or a boolean
    /steps/0/event/deadline workflow `w`, entry `a.b`, `deadline`: give one of `ms`, `for` and `expr`
    /steps/1/event/deadline/otherwise workflow `w`, entry `event-2`, `deadline.otherwise`: it does not fit the schema of what is waited for:
    - (top): 5 is not of type "string"
    "#);
}

#[test]
fn the_number_of_first_arms_is_checked() {
    let of = |first: u32| {
        said(steps(&format!(
            r#"{{"parallel": {{"first": {first}, "arms": [{{"map": {{"to": "1"}}}}, {{"map": {{"to": "2"}}}}]}}}}"#
        )))
    };
    insta::assert_snapshot!([0, 1, 2, 3].map(of).join("\n"), @"
    /steps/0/parallel/first workflow `w`, entry `parallel-1`, `first`: it is 0, expected 1 to 2, the number of arms
    nothing is wrong
    nothing is wrong
    /steps/0/parallel/first workflow `w`, entry `parallel-1`, `first`: it is 3, expected 1 to 2, the number of arms
    ");
}

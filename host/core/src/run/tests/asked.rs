//! Questions that the workflow asks by itself, and events that it waits for, without any component.

use super::script::{check, outcome};

/// A question with an answer that must say yes or no.
const ASK: &str = r#"{"ask": {"id": "ok", "title": "Ship it?", "payload": {"what": "input.what"},
    "labels": ["boss", {"expr": "input.who"}],
    "assignees": [{"expr": "[input.who, 'bob']"}],
    "answer": {"type": "object", "required": ["yes"], "properties": {"yes": {"type": "boolean"}, "note": {"default": "none"}}}}}"#;

/// A workflow of the question and what is given beside it.
fn asking(more: &str) -> String {
    format!("[{ASK}{more}]")
}

#[test]
fn the_answer_is_the_output() {
    let told = check(
        &asking(r#", {"map": {"to": "input.note"}}"#),
        &[
            r#"start {"what":"it","who":"ann"}"#,
            r#"resume {"yes":"perhaps"}"#,
            r#"resume {"yes":true} retries=1"#,
            r#"resume {"yes":true} label=carl"#,
            r#"resume {"yes":true} label=ann request=k"#,
            r#"resume {"yes":true} suspension=1"#,
        ],
    );
    insta::assert_snapshot!(told, @r#"
    start {"what":"it","who":"ann"}
      run: suspended, durable
      w: running t1.., input {"what":"it","who":"ann"}
      ok: suspended t1.., input {"what":"it","who":"ann"}, waits since t1, shows {"what":"it"}
      opens #1 of ok "boss" "ann"
    resume {"yes":"perhaps"}
      refused, Refused, invalid-data: invalid resume data:
    - /yes: "perhaps" is not of type "boolean"
    resume {"yes":true} retries=1
      refused, Refused, retry-count: retryCount is 1, but the retry policy of step `ok` allows at most 0
    resume {"yes":true} label=carl
      refused, Refused, unknown-target: label `carl` was not suspended; suspended steps: [ok] "boss" "ann"
    resume {"yes":true} label=ann request=k
      run: success, durable
      w: success t1..t5, input {"what":"it","who":"ann"}, output "none"
      map-1: success t5..t5, input {"note":"none","yes":true}, output "none"
      ok: success t1..t5, input {"what":"it","who":"ann"}, output {"note":"none","yes":true}, answered t5 with {"note":"none","yes":true}
      closes #1: Answered
      saves version 1 before #1
    resume {"yes":true} suspension=1
      refused, Conflict, not-suspended: this workflow run was not suspended: it is success
    "#);
}

#[test]
fn nothing_is_needed_but_an_id() {
    let told = outcome(r#"[{"ask": {}}]"#, &["start [1]", "resume"]);
    insta::assert_snapshot!(told, @"
    success
    w: success, output null
    ask-1: success, output null
    ");
    assert!(outcome(r#"[{"ask": {}}]"#, &["start [1]"]).contains("ask-1: suspended, shows [1]"));
}

#[test]
fn what_comes_when_its_time_is_over_is_the_default() {
    let told = check(
        r#"[{"ask": {"id": "ok", "deadline": {"ms": 2000, "otherwise": {"yes": false}},
            "answer": {"required": ["yes"], "properties": {"note": {"default": "late"}}}}}]"#,
        &["start", "time", "time"],
    );
    insta::assert_snapshot!(told, @r#"
    start
      run: suspended, durable
      w: running t1.., input null
      ok: suspended t1.., input null, waits since t1, shows null
      opens #1 of ok
    time
      refused, Conflict, idle: nothing to do
    time
      run: success, durable
      w: success t1..t3, input null, output {"note":"late","yes":false}
      ok: success t1..t3, input null, output {"note":"late","yes":false}, answered t3 with {"note":"late","yes":false}
      closes #1: Elapsed
      saves version 1 before #1
    "#);
}

#[test]
fn without_a_default_it_fails_and_a_restart_asks_anew() {
    let workflow = r#"[{"ask": {"id": "ok", "deadline": {"expr": "'2s'"}}}]"#;
    insta::assert_snapshot!(check(
        workflow,
        &["start", "pause", "resume 1", "restart", "continue ok", "resume 2"]
    ), @r#"
    start
      run: suspended, durable
      w: running t1.., input null
      ok: suspended t1.., input null, waits since t1, shows null
      opens #1 of ok
    pause
      run: paused, durable
    resume 1
     first, what is due:
      run: failed, durable
      w: failed t1..t3, input null, error timed-out "the answer did not come before its deadline"
      ok: failed t1..t3, input null, error timed-out "the answer did not come before its deadline"
      closes #1: Elapsed
      saves version 2 before the end
     then:
      refused, Conflict, not-suspended: this workflow run was not suspended: it is failed
    restart
      run: running
      w: running t1.., input null
      ok: running t1.., input null, put off
      goes on with ok
    continue ok
      run: paused, durable
      ok: suspended t5.., input null, waits since t5, shows null
      opens #5 of ok
    resume 2
      run: success, durable
      w: success t1..t6, input null, output 2
      ok: success t5..t6, input null, output 2, answered t6 with 2
      closes #5: Answered
      saves version 5 before #5
    "#);
    let caught = r#"[{"try": {"do": {"ask": {"id": "ok", "deadline": {"for": "1s"}}},
        "catch": {"map": {"to": "error.code"}}}}]"#;
    assert!(outcome(caught, &["start", "time"]).contains(r#"w: success, output "timed-out""#));
}

#[test]
fn a_deadline_that_is_past_is_no_wait() {
    let told = outcome(
        r#"[{"ask": {"id": "a", "deadline": {"ms": 0, "otherwise": 5}}}, {"ask": {"id": "b", "deadline": {"ms": 0}}}]"#,
        &["start"],
    );
    insta::assert_snapshot!(told, @"
    failed
    w: failed, the answer did not come before its deadline
    a: success, output 5
    b: failed, the answer did not come before its deadline
    ");
}

#[test]
fn it_waits_inside_every_block() {
    let ask = |id: &str| format!(r#"{{"ask": {{"id": "{id}", "payload": "item"}}}}"#);
    let each = format!(r#"[{{"foreach": {{"concurrency": 2, "do": {}}}}}]"#, ask("each"));
    insta::assert_snapshot!(outcome(&each, &[
        "start [7,8,9]",
        "resume 1",
        "resume 2 step=each index=1",
        "resume 3 step=each index=2",
        "resume 4 step=each index=1",
        "resume 5",
    ]), @"
    resume 1: refused: multiple suspended steps found for the suspended step: [each[0]], [each[1]]; name one of them
    resume 4 step=each index=1: refused: step `each` with index 1 was not suspended; suspended steps: [each[0]]
    success
    w: success, output [5,2,3]
    each: success, output [5,2,3]
    each[0]: success, output 5
    each[1]: success, output 2
    each[2]: success, output 3
    ");
    let arms = r#"[{"parallel": {"arms": [{"ask": {"id": "a", "labels": ["l"]}},
        {"ask": {"id": "b", "labels": ["l"]}}, "@c"]}}]"#;
    insta::assert_snapshot!(outcome(arms, &["start 1", "resume 2 label=l", "resume 2 label=l all", "c completes 3"]), @r#"
    resume 2 label=l: refused: multiple suspended steps found for label `l`: [a] "l", [b] "l"; name one of them
    success
    w: success, output {"a":2,"b":2,"c":3}
    a: success, output 2
    b: success, output 2
    c: success, output 3
    parallel-1: success, output {"a":2,"b":2,"c":3}
    "#);
    // What ends the workflow closes it.
    insta::assert_snapshot!(outcome(arms, &["start 1", "c bails 3"]), @"
    success
    w: success, output 3
    a: canceled
    b: canceled
    c: success, output 3
    parallel-1: canceled
    ");
    insta::assert_snapshot!(outcome(arms, &["start 1", "cancel", "resume 2 step=a"]), @"
    resume 2 step=a: refused: this workflow run was not suspended: it is canceled
    canceled
    w: canceled
    a: canceled
    b: canceled
    c: canceled
    parallel-1: canceled
    ");
    let around = r#"[{"doUntil": {"id": "again", "do": {"ask": {"payload": "iteration"}}, "until": "output.enough"}},
        {"workflow": {"id": "in", "timeoutMs": 2000, "steps": [{"ask": {"id": "slow"}}]}}]"#;
    insta::assert_snapshot!(outcome(around, &[
        "start", r#"resume {"enough":false} step=again"#, r#"resume {"enough":true} step=again"#, "time", "resume 1",
    ]), @r#"
    time: refused: nothing to do
    failed
    w: failed, it was not done within its time: 2000 ms have passed
    again: success, output {"enough":true}
    again[0]: success, output {"enough":false}
    again[1]: success, output {"enough":true}
    in: failed, it was not done within its time: 2000 ms have passed
    in.slow: canceled
    "#);
}

#[test]
fn an_answer_that_ends_everything_leaves_nothing_for_the_next_one() {
    // Both are answered at once, and the workflow around the first refuses what it is answered.
    let arms = r#"[{"parallel": {"arms": [{"workflow": {"id": "in", "outputSchema": {"type": "string"},
        "steps": [{"ask": {"id": "a"}}]}},
        {"ask": {"id": "b"}}]}}]"#;
    insta::assert_snapshot!(outcome(arms, &["start 1", "resume 2 all"]), @r#"
    failed
    w: failed, workflow output validation failed:
    - (top): 2 is not of type "string"
    b: success, output 2
    in: failed, workflow output validation failed:
    - (top): 2 is not of type "string"
    in.a: success, output 2
    parallel-1: failed, workflow output validation failed:
    - (top): 2 is not of type "string"
    "#);
}

#[test]
fn what_cannot_be_asked_is_a_failure() {
    let table = [
        r#""payload": "input.nothing""#,
        r#""payload": {"a": "1 + input"}"#,
        r#""labels": [{"expr": "input"}]"#,
        r#""labels": [{"expr": "['a', 2]"}]"#,
        r#""labels": [{"expr": "''"}]"#,
        r#""labels": [{"expr": "'1 2 3 4 5 6 7 8 9 a b c d e f g h'.split(' ')"}]"#,
        r#""assignees": [{"expr": "[null]"}]"#,
        r#""assignees": [{"expr": "''"}]"#,
        r#""deadline": {"expr": "'soon'"}"#,
    ];
    let told: Vec<String> = table
        .iter()
        .map(|fields| {
            let told = check(&format!(r#"[{{"ask": {{"id": "q", {fields}}}}}]"#), &["start {}"]);
            let line = told.lines().find(|line| line.contains("  q: failed")).unwrap_or(&told).to_owned();
            line.split_once("error ").unwrap_or_default().1.to_owned()
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    invalid-ask "its `payload`: `input.nothing`: no such key: \"nothing\"; ask with has(…) first when it may be missing at 1:1"
    invalid-ask "its `payload`: `a`: `1 + input`: expected two values that `+` can take, found int and map at 1:1"
    invalid-ask "its `labels`: `input` gave {}, expected a text or an array of texts"
    invalid-ask "its `labels`: `['a', 2]` gave [\"a\",2], expected a text or an array of texts"
    invalid-label "a label of 0 bytes given, 1 to 256 are allowed"
    invalid-label "17 labels given, at most 16 are allowed"
    invalid-ask "its `assignees`: `[null]` gave [null], expected a text or an array of texts"
    invalid-assignee "an assignee of 0 bytes given, 1 to 256 are allowed"
    invalid-ask "its `deadline`: `soon` is no length of time: expected one such as `30d`, `1h 30m` or `P1DT12H`, or milliseconds"
    "#);
}

#[test]
fn a_run_can_go_back_to_a_question() {
    insta::assert_snapshot!(outcome(
        r#"[{"ask": {"id": "a"}}, {"ask": {"id": "b"}}]"#,
        &["start 1", "resume 2", "travel a", "resume 3", "resume 4"]), @"
    success
    w: success, output 4
    a: success, output 3
    b: success, output 4
    ");
}

#[test]
fn the_payload_of_an_event_is_the_output() {
    insta::assert_snapshot!(check(
        r#"[{"event": {"id": "e", "name": {"expr": "'pa' + 'id'"}, "key": {"expr": "input.id"},
            "schema": {"properties": {"n": {"default": 1}}}}}]"#,
        &[r#"start {"id":"o-1"}"#, "resume 1", "mail other {}", "mail paid {}", "mail paid {}"],
    ), @r#"
    start {"id":"o-1"}
      run: waiting, durable
      w: running t1.., input {"id":"o-1"}
      e: waiting t1.., input {"id":"o-1"}, waits since t1
      opens #1 of e
      looks for mail for #1 of e
    resume 1
      refused, Conflict, not-suspended: this workflow run was not suspended: it is waiting
    mail other {}
      refused, Conflict, idle: nothing to do
    mail paid {}
      run: success, durable
      w: success t1..t4, input {"id":"o-1"}, output {"n":1}
      e: success t1..t4, input {"id":"o-1"}, output {"n":1}
      closes #1: Received
      saves version 1 before #1
    mail paid {}
      refused, Conflict, idle: nothing to do
    "#);
}

#[test]
fn an_event_that_does_not_fit_fails_the_entry_and_a_restart_waits_for_another() {
    insta::assert_snapshot!(check(
        r#"[{"event": {"id": "e", "name": "paid", "schema": {"type": "object"}}}]"#,
        &["start", "mail paid 5", "restart", "continue e", "mail paid {}"],
    ), @r#"
    start
      run: waiting, durable
      w: running t1.., input null
      e: waiting t1.., input null, waits since t1
      opens #1 of e
      looks for mail for #1 of e
    mail paid 5
      run: failed, durable
      w: failed t1..t2, input null, error bad-event "event data validation failed:\n- (top): 5 is not of type \"object\""
      e: failed t1..t2, input null, error bad-event "event data validation failed:\n- (top): 5 is not of type \"object\""
      closes #1: Received
      saves version 1 before the end
    restart
      run: running
      w: running t1.., input null
      e: running t1.., input null, put off
      goes on with e
    continue e
      run: waiting, durable
      e: waiting t4.., input null, waits since t4
      opens #4 of e
      looks for mail for #4 of e
    mail paid {}
      run: success, durable
      w: success t1..t5, input null, output {}
      e: success t4..t5, input null, output {}
      closes #4: Received
      saves version 4 before #4
    "#);
}

#[test]
fn an_event_has_a_deadline_and_a_default_too() {
    let told = |more: &str, script: &[&str]| {
        let fields = format!(r#"{{"id": "e", "name": "paid"{more}}}"#);
        outcome(
            &format!(
                r#"[{{"try": {{"do": {{"event": {fields}}},
                    "catch": {{"map": {{"to": "error.code + ': ' + error.message"}}}}}}}}]"#
            ),
            script,
        )
    };
    let script = ["start {}", "time"];
    let told = [
        told(r#", "deadline": {"ms": 1000, "otherwise": [1]}"#, &script),
        told(r#", "deadline": {"ms": 0, "otherwise": [1]}"#, &script[..1]),
        told(r#", "deadline": {"ms": 1000}"#, &script),
        told(r#", "key": {"expr": "5"}"#, &script[..1]),
        told(r#", "key": {"expr": "''"}"#, &script[..1]),
        told(r#", "deadline": {"expr": "input.x"}"#, &script[..1]),
    ];
    let first = |told: &String| told.lines().find(|line| line.starts_with("w: ")).unwrap().to_owned();
    insta::assert_snapshot!(told.iter().map(first).collect::<Vec<_>>().join("\n"), @r#"
    w: success, output [1]
    w: success, output [1]
    w: success, output "timed-out: the event did not come before its deadline"
    w: success, output "invalid-event: its `key`: `5` gave 5, expected a text"
    w: success, output "invalid-event: the key of an event has 0 bytes, 1 to 256 are allowed"
    w: success, output "invalid-event: its `deadline`: `input.x`: no such key: \"x\"; ask with has(…) first when it may be missing at 1:1"
    "#);
}

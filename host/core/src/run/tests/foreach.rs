//! Foreach: the order of the items, what goes on beside a suspended one, and the output.

use super::blocks::ends;
use super::script::{check, outcome};

#[test]
fn foreach_keeps_the_order_and_goes_on_past_a_suspended_item() {
    let told = check(
        r#"[{"foreach": {"concurrency": 2, "do": "@a"}}]"#,
        &[
            "start [1,2,3,4]",
            "a[0] suspends 0",
            "a[1] completes 20",
            "a[2] completes 30",
            "a[3] suspends 3",
            "resume 0",
            "resume 9 step=a index=3",
            "a[3] completes 40",
            "resume 0",
            "a[0] completes 10",
        ],
    );
    insta::assert_snapshot!(told, @"
    start [1,2,3,4]
      run: running
      w: running t1.., input [1,2,3,4]
      a: running t1.., input [1,2,3,4], ForEach { count: 4, begun: 2, open: 2 }
      a[0]: running t1.., input 1, call 1 = start
      a[1]: running t1.., input 2, call 1 = start
      a[2]: pending t1.., input 3
      a[3]: pending t1.., input 4
      calls a[0]
      calls a[1]
    a[0] suspends 0
      run: running, durable
      a[0]: suspended t1.., input 1, waits since t2, shows 0
      opens #2 of a[0]
    a[1] completes 20
      run: running
      a: running t1.., input [1,2,3,4], ForEach { count: 4, begun: 3, open: 2 }
      a[1]: success t1..t3, input 2, output 20
      a[2]: running t3.., input 3, call 1 = start
      calls a[2]
    a[2] completes 30
      run: running
      a: running t1.., input [1,2,3,4], ForEach { count: 4, begun: 4, open: 2 }
      a[2]: success t3..t4, input 3, output 30
      a[3]: running t4.., input 4, call 1 = start
      calls a[3]
    a[3] suspends 3
      run: suspended, durable
      a[3]: suspended t4.., input 4, waits since t5, shows 3
      opens #5 of a[3]
    resume 0
      refused, Refused, ambiguous-target: multiple suspended steps found for the suspended step: [a[0]], [a[3]]; name one of them
    resume 9 step=a index=3
      run: running
      a[3]: running t4.., input 4, answered t7 with 9, call 2 = resume from image 5 of 3: answered 9
      closes #5: Answered
      saves version 5 before #5
      calls a[3]
    a[3] completes 40
      run: suspended, durable
      a: running t1.., input [1,2,3,4], ForEach { count: 4, begun: 4, open: 1 }
      a[3]: success t4..t8, input 4, output 40, answered t7 with 9
      drops image 5
    resume 0
      run: running
      a[0]: running t1.., input 1, answered t9 with 0, call 2 = resume from image 2 of 0: answered 0
      closes #2: Answered
      saves version 7 before #2
      calls a[0]
    a[0] completes 10
      run: success, durable
      w: success t1..t10, input [1,2,3,4], output [10,20,30,40]
      a: success t1..t10, input [1,2,3,4], output [10,20,30,40]
      a[0]: success t1..t10, input 1, output 10, answered t9 with 0
      drops image 2
    ");
}

#[test]
fn foreach_answers_all_items_when_that_is_asked_for() {
    ends(
        r#"[{"foreach": {"concurrency": 3, "do": "@a"}}]"#,
        &[
            "start [1,2]",
            "a[0] suspends 0",
            "a[1] suspends 1",
            "resume 7",
            "resume 7 step=a all",
            "a[0] completes 1",
            "a[1] completes 2",
        ],
        "
        resume 7: refused: multiple suspended steps found for the suspended step: [a[0]], [a[1]]; name one of them
        success
        w: success, output [1,2]
        a: success, output [1,2]
        a[0]: success, output 1
        a[1]: success, output 2
        ",
    );
}

#[test]
fn foreach_takes_arrays_and_nothing_else() {
    ends(
        r#"[{"foreach": {"do": "@a"}}]"#,
        &["start []"],
        "success\nw: success, output []\na: success, output []",
    );
    let told = outcome(r#"[{"foreach": {"do": "@a"}}]"#, &["start 5"]);
    insta::assert_snapshot!(told, @"
    failed
    w: failed, foreach expects an array, found 5
    a: failed, foreach expects an array, found 5
    ");
}

#[test]
fn a_body_of_several_entries_stands_below_its_item() {
    ends(
        r#"[{"foreach": {"id": "each", "items": "input.list", "do": ["@a", {"map": {"id": "m", "to": "[index, item, steps.a]"}}]}}]"#,
        &["start {\"list\":[\"x\",\"y\"]}", "each[0].a completes 1", "each[1].a completes 2"],
        r#"
        success
        w: success, output [[0,"x",1],[1,"y",2]]
        each: success, output [[0,"x",1],[1,"y",2]]
        each[0]: success, output [0,"x",1]
        each[0].a: success, output 1
        each[0].m: success, output [0,"x",1]
        each[1]: success, output [1,"y",2]
        each[1].a: success, output 2
        each[1].m: success, output [1,"y",2]
        "#,
    );
}

#[test]
fn an_item_that_fails_fails_the_block_and_closes_the_others() {
    ends(
        r#"[{"foreach": {"concurrency": 2, "do": "@a"}}]"#,
        &["start [1,2,3]", "a[0] suspends 0", "a[1] fails \"no\""],
        "
        failed
        w: failed, no
        a: failed, no
        a[0]: canceled
        a[1]: failed, no
        a[2]: pending
        ",
    );
}

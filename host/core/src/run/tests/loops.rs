//! Loops: the input of each round, the condition of the next one, and how a loop without a step makes room for others.

use super::blocks::ends;
use super::script::check;

#[test]
fn a_loop_feeds_each_output_to_the_next_round() {
    ends(
        r#"[{"doUntil": {"do": "@a", "until": "output >= 3 && iteration == 2"}}]"#,
        &[
            "start 1",
            "a[0] suspends 1",
            "resume 5",
            "a[0] completes 2",
            "a[1] suspends 2",
            "resume 6",
            "a[1] completes 3",
        ],
        "
        success
        w: success, output 3
        a: success, output 3
        a[0]: success, output 2
        a[1]: success, output 3
        ",
    );
}

#[test]
fn a_loop_may_ask_a_step_whether_to_go_on() {
    let told = check(
        r#"[{"doWhile": {"do": "@a", "while": "?more"}}]"#,
        &[
            "start 1",
            "a[0] completes 2",
            "more[0] completes true",
            "a[1] completes 3",
            "more[1] completes false",
        ],
    );
    insta::assert_snapshot!(told, @"
    start 1
      run: running
      w: running t1.., input 1
      a: running t1.., input 1, Loop { iteration: 0 }
      a[0]: running t1.., input 1, call 1 = start
      calls a[0]
    a[0] completes 2
      run: running
      a[0]: success t1..t2, input 1, output 2
      more[0]: running t2.., input 2, call 1 = start
      calls more[0]
    more[0] completes true
      run: running
      a: running t1.., input 1, Loop { iteration: 1 }
      a[1]: running t3.., input 2, call 1 = start
      more[0]: success t2..t3, input 2, output true
      calls a[1]
    a[1] completes 3
      run: running
      a[1]: success t3..t4, input 2, output 3
      more[1]: running t4.., input 3, call 1 = start
      calls more[1]
    more[1] completes false
      run: success, durable
      w: success t1..t5, input 1, output 3
      a: success t1..t5, input 1, output 3
      more[1]: success t4..t5, input 3, output false
    ");
}

/// A loop without a step in it is put off now and then, rather than keep the host from everything else.
#[test]
fn a_loop_without_a_step_is_put_off() {
    let told = check(
        r#"[{"doWhile": {"id": "l", "do": [{"map": {"id": "m", "to": "input + 1"}}], "while": "output < 600"}}]"#,
        &["start 0"],
    );
    let last: Vec<&str> =
        told.lines().filter(|line| line.contains("put off") || line.contains("goes on")).collect();
    insta::assert_snapshot!(last.join("\n"), @"
    l[499].m: running t1.., input 499, put off
    goes on with l[499].m
    ");
}

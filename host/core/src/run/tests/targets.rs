//! Which suspension a request means.
//!
//! Only one step at a time is under way here, so what is ambiguous is tested beside [`crate::resume::find`].

use super::script::check;

/// Mastra 1.71 does the same.
#[test]
fn a_step_is_named_by_id_or_by_path() {
    let history = check("then(ask)", &["start", "ask suspends", "resume 1 step=ask"]);
    insta::assert_snapshot!(history, @"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    ask suspends
      run: suspended, durable
      ask: suspended t1.., input null, waits since t2, shows null
      opens #2 of ask
    resume 1 step=ask
      run: running
      ask: running t1.., input null, answered t3 with 1, call 2 = resume from image 2 of null: answered 1
      closes #2: Answered
      saves version 2 before #2
      calls ask
    ");
}

/// Mastra 1.71 does the same.
#[test]
fn an_unknown_step_is_refused_with_those_that_are_suspended() {
    let history = check(
        "then(ask) then(pay)",
        &["start", "ask suspends", "resume 1 step=zzz", "resume 1 step=pay", "resume 1 step=ask.inner"],
    );
    insta::assert_snapshot!(history, @"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    ask suspends
      run: suspended, durable
      ask: suspended t1.., input null, waits since t2, shows null
      opens #2 of ask
    resume 1 step=zzz
      refused, Refused, unknown-target: step `zzz` was not suspended; suspended steps: [ask]
    resume 1 step=pay
      refused, Refused, unknown-target: step `pay` was not suspended; suspended steps: [ask]
    resume 1 step=ask.inner
      refused, Refused, unknown-target: step `ask.inner` was not suspended; suspended steps: [ask]
    ");
}

/// Differs from Mastra 1.71, which ignores it and answers whatever is suspended.
#[test]
fn an_unknown_label_is_refused() {
    let history = check(
        "then(ask)",
        &["start", "ask suspends 1 label=A label=approve-a", "resume 1 label=B", "resume 1 label=A"],
    );
    insta::assert_snapshot!(history, @r#"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    ask suspends 1 label=A label=approve-a
      run: suspended, durable
      ask: suspended t1.., input null, waits since t2, shows 1
      opens #2 of ask "A" "approve-a"
    resume 1 label=B
      refused, Refused, unknown-target: label `B` was not suspended; suspended steps: [ask] "A" "approve-a"
    resume 1 label=A
      run: running
      ask: running t1.., input null, answered t4 with 1, call 2 = resume from image 2 of 1: answered 1
      closes #2: Answered
      saves version 2 before #2
      calls ask
    "#);
}

#[test]
fn a_label_that_was_used_up_is_refused() {
    let history = check(
        "then(ask)",
        &["start", "ask suspends 1 label=A", "resume 1 label=A", "ask suspends 2", "resume 2 label=A"],
    );
    insta::assert_snapshot!(history, @r#"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    ask suspends 1 label=A
      run: suspended, durable
      ask: suspended t1.., input null, waits since t2, shows 1
      opens #2 of ask "A"
    resume 1 label=A
      run: running
      ask: running t1.., input null, answered t3 with 1, call 2 = resume from image 2 of 1: answered 1
      closes #2: Answered
      saves version 2 before #2
      calls ask
    ask suspends 2
      run: suspended, durable
      ask: suspended t1.., input null, waits since t4, shows 2, answered t3 with 1
      opens #4 of ask
      drops image 2
    resume 2 label=A
      refused, Refused, unknown-target: label `A` was not suspended; suspended steps: [ask]
    "#);
}

/// Mastra 1.71 does the same.
#[test]
fn a_label_wins_over_a_step() {
    let history = check("then(ask)", &["start", "ask suspends 1 label=A", "resume 1 label=A step=zzz"]);
    insta::assert_snapshot!(history, @r#"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    ask suspends 1 label=A
      run: suspended, durable
      ask: suspended t1.., input null, waits since t2, shows 1
      opens #2 of ask "A"
    resume 1 label=A step=zzz
      run: running
      ask: running t1.., input null, answered t3 with 1, call 2 = resume from image 2 of 1: answered 1
      closes #2: Answered
      saves version 2 before #2
      calls ask
    "#);
}

#[test]
fn the_suspensions_own_id_wins_over_everything() {
    let history = check(
        "then(ask)",
        &[
            "start",
            "ask suspends 1",
            "resume 1 suspension=9 step=ask",
            "resume 1 suspension=2 step=zzz label=zzz",
        ],
    );
    insta::assert_snapshot!(history, @"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    ask suspends 1
      run: suspended, durable
      ask: suspended t1.., input null, waits since t2, shows 1
      opens #2 of ask
    resume 1 suspension=9 step=ask
      refused, Refused, unknown-target: suspension `sus_09090909090909090909090909090909` was not suspended; suspended steps: [ask]
    resume 1 suspension=2 step=zzz label=zzz
      run: running
      ask: running t1.., input null, answered t4 with 1, call 2 = resume from image 2 of 1: answered 1
      closes #2: Answered
      saves version 2 before #2
      calls ask
    ");
}

#[test]
fn an_index_where_nothing_repeats_is_refused() {
    let history =
        check("then(ask)", &["start", "ask suspends 1", "resume 1 step=ask index=0", "resume 1 index=0"]);
    insta::assert_snapshot!(history, @"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    ask suspends 1
      run: suspended, durable
      ask: suspended t1.., input null, waits since t2, shows 1
      opens #2 of ask
    resume 1 step=ask index=0
      refused, Refused, unknown-target: step `ask` with index 0 was not suspended; suspended steps: [ask]
    resume 1 index=0
      refused, Refused, unknown-target: the suspended step with index 0 was not suspended; suspended steps: [ask]
    ");
}

/// Mastra 1.71 does the same.
#[test]
fn a_leaf_is_reached_by_its_path_or_any_beginning_of_it() {
    let history = check(
        "workflow(inner: workflow(deep: then(leaf)))",
        &[
            "start",
            "inner.deep.leaf suspends",
            "resume 1 step=inner.deep.leaf",
            "inner.deep.leaf suspends",
            "resume 2 step=inner.deep",
            "inner.deep.leaf suspends",
            "resume 3 step=inner",
            "inner.deep.leaf suspends",
            "resume 4",
        ],
    );
    insta::assert_snapshot!(history, @"
    start
      run: running
      w: running t1.., input null
      inner: running t1.., input null
      inner.deep: running t1.., input null
      inner.deep.leaf: running t1.., input null, call 1 = start
      calls inner.deep.leaf
    inner.deep.leaf suspends
      run: suspended, durable
      inner.deep.leaf: suspended t1.., input null, waits since t2, shows null
      opens #2 of inner.deep.leaf
    resume 1 step=inner.deep.leaf
      run: running
      inner.deep.leaf: running t1.., input null, answered t3 with 1, call 2 = resume from image 2 of null: answered 1
      closes #2: Answered
      saves version 2 before #2
      calls inner.deep.leaf
    inner.deep.leaf suspends
      run: suspended, durable
      inner.deep.leaf: suspended t1.., input null, waits since t4, shows null, answered t3 with 1
      opens #4 of inner.deep.leaf
      drops image 2
    resume 2 step=inner.deep
      run: running
      inner.deep.leaf: running t1.., input null, answered t5 with 2, call 3 = resume from image 4 of null: answered 2
      closes #4: Answered
      saves version 4 before #4
      calls inner.deep.leaf
    inner.deep.leaf suspends
      run: suspended, durable
      inner.deep.leaf: suspended t1.., input null, waits since t6, shows null, answered t5 with 2
      opens #6 of inner.deep.leaf
      drops image 4
    resume 3 step=inner
      run: running
      inner.deep.leaf: running t1.., input null, answered t7 with 3, call 4 = resume from image 6 of null: answered 3
      closes #6: Answered
      saves version 6 before #6
      calls inner.deep.leaf
    inner.deep.leaf suspends
      run: suspended, durable
      inner.deep.leaf: suspended t1.., input null, waits since t8, shows null, answered t7 with 3
      opens #8 of inner.deep.leaf
      drops image 6
    resume 4
      run: running
      inner.deep.leaf: running t1.., input null, answered t9 with 4, call 5 = resume from image 8 of null: answered 4
      closes #8: Answered
      saves version 8 before #8
      calls inner.deep.leaf
    ");
}

/// Differs from Mastra 1.71, in which the run fails for good.
#[test]
fn a_wrong_leaf_is_refused_and_the_run_goes_on() {
    let history = check(
        "workflow(inner: workflow(deep: then(leaf)))",
        &[
            "start",
            "inner.deep.leaf suspends",
            "resume 1 step=inner.deep.nope",
            "resume 1 step=leaf",
            "resume 1 step=inner.deep.leaf",
        ],
    );
    insta::assert_snapshot!(history, @"
    start
      run: running
      w: running t1.., input null
      inner: running t1.., input null
      inner.deep: running t1.., input null
      inner.deep.leaf: running t1.., input null, call 1 = start
      calls inner.deep.leaf
    inner.deep.leaf suspends
      run: suspended, durable
      inner.deep.leaf: suspended t1.., input null, waits since t2, shows null
      opens #2 of inner.deep.leaf
    resume 1 step=inner.deep.nope
      refused, Refused, unknown-target: step `inner.deep.nope` was not suspended; suspended steps: [inner.deep.leaf]
    resume 1 step=leaf
      refused, Refused, unknown-target: step `leaf` was not suspended; suspended steps: [inner.deep.leaf]
    resume 1 step=inner.deep.leaf
      run: running
      inner.deep.leaf: running t1.., input null, answered t5 with 1, call 2 = resume from image 2 of null: answered 1
      closes #2: Answered
      saves version 2 before #2
      calls inner.deep.leaf
    ");
}

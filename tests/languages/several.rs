//! What the step does where the SDK lets it wait for several things at once.

use serde_json::{Value, json};

use super::case::{Case, End, Shows, Then, Turn};

/// Questions under labels are open, and one of them is answered.
fn answered(open: &'static [&'static str], label: &'static str, data: Value) -> Turn {
    open_until(open, Then::Answer { label: Some(label), data, context: json!({}) })
}

fn open_until(open: &'static [&'static str], then: Then) -> Turn {
    Turn { shows: Shows::Labels(open), labels: &[], log: &[], then }
}

fn paid(key: &'static str) -> Then {
    Then::Event { name: "paid", key, payload: json!({"cents": 5}) }
}

pub(super) fn cases() -> Vec<Case> {
    let yes = || json!({"yes": true});
    let with_key = |name, key: &str, turns, end| {
        Case::new(name, turns, End::Output(end)).input(json!({"do": name, "key": key}))
    };
    vec![
        with_key(
            "both",
            "b-1",
            vec![answered(&["both"], "both", yes()), open_until(&[], paid("b-1"))],
            json!([{"yes": true}, {"cents": 5}]),
        ),
        with_key(
            "both",
            "b-2",
            vec![open_until(&["both"], paid("b-2")), answered(&["both"], "both", yes())],
            json!([{"yes": true}, {"cents": 5}]),
        ),
        // The question that lost is not asked any more.
        with_key(
            "first",
            "f-1",
            vec![open_until(&["slow"], paid("f-1")), answered(&["after"], "after", yes())],
            json!({"first": {"cents": 5}, "after": {"yes": true}}),
        ),
        with_key(
            "first",
            "f-2",
            vec![answered(&["slow"], "slow", yes()), answered(&["after"], "after", json!(1))],
            json!({"first": {"yes": true}, "after": 1}),
        ),
        // Whoever looks for what is due goes on as long as there is more: hence the questions between.
        Case::new(
            "patience",
            vec![
                open_until(&["slow"], Then::Time),
                answered(&["after"], "after", yes()),
                open_until(&["default"], Then::Time),
                answered(&["after"], "after", yes()),
                open_until(&[], Then::Time),
            ],
            End::Output(json!({"late": true, "answer": "nobody", "event": "timed-out"})),
        ),
        Case::new(
            "paths",
            vec![
                answered(&["a-1", "b-1"], "b-1", json!("p")),
                answered(&["a-1", "b-2"], "b-2", json!("q")),
                answered(&["a-1"], "a-1", json!("r")),
                answered(&["a-2"], "a-2", json!("s")),
            ],
            End::Output(json!([["r", "s"], ["p", "q"]])),
        ),
        // Steps that are run by the step, two of which wait themselves.
        Case::new(
            "children",
            vec![
                answered(&["double-1", "double-3"], "double-3", json!({"by": 2})),
                answered(&["double-1"], "double-1", json!({"by": 3})),
            ],
            End::Output(json!([3, 4, 6])),
        ),
        Case::new("settled", vec![], End::Output(json!(["refused", 4]))),
    ]
}

//! What the step does alike in every language: one wait at a time.

use anyhow::Result;
use serde_json::{Value, json};

use super::case::{Case, End, Shows, Then, Turn, answered, unasked};

const UNICODE: &str = "naïve 日本語 🙂 e\u{301} \u{0} \u{7f} \u{2028} \\ \" \u{10ffff}";

pub(super) fn cases() -> Result<Vec<Case>> {
    let texts = ["one", "two", "three"];
    let keep = (1..).zip(texts).map(|(asked, text)| answered(json!({"asked": asked}), json!({"text": text})));
    let megabyte = "x".repeat(1 << 20);
    // As deep as a host takes it, with the object around it.
    let deep = format!(r#""deep":{}1{}"#, "[".repeat(95), "]".repeat(95));
    let numbers = r#" "whole": 123456789012345678901234567890, "part" : 1.50, "small":1E-7"#;
    let clock = || Turn { shows: Shows::Clock, ..answered(json!({}), json!({})) };
    Ok(vec![
        Case::echo("echo numbers", numbers)?,
        Case::echo("echo depth", &deep)?,
        Case::echo("echo a megabyte", &format!(r#""text":"{megabyte}""#))?,
        Case::echo("echo Unicode", r#""text":"日本語 🙂 \ud83d\ude42 \u0000""#)?,
        Case::new("keep", keep.collect(), End::Output(json!({"texts": texts, "count": 3}))),
        Case::new(
            "state",
            vec![answered(json!({"counter": 1}), json!({}))],
            End::Output(json!({"counter": 2})),
        ),
        Case {
            context: json!({"tenantName": "Acme"}),
            ..Case::new(
                "context",
                vec![Turn {
                    then: Then::Answer { label: None, data: json!({}), context: json!({"approver": "Ada"}) },
                    ..answered(json!({}), json!({}))
                }],
                End::Output(json!({"tenantName": "Acme", "approver": "Ada"})),
            )
        },
        Case::new(
            "labels",
            vec![Turn {
                shows: Shows::Json(json!({"question": "who?"})),
                labels: &["manager", "finance"],
                log: &[],
                then: Then::Answer {
                    label: Some("finance"),
                    data: json!({"it": ["was", 1]}),
                    context: json!({}),
                },
            }],
            End::Output(json!({"it": ["was", 1]})),
        ),
        Case::new("bail", vec![], End::Output(json!({"bailed": true}))),
        Case::new(
            "fail",
            vec![],
            End::Fails(json!({"message": "no luck", "code": "no-luck", "details": {"tried": "everything"}})),
        ),
        Case::new("retry", vec![], End::Output(json!({"attempt": 2}))),
        Case::new(
            "megabyte",
            vec![answered(json!({"text": megabyte}), json!({"text": "é".repeat(1 << 19)}))],
            End::Output(json!({"length": 1 << 20})),
        ),
        Case::new(
            "unicode",
            vec![answered(json!({"text": UNICODE}), json!({"text": UNICODE}))],
            End::Output(json!({"text": UNICODE, "same": true})),
        )
        .input(json!({"do": "unicode", "text": UNICODE})),
        Case::new(
            "print",
            vec![Turn {
                log: &[
                    "conformance Info printed by the step",
                    r#"conformance Warn logged by the step {"n":1}"#,
                ],
                ..answered(json!({}), json!({}))
            }],
            End::Logs(Value::Null, &["conformance Info printed after"]),
        ),
        Case::new("clock", vec![clock()], End::Clock),
        // Another run draws other numbers.
        Case::new("clock", vec![clock()], End::Clock),
        Case::new("sleep", vec![unasked(Then::Time)], End::Output(json!({"slept": true}))),
        Case::new(
            "event",
            vec![unasked(Then::Event { name: "paid", key: "order-7", payload: json!({"cents": 1200}) })],
            End::Output(json!({"cents": 1200})),
        )
        .input(json!({"do": "event", "key": "order-7"})),
    ])
}

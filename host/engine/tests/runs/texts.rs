//! Texts that are JSON, that are nearly so, and that are no values.

/// Well-formed, with what is said of each.
pub(crate) fn odd() -> Vec<(String, &'static str)> {
    let deep = |levels: usize| format!(r#"{}"x"{}"#, "[".repeat(levels), "]".repeat(levels));
    vec![
        (r#"{"a":["\ud83d"]}"#.into(), r#"/a/0: "\ud83d" has half of a surrogate pair"#),
        (r#"["\ude00x"]"#.into(), r#"/0: "\ude00x" has half of a surrogate pair"#),
        (
            r#"{"n":1e400}"#.into(),
            "/n: 1e400 is too large for a number, 1.7976931348623157e308 is the largest",
        ),
        (r#"{"a":1,"a":2}"#.into(), r#"/a: the key "a" is there twice"#),
        (r#"[{"\u0061":1,"a":2}]"#.into(), r#"/0/a: the key "a" is there twice"#),
        (deep(97), "nested 97 levels deep, at most 96 are allowed"),
        (deep(127), "nested 127 levels deep, at most 96 are allowed"),
        (deep(5_000), "nested 5000 levels deep, at most 96 are allowed"),
    ]
}

/// The texts of RFC 8259's grammar and next to it, of which the door of `Json` has the word on each.
pub(crate) fn texts() -> impl Iterator<Item = String> {
    let cases = include_str!("../../../core/src/json/cases.txt").lines();
    let texts = cases.filter(|line| !line.starts_with("  ") && !line.starts_with('#'));
    texts.map(|line| {
        let text = line.replace("<tab>", "\t").replace("<nul>", "\0").replace("<del>", "\u{7f}");
        text.replace("<bom>", "\u{feff}").replace("<space>", " ")
    })
}

//! Limits by name.

use super::*;

fn said(text: &str) -> String {
    let mut limits = HostLimits::default();
    match limits.set(text) {
        Ok(()) => ALL.iter().map(|limit| limit.unit.text(limit.value(&limits))).collect::<Vec<_>>().join(" "),
        Err((message, hint)) => format!("{message}; {hint}"),
    }
}

#[test]
fn each_limit_is_set_by_its_name_and_changes_nothing_else() {
    let default = HostLimits::default();
    for limit in ALL {
        let other = match limit.value(&default) {
            0 => 1,
            value => value / 2,
        };
        let mut limits = default.clone();
        limits.set(&format!("{}={}", limit.name, limit.unit.text(other))).unwrap();
        for other_limit in ALL {
            let expected = if other_limit.name == limit.name { other } else { other_limit.value(&default) };
            assert_eq!(other_limit.value(&limits), expected, "{} after {}", other_limit.name, limit.name);
        }
    }
    // As many as there are fields.
    let fields = format!("{:?}", Limits::default()).matches(": ").count() + 13;
    assert_eq!(ALL.len(), fields, "a limit has no name");
    assert_eq!(default.origin(ALL.first().unwrap()), Origin::Default);
}

#[test]
fn a_wrong_limit_says_what_would_be_right() {
    let told: Vec<String> = [
        "memory-bytes",
        "memry-bytes=1",
        "x=1",
        "memory-bytes=lots",
        "memory-bytes=1",
        "call=5",
        "call=2d",
        "value-bytes=17MiB",
        "waits=1k",
    ]
    .into_iter()
    .map(said)
    .collect();
    insta::assert_snapshot!(told.join("\n"), @"
    --set-limit `memory-bytes`: expected NAME=VALUE; `reentry limits` lists them with their values
    there is no limit `memry-bytes`; did you mean `memory-bytes`?
    there is no limit `x`; `reentry limits` lists them with their values
    --set-limit memory-bytes: expected a number of bytes, or with a unit: 512KiB, 64MiB, 1GiB; `reentry limits` lists them with their values
    --set-limit memory-bytes=1 is out of bounds; it may be 64KiB to 4194240KiB
    --set-limit call: expected a time with its unit: 500ms, 30s, 5m, 1h; `reentry limits` lists them with their values
    --set-limit call=2d is out of bounds; it may be 1ms to 24h
    --set-limit value-bytes=17MiB is out of bounds; it may be 1KiB to 16MiB
    --set-limit waits: `1k` is not a whole number; `reentry limits` lists them with their values
    ");
}

#[test]
fn the_page_has_every_limit_with_its_default() {
    let page = include_str!("../../../../docs/limits.md");
    for limit in ALL {
        let default = limit.unit.text(limit.value(&HostLimits::default()));
        let code = limit.code.map(|code| format!("`{code}`")).unwrap_or_default();
        let most = limit.unit.text(limit.most);
        let Limit { name, bounds, then, .. } = limit;
        let row = format!("| `{name}` | {default} | {most} | {code} | {bounds} | {then} |\n");
        assert!(page.contains(&row), "docs/limits.md lacks the row: {row}");
    }
}

#[test]
fn each_code_at_a_limit_is_one_that_there_is() {
    let failures = failure::ALL.iter().map(|failure| failure.word);
    let errors = reentry::codes::ALL.iter().map(|error| error.word);
    let known: Vec<&str> = failures.chain(errors).collect();
    for limit in ALL {
        assert!(limit.code.is_none_or(|code| known.contains(&code)), "{}: {:?}", limit.name, limit.code);
    }
}

//! What the page for authors says is so.

use super::*;

const PAGE: &str = include_str!("../../../../../docs/expressions.md");

/// The rows of all tables whose heading begins with `expression`.
fn rows() -> impl Iterator<Item = (&'static str, &'static str)> {
    let mut of_expressions = false;
    PAGE.lines().filter_map(move |line| {
        let cells = line.strip_prefix("| ").and_then(|line| line.strip_suffix(" |"))?;
        let (first, second) = cells.split_once(" | ")?;
        of_expressions = first == "expression" || (of_expressions && first.starts_with(['`', '-']));
        first.strip_prefix('`')?.strip_suffix('`').filter(|_| of_expressions).map(|source| (source, second))
    })
}

#[test]
fn every_example_gives_what_it_says() {
    let (_, after) = PAGE.split_once("```json\n").unwrap();
    let input = Json::parse(after.split_once("```").unwrap().0).unwrap();
    let scope = Scope::new().json("input", &input);
    let mut count = 0;
    for (source, expected) in rows() {
        let found = given(source, &scope);
        let found = found.strip_prefix("not compiled: ").unwrap_or(&found);
        match (expected.strip_suffix('…'), expected.strip_prefix('`').and_then(|text| text.strip_suffix('`')))
        {
            (Some(start), _) => assert!(found.starts_with(start), "{source}: {found}"),
            (None, json) => assert_eq!(found, json.unwrap_or(expected), "{source}"),
        }
        count += 1;
    }
    assert!(count > 60, "only {count} examples were found");
}

#[test]
fn every_function_has_an_example() {
    for name in function::names() {
        assert!(rows().any(|(source, _)| source.contains(&format!("{name}("))), "{name} has no example");
    }
}

#[test]
fn the_limits_are_those_of_the_code() {
    let rows = [
        ("source", format!("{} KiB", SOURCE_BYTES_MAX / 1024)),
        (
            "nesting of brackets, arguments and macros",
            format!("{} levels", super::super::syntax::NESTING_MAX),
        ),
        (
            r"operators, selections or calls in a row (`&&` and `\|\|` do not count)",
            super::super::syntax::DEPTH_MAX.to_string(),
        ),
        ("pattern of `matches`", format!("{} KiB", pattern::BYTES_MAX / 1024)),
        ("work of one evaluation", format!("{},000 steps", STEPS_MAX / 1000)),
        ("result as JSON", format!("{} MiB, {} levels deep", RESULT_BYTES_MAX >> 20, crate::json::DEPTH_MAX)),
    ];
    for (what, most) in rows {
        assert!(PAGE.contains(&format!("| {what} | {most} |")), "{what}: {most}");
    }
}

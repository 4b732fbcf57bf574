//! What expressions read of the blocks around them.

use super::script::{check, outcome};

/// What the entries that are called `m` gave, in the order of their paths.
fn maps(workflow: &str, script: &[&str]) -> String {
    let told = outcome(workflow, script);
    let of_maps = told.lines().filter(|line| line.contains("m: "));
    of_maps
        .filter_map(|line| line.split_once(", output "))
        .map(|(_, output)| output)
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn the_item_is_that_of_the_foreach_whatever_repeats_inside_it() {
    let in_a_loop = r#"[{"foreach": {"id": "each", "do": [
        {"doWhile": {"id": "l", "do": [{"map": {"id": "m", "to": "[index, item, iteration]"}}],
            "while": "iteration < 2 + index"}}]}}]"#;
    assert_eq!(
        maps(in_a_loop, &["start [\"x\",\"y\"]"]),
        r#"[0,"x",1] [0,"x",2] [1,"y",1] [1,"y",2] [1,"y",3]"#
    );
    let in_a_foreach = r#"[{"foreach": {"id": "each", "do": [
        {"foreach": {"id": "inner", "items": "item", "do": [{"map": {"id": "m", "to": "[index, item]"}}]}}]}}]"#;
    assert_eq!(maps(in_a_foreach, &["start [[7],[8,9]]"]), "[0,7] [0,8] [1,9]");
}

#[test]
fn the_iteration_is_that_of_the_innermost_loop_and_counts_from_1() {
    let body = r#"[{"doUntil": {"id": "outer", "do": [
        {"map": {"id": "before-m", "to": "iteration"}},
        {"doUntil": {"id": "inner", "do": [{"foreach": {"id": "each", "items": "[0]",
            "do": [{"map": {"id": "m", "to": "[iteration]"}}]}}], "until": "iteration == 2"}},
        {"map": {"id": "z-m", "to": "iteration * 10"}}], "until": "iteration == 2"}}]"#;
    assert_eq!(maps(body, &["start"]), "1 [1] [2] 10 2 [1] [2] 20");
}

#[test]
fn the_error_is_there_throughout_the_way_out() {
    let told = outcome(
        r#"[{"try": {"id": "t", "do": "@a", "catch": [
            {"map": {"id": "first", "to": "error == input.error && input.input == 1"}}, "@b",
            {"foreach": {"id": "each", "items": "[error.step]",
                "do": [{"map": {"id": "m", "to": "[item, error.message]"}}]}},
            {"try": {"id": "inner", "do": "@c", "catch": {"map": {"id": "n", "to": "error.message"}}}},
            {"map": {"id": "last", "to": "[input, error.message]"}}]}}]"#,
        &["start 1", "a fails \"no\"", "b suspends 1", "resume 2", "b completes 3", "c fails \"worse\""],
    );
    insta::assert_snapshot!(told, @r#"
    success
    w: success, output ["worse","no"]
    a: failed, no
    b: success, output 3
    c: failed, worse
    each: success, output [["a","no"]]
    each[0]: success, output ["a","no"]
    each[0].m: success, output ["a","no"]
    first: success, output true
    inner: success, output "worse"
    last: success, output ["worse","no"]
    n: success, output "worse"
    t: success, output ["worse","no"]
    "#);
}

/// Restarting puts the saved run back, in which the way out is under way.
#[test]
fn the_error_outlives_a_restart() {
    let script = ["start 1", "a fails \"no\"", "b fails \"neither\"", "restart", "b completes 2"];
    let told = check(
        r#"[{"try": {"do": "@a", "catch": ["@b", {"map": {"id": "m", "to": "error.message"}}]}}]"#,
        &script,
    );
    let last = told.lines().filter(|line| line.contains("  m:")).collect::<Vec<_>>().join("\n");
    assert_eq!(last, r#"  m: success t5..t5, input 2, output "no""#);
}

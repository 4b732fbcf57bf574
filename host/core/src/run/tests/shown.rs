//! The statuses that results show of what holds something.

use super::script::statuses;

#[test]
fn a_block_stands_as_what_it_holds_though_paths_do_not_name_it() {
    let parallel = r#"[{"parallel": {"id": "p", "arms": ["@a", "@b"]}}]"#;
    let branch = r#"[{"branch": {"id": "p", "mode": "every", "arms": [{"when": "true", "do": "@a"}, {"when": "?check", "do": "@b"}]}}]"#;
    let caught = r#"[{"try": {"id": "p", "do": "@a", "catch": "@b"}}]"#;
    let table = [
        (parallel, &["start"] as &[&str], "w running, a running, b running, p running"),
        (parallel, &["start", "a suspends 1"], "w running, a suspended, b running, p running"),
        (
            parallel,
            &["start", "a suspends 1", "b sleeps 9"],
            "w suspended, a suspended, b waiting, p suspended",
        ),
        (parallel, &["start", "a sleeps 9", "b sleeps 9"], "w waiting, a waiting, b waiting, p waiting"),
        (parallel, &["start", "a suspends 1", "b completes 1"], "w suspended, a suspended, p suspended"),
        (branch, &["start", "check suspends 1"], "w suspended, check suspended, p suspended"),
        (
            branch,
            &["start", "check completes true", "a suspends 1", "b suspends 1"],
            "w suspended, a suspended, b suspended, p suspended",
        ),
        (caught, &["start", "a suspends 1"], "w suspended, a suspended, p suspended"),
        (caught, &["start", "a fails \"no\"", "b suspends 1"], "w suspended, b suspended, p suspended"),
    ];
    for (workflow, script, expected) in table {
        assert_eq!(statuses(workflow, script), expected, "{workflow} {script:?}");
    }
}

#[test]
fn what_repeats_and_what_calls_stands_as_what_it_holds() {
    let each = r#"[{"foreach": {"id": "each", "concurrency": 2, "do": [{"parallel": {"id": "p", "arms": ["@a", "@b"]}}]}}]"#;
    assert_eq!(
        statuses(each, &["start [1]", "each[0].a suspends 1", "each[0].b suspends 1"]),
        "w suspended, each suspended, each[0] suspended, each[0].a suspended, each[0].b suspended, each[0].p suspended"
    );
    assert_eq!(
        statuses("then(ask)", &["start", "ask waits workflow pack 1", "ask.pack[0].packed suspends 1"]),
        "w suspended, ask suspended, ask.pack[0] suspended, ask.pack[0].packed suspended"
    );
}

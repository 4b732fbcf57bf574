//! A run that is deleted leaves no row in any table, and no image.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use reentry_core::run::Phase;
use reentry_core::time::Timestamp;
use reentry_store::conformance::drafts::{
    asking, by, calling, change, create, ended, given_apart, put, run, suspension_id,
};
use reentry_store::conformance::{BackEnd, check};
use reentry_store::{LateTry, Store};

use crate::folder::Folder;

/// How many rows there are in each table that has any. The spots of a workflow stay as long as it.
fn rows(folder: &Folder) -> BTreeMap<String, i64> {
    let database = rusqlite::Connection::open(folder.database()).unwrap();
    let mut tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").unwrap();
    let tables = tables.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let counted = tables.map(|table| {
        let table = table.unwrap();
        let count =
            database.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap();
        (table, count)
    });
    counted.filter(|(table, count)| *count > 0 && table != "spots").collect()
}

/// A run with large questions and answers, answers that were refused and such as came too late.
async fn rich(store: &dyn Store, number: u64) -> reentry_core::run::RunState {
    let text = |letter: &str| format!("\"{}\"", letter.repeat(3_000));
    let first = create(run(number)).with_step("", given_apart(calling(1), number, &text("i")));
    let first = first.with_step("a", asking(number, &[])).with_step("b", asking(number + 100, &[]));
    let mut now = put(store, first.with_image(number + 50, b"memory")).await;
    for letter in ["x", "y"] {
        let answer = change(&now).with_step("a", calling(1));
        let answer = answer.with_answer(number, &text("q"), &text(letter), by("ann", None));
        let answered = put(store, answer.saving(Some(number), &[number + 50])).await;
        let back = change(&answered).with_record("a", asking(number, &[]));
        now = put(store, back.with_reopened(number, answered.version, None)).await;
    }
    let answer =
        change(&now).with_step("a", ended()).without_image(number + 50).saving(Some(number), &[number + 50]);
    let answer = answer.with_answer(number, &text("q"), &text("z"), by("ann", Some("at last")));
    let mut last = answer.with_answer(number + 100, &text("q"), "1", by("bob", None)).with_step("b", ended());
    last =
        last.with_step("", ended()).with_log("[1]").logging("a", 1, "{}").answering(&format!("key {number}"));
    last.run_mut().phase = Phase::Succeeded;
    let over = put(store, last).await;
    for suspension in [number, number + 100] {
        let late = LateTry {
            suspension: suspension_id(suspension),
            version: over.version,
            at: Timestamp(1),
            message: "late".to_owned(),
            by: by("cleo", None),
        };
        store.note_late_try(&over.tenant, over.id, late, 1).await.unwrap();
    }
    over
}

#[test]
fn a_deleted_run_leaves_no_row_and_no_image() {
    let folder = Folder::new();
    check(&folder, async |back_end: &dyn BackEnd| {
        let store = back_end.open();
        put(&*store, create(run(9))).await;
        let before = rows(&folder);
        let one = rich(&*store, 1).await;
        let with_one = rows(&folder);
        for table in ["images", "steps", "suspensions", "tries", "savepoints", "log", "call_logs", "requests"]
        {
            assert!(with_one.get(table) > before.get(table), "{table}: {with_one:?}");
        }
        let other = rich(&*store, 2).await;
        store.delete_run(&one.tenant, one.id).await.unwrap();
        assert_eq!(rows(&folder), with_one, "the other one is whole");
        assert_eq!(store.delete_runs_before(Timestamp(u64::MAX), 10).await.unwrap(), [other.id]);
        assert_eq!(rows(&folder), before);
    });
}

//! What lists are read by goes with what it is of.

#![allow(clippy::unwrap_used)]

use reentry_core::id::TenantId;
use reentry_core::run::{Phase, SuspensionEnd};
use reentry_core::time::Timestamp;
use reentry_store::WorkflowRecord;
use reentry_store::conformance::drafts::{change, create, json, panicked, put, run, run_id, tenant};
use reentry_store::conformance::filters::question;
use reentry_store::conformance::{BackEnd, check};

use crate::folder::Folder;

/// Spots, and names of suspensions.
fn kept(folder: &Folder) -> (u32, u32) {
    let database = rusqlite::Connection::open(folder.database()).unwrap();
    let count = |table: &str| {
        let sql = format!("SELECT count(*) FROM {table}");
        database.query_row(&sql, [], |row| row.get(0)).unwrap()
    };
    (count("spots"), count("suspension_names"))
}

#[test]
fn spots_and_names_go_with_what_they_are_of() {
    let folder = Folder::new();
    check(&folder, async |back_end: &dyn BackEnd| {
        let (store, mine, other) = (back_end.open(), TenantId::default(), tenant("other"));
        let (id, digest, definition) = ("w".to_owned(), run(1).workflow, json("{}"));
        let one = WorkflowRecord { digest, id, definition, components: Vec::new(), created_at: Timestamp(1) };
        store.put_workflow(&mine, one.clone()).await.unwrap();
        let mut made = run(1);
        made.workflow_id = one.id.clone();
        let asks = |number| question(number, &["boss", "boss"], &["ann"], None);
        let first = create(made).with_step("each[1]", asks(1)).with_step("each[2]", asks(2));
        let first = put(&*store, first).await;
        put(&*store, create(run(2)).of(&other).with_step("a", asks(3))).await;
        assert_eq!(kept(&folder), (2, 6));
        // One stays open: a store does not ask what a run that is over waits for.
        let mut last = change(&first).with_closed(1, SuspensionEnd::Answered);
        last.run_mut().phase = Phase::Succeeded;
        let last = put(&*store, last).await;
        assert_eq!(kept(&folder), (2, 4));
        store.delete_run(&mine, last.id).await.unwrap();
        assert_eq!(kept(&folder), (2, 2));
        store.remove_workflow(&mine, &one.digest).await.unwrap();
        assert_eq!(kept(&folder), (1, 2));
        store.note_trouble(&other, run_id(2), &panicked("no reason"), 1).await.unwrap();
        store.delete_run(&other, run_id(2)).await.unwrap();
        assert_eq!(kept(&folder), (1, 0));
        store.delete_tenant(&other).await.unwrap();
        assert_eq!(kept(&folder), (0, 0));
    });
}

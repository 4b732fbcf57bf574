//! What "visible" and "durable" mean here, and what happens when the disk or another process is in the way.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use reentry_core::id::TenantId;
use reentry_store::conformance::drafts::{asking, calling, change, create, image_id, path, put, run, run_id};
use reentry_store::conformance::{BackEnd, check};
use reentry_store::sqlite::SqliteStore;
use reentry_store::{CommitError, RunFilter, Runs, StoreError};

use crate::folder::Folder;

#[test]
fn only_durable_commits_wait_for_an_fsync() {
    check(&Folder::new(), async |folder: &dyn BackEnd| {
        let store = folder.open();
        let mut now = put(&*store, create(run(1))).await;
        // Before the first one the database is told that it is in use.
        let first = store.stats().fsyncs;
        assert_eq!(first, 2);
        for _ in 0..20 {
            now = put(&*store, change(&now)).await;
        }
        assert_eq!(store.stats().fsyncs, first);
        for durable in 1..=5 {
            now = put(&*store, change(&now).durable()).await;
            assert_eq!(store.stats().fsyncs, first + durable);
        }
        assert_eq!(store.stats().commits, 26);
    });
}

#[test]
fn commits_that_wait_together_share_a_transaction_and_an_fsync() {
    check(&Folder::new(), async |folder: &dyn BackEnd| {
        let store = folder.open();
        let tasks: Vec<_> = (0..200)
            .map(|number| {
                let store = Arc::clone(&store);
                tokio::spawn(async move { store.commit(create(run(number)).durable()).await })
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        let stats = store.stats();
        assert!(stats.commits == 200 && stats.groups < 100 && stats.fsyncs < 100, "{stats:?}");
    });
}

#[test]
fn one_refused_commit_does_not_harm_those_stored_with_it() {
    check(&Folder::new(), async |folder: &dyn BackEnd| {
        let store = folder.open();
        put(&*store, create(run(0)).with_image(1, b"kept")).await;
        let tasks: Vec<_> = (1..200)
            .map(|number| {
                // Every third commit fails only after most of it was written.
                let commit = create(run(number)).with_step("a", asking(number, &[]));
                let commit = if number % 3 == 0 { commit.with_image(1, b"again") } else { commit };
                let store = Arc::clone(&store);
                tokio::spawn(async move { store.commit(commit).await.is_ok() })
            })
            .collect();
        for (number, task) in (1..).zip(tasks) {
            assert_eq!(task.await.unwrap(), number % 3 != 0, "{number}");
            let found = store.run(&TenantId::default(), run_id(number)).await.unwrap();
            assert_eq!(found.is_some(), number % 3 != 0, "{number}");
        }
    });
}

#[test]
fn everything_is_found_after_opening_again() {
    let folder = Folder::new();
    let log = folder.database().with_extension("db-wal");
    check(&folder, async |folder: &dyn BackEnd| {
        let store = folder.open();
        let mut wanted = Vec::new();
        for number in 0..50 {
            let commit = create(run(number)).with_step("a", asking(number, &[])).with_image(number, b"image");
            wanted.push(put(&*store, commit).await);
        }
        assert!(store.blob(image_id(1)).await.unwrap().is_some() && log.exists());
        drop(store);
        // A store that was closed is one file.
        assert!(!log.exists());
        let store = folder.open();
        for run in wanted {
            assert_eq!(store.run(&run.tenant, run.id).await.unwrap(), Some(run));
        }
        assert_eq!(store.blob(image_id(49)).await.unwrap().as_deref(), Some(&b"image"[..]));
    });
}

/// Copies what a process killed at this moment would leave. Not in this process: closing the database file here would
/// release the locks that SQLite holds on it.
#[cfg(unix)]
fn copy_as_killed(from: &Path, to: &Path) {
    for suffix in ["", "-wal"] {
        let name = |path: &Path| format!("{}{suffix}", path.display());
        assert!(Command::new("cp").args([name(from), name(to)]).status().unwrap().success());
    }
}

#[cfg(unix)]
#[test]
fn a_kill_loses_no_acknowledged_commit() {
    let (folder, copies) = (Folder::new(), Folder::new());
    let copy = |round: u64| copies.database().with_extension(round.to_string());
    check(&folder, async |back_end: &dyn BackEnd| {
        let store = back_end.open();
        let mut now = put(&*store, create(run(1)).with_step("a", calling(1))).await;
        for round in 0..10 {
            for step in 0..10 {
                now = put(&*store, change(&now).with_step(&format!("s{round}-{step}"), calling(1))).await;
            }
            copy_as_killed(&folder.database(), &copy(round));
            let copied = SqliteStore::open(copy(round)).unwrap();
            assert_eq!(copied.run(&now.tenant, now.id).await.unwrap().as_ref(), Some(&now), "{round}");
        }
    });
}

#[test]
fn a_log_that_grows_is_moved_into_the_database_and_begins_anew() {
    let folder = Folder::new();
    check(&folder, async |back_end: &dyn BackEnd| {
        let store = back_end.open();
        // 120 MB in all, far more than the log may hold.
        for number in 0..600u64 {
            put(&*store, create(run(number)).with_image(number, &vec![7; 200_000])).await;
        }
        drop(store);
        let store = back_end.open();
        assert_eq!(store.blob(image_id(300)).await.unwrap().map(|image| image.len()), Some(200_000));
        let listed = store.list_runs(&TenantId::default(), RunFilter::default()).await.unwrap();
        assert_eq!(listed.rows.len(), 600);
    });
    assert!(std::fs::metadata(folder.database()).unwrap().len() > 120_000_000);
}

/// Durable commits fail once somebody has done this to the log; so does everything after.
#[cfg(unix)]
fn after(harm: fn(&Path)) {
    let folder = Folder::new();
    check(&folder, async |back_end: &dyn BackEnd| {
        let store = back_end.open();
        let now = put(&*store, create(run(1)).durable()).await;
        harm(&folder.database().with_extension("db-wal"));
        let told = store.commit(change(&now).durable()).await.unwrap_err();
        assert!(matches!(told, CommitError::Store(StoreError::Unavailable(_))), "{told}");
        let told = store.commit(create(run(2))).await.unwrap_err().to_string();
        assert!(
            told.contains("writing failed earlier") && told.contains("fsync of the write-ahead log"),
            "{told}"
        );
    });
}

#[cfg(unix)]
#[test]
fn a_log_that_was_removed_or_replaced_ends_all_writing() {
    after(|log| std::fs::remove_file(log).unwrap());
    after(|log| {
        std::fs::remove_file(log).unwrap();
        std::fs::write(log, "another").unwrap();
    });
}

#[test]
fn another_writer_is_waited_for() {
    let folder = Folder::new();
    check(&folder, async |back_end: &dyn BackEnd| {
        let store = back_end.open();
        let now = put(&*store, create(run(1))).await;
        let other = rusqlite::Connection::open(folder.database()).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let waiting = tokio::spawn({
            let (store, commit) = (Arc::clone(&store), change(&now).durable());
            async move { store.commit(commit).await }
        });
        // Reads do not wait.
        assert!(store.run(&now.tenant, now.id).await.unwrap().is_some());
        assert!(!waiting.is_finished());
        other.execute_batch("COMMIT").unwrap();
        waiting.await.unwrap().unwrap();
    });
}

#[test]
fn what_is_damaged_is_named_and_not_guessed() {
    let folder = Folder::new();
    check(&folder, async |back_end: &dyn BackEnd| {
        let store = back_end.open();
        let tenant = TenantId::default();
        for number in 1..=4 {
            put(&*store, create(run(number)).with_step("a", asking(number, &[]))).await;
        }
        let other = rusqlite::Connection::open(folder.database()).unwrap();
        other
            .execute_batch(
                "UPDATE runs SET head = '{\"id\":' WHERE seq = 1;
                UPDATE runs SET head = (SELECT head FROM runs WHERE seq = 4) WHERE seq = 2;
                UPDATE steps SET record = 'null' WHERE run = 3;
                UPDATE runs SET status = 99 WHERE seq = 4;",
            )
            .unwrap();
        let said = async |number| store.run(&tenant, run_id(number)).await.unwrap_err().to_string();
        let run = "run_0190000000007000800000000000000";
        let first = said(1).await;
        assert!(first.starts_with(&format!("stored run {run}1 is damaged: EOF")), "{first}");
        let second = format!("stored run {run}2 is damaged: it is the head of {run}4 of tenant default");
        assert_eq!(said(2).await, second);
        let third = said(3).await;
        assert!(
            third.starts_with(&format!("stored step `a` of run {run}3 is damaged: invalid type")),
            "{third}"
        );
        let step = store.step(&TenantId::default(), run_id(3), &path("a")).await;
        assert!(matches!(step, Err(StoreError::Damaged { .. })), "{step:?}");
        let list = store.list_runs(&tenant, RunFilter::default()).await.unwrap_err();
        assert_eq!(list.to_string(), "stored status is damaged: nothing is stored as 99");
        assert!(store.run(&tenant, run_id(4)).await.unwrap().is_some());
    });
}

//! A copy of the database without its log is noticed, and nothing sound is taken for one.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use reentry_core::id::TenantId;
use reentry_store::Runs;
use reentry_store::conformance::drafts::{change, create, put, run, run_id};
use reentry_store::conformance::{BackEnd, check};
use reentry_store::sqlite::SqliteStore;

use crate::folder::Folder;

/// Names the database that a process of its own commits to, again and again, until it is killed.
const COMMIT_TO: &str = "REENTRY_TEST_COMMIT_TO";

/// Whether what is opened seems to lack its log, and whether the run is there.
async fn look(path: &Path) -> (bool, bool) {
    let store = SqliteStore::open(path).unwrap();
    (store.log_is_missing(), store.run(&TenantId::default(), run_id(1)).await.unwrap().is_some())
}

/// A place for a copy.
fn beside(folder: &Folder, name: &str) -> PathBuf {
    folder.database().with_file_name(name)
}

/// Not in this process: closing the database file here would release the locks that SQLite holds on it.
fn copied(from: &Path, to: &Path) {
    assert!(Command::new("cp").args([from, to]).status().unwrap().success());
}

fn log_of(path: &Path) -> PathBuf {
    PathBuf::from(format!("{}-wal", path.display()))
}

#[test]
fn a_copy_without_its_log_is_noticed_once_and_lacks_what_was_stored_last() {
    let (folder, copies) = (Folder::new(), Folder::new());
    let alone = copies.database();
    let both = beside(&copies, "both.db");
    check(&folder, async |back_end: &dyn BackEnd| {
        let store = back_end.open();
        put(&*store, create(run(1)).durable()).await;
        copied(&folder.database(), &alone);
        copied(&folder.database(), &both);
        copied(&log_of(&folder.database()), &log_of(&both));
        assert_eq!(look(&both).await, (false, true));
        assert_eq!(look(&alone).await, (true, false));
        assert_eq!(look(&alone).await, (false, false), "it was told");
    });
}

#[test]
fn what_was_closed_what_is_read_only_by_others_and_what_sqlite_copied_is_sound() {
    let (folder, copies) = (Folder::new(), Folder::new());
    check(&folder, async |back_end: &dyn BackEnd| {
        let (first, second) = (back_end.open(), back_end.open());
        let now = put(&*first, create(run(1)).durable()).await;
        let backup = beside(&copies, "backup.db");
        first.backup(&backup).await.unwrap();
        assert_eq!(look(&backup).await, (false, true));
        assert_eq!(look(&folder.database()).await, (false, true), "a third one, which leaves first");
        // The one that began it leaves; the other one goes on.
        let now = put(&*second, change(&now)).await;
        drop(first);
        put(&*second, change(&now)).await;
        // Moves what is in the log into the database.
        second.give_back_space().await.unwrap();
        put(&*second, change(&second.run(&now.tenant, now.id).await.unwrap().unwrap())).await;
        let alone = beside(&copies, "alone.db");
        copied(&folder.database(), &alone);
        assert!(look(&alone).await.0, "in use by another one still");
        drop(second);
        let closed = beside(&copies, "closed.db");
        copied(&folder.database(), &closed);
        assert!(!log_of(&folder.database()).exists());
        assert_eq!(look(&closed).await, (false, true));
        assert_eq!(look(&folder.database()).await, (false, true));
    });
}

#[test]
fn who_only_reads_has_nothing_to_lose() {
    let (folder, copies) = (Folder::new(), Folder::new());
    check(&folder, async |back_end: &dyn BackEnd| {
        put(&*back_end.open(), create(run(1)).durable()).await;
        let reader = back_end.open();
        assert!(reader.run(&TenantId::default(), run_id(1)).await.unwrap().is_some());
        copied(&folder.database(), &copies.database());
        assert_eq!(look(&copies.database()).await, (false, true));
    });
}

/// Does nothing but in the process that the test after it starts.
#[test]
fn commits_until_it_is_killed() {
    let Some(path) = std::env::var_os(COMMIT_TO) else { return };
    check(&Folder::new(), async |_: &dyn BackEnd| {
        let store = SqliteStore::open(Path::new(&path)).unwrap();
        let mut now = put(&store, create(run(1)).durable()).await;
        println!("begun");
        loop {
            now = put(&store, change(&now)).await;
        }
    });
}

#[test]
fn a_folder_whose_processes_were_killed_is_sound_and_a_copy_of_its_database_alone_is_not() {
    use std::io::{BufRead as _, BufReader};
    let (folder, copies) = (Folder::new(), Folder::new());
    for round in 0..5 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "in_use::commits_until_it_is_killed", "--nocapture"])
            .env(COMMIT_TO, folder.database())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().ends_with("begun")));
        child.kill().unwrap();
        child.wait().unwrap();
        let alone = beside(&copies, &format!("{round}.db"));
        copied(&folder.database(), &alone);
        check(&folder, async |_: &dyn BackEnd| {
            assert!(look(&alone).await.0, "{round}");
            assert_eq!(look(&folder.database()).await, (false, true), "{round}");
        });
        for file in [folder.database(), log_of(&folder.database())] {
            // From nothing, as a run of this number is there only once.
            let _ = fs::remove_file(file);
        }
    }
}

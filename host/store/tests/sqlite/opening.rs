//! Opening: fresh files, files of others, of other versions, and several at once.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::fs;
use std::path::Path;

use reentry_core::id::TenantId;
use reentry_core::time::Timestamp;
use reentry_store::conformance::drafts::{calling, create, owner_id, put, run, run_id};
use reentry_store::conformance::{BackEnd, check};
use reentry_store::sqlite::SqliteStore;
use reentry_store::{Owners, Runs, StoreError};

use crate::folder::Folder;

/// Opens what must not open; returns what was said, without the path.
fn refusal(path: &Path) -> String {
    let error = SqliteStore::open(path).err().unwrap();
    let mut said = error.to_string();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(deeper) = cause.source() {
        if !said.contains(&deeper.to_string()) {
            said = format!("{said}: {deeper}");
        }
        cause = deeper;
    }
    assert!(said.contains("schema version") || said.contains(&path.display().to_string()), "{said}");
    said
}

#[test]
fn many_open_one_fresh_file_at_once() {
    let folder = Folder::new();
    let stores: Vec<_> = std::thread::scope(|scope| {
        let openers: Vec<_> = (0..8).map(|_| scope.spawn(|| SqliteStore::open(folder.database()))).collect();
        openers.into_iter().map(|opener| opener.join().unwrap().unwrap()).collect()
    });
    check(&folder, async |_: &dyn BackEnd| {
        for (number, store) in (0..).zip(&stores) {
            put(store, create(run(number)).durable()).await;
        }
        for store in &stores {
            assert!(store.run(&TenantId::default(), run_id(7)).await.unwrap().is_some());
        }
    });
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_what_is_stored() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let above = folder.database().parent().unwrap().join("new/deep");
    let store = SqliteStore::open(above.join("runs.db")).unwrap();
    check(&folder, async |_: &dyn BackEnd| {
        let _alive = store.register_owner(owner_id(1)).await.unwrap();
        put(&store, create(run(1))).await;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&above), mode(above.parent().unwrap())), (0o700, 0o700));
        let mut seen = Vec::new();
        for folder in [above.clone(), above.join("runs.db-owners")] {
            for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                let wanted = if entry.is_dir() { 0o700 } else { 0o600 };
                assert_eq!(mode(&entry), wanted, "{}", entry.display());
                seen.push(entry.file_name().unwrap().to_str().unwrap().to_owned());
            }
        }
        seen.sort();
        let lock = format!("{}.lock", owner_id(1));
        let files =
            ["in-use.lock", "open.lock", &lock, "runs.db", "runs.db-owners", "runs.db-shm", "runs.db-wal"];
        assert_eq!(seen, files);
    });
}

#[test]
fn a_file_of_a_newer_reentry_is_left_alone() {
    let folder = Folder::new();
    drop(folder.open());
    let other = rusqlite::Connection::open(folder.database()).unwrap();
    other.pragma_update(None, "user_version", 9).unwrap();
    drop(other);
    assert_eq!(
        refusal(&folder.database()),
        "the store has schema version 9, this reentry knows versions up to 8: use a newer reentry"
    );
}

#[test]
fn the_database_of_another_program_is_left_alone() {
    let folder = Folder::new();
    let other = rusqlite::Connection::open(folder.database()).unwrap();
    other.execute_batch("CREATE TABLE songs (title TEXT)").unwrap();
    drop(other);
    let before = fs::read(folder.database()).unwrap();
    let said = refusal(&folder.database());
    assert!(said.contains("it belongs to another program (application id 0)"), "{said}");
    assert_eq!(fs::read(folder.database()).unwrap(), before);
}

#[test]
fn an_empty_file_becomes_a_database() {
    let folder = Folder::new();
    fs::write(folder.database(), []).unwrap();
    check(&folder, async |folder: &dyn BackEnd| {
        put(&*folder.open(), create(run(1)).durable()).await;
    });
    let other = rusqlite::Connection::open(folder.database()).unwrap();
    let version: u32 = other.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, 8);
}

#[test]
fn what_cannot_be_opened_is_named() {
    let folder = Folder::new();
    let inside = |name: &str| folder.database().parent().unwrap().join(name);
    fs::write(inside("text.db"), "this is no database, and long enough to be sure of it".repeat(20)).unwrap();
    let said = refusal(&inside("text.db"));
    assert!(said.contains("file is not a database"), "{said}");
    fs::create_dir(inside("folder.db")).unwrap();
    let said = refusal(&inside("folder.db"));
    assert!(said.contains("check that it is a database"), "{said}");
    let said = refusal(&inside("text.db").join("below.db"));
    assert!(said.contains("text.db: "), "{said}");
}

#[cfg(unix)]
#[test]
fn a_link_and_its_target_are_one_store() {
    let folder = Folder::new();
    check(&folder, async |back_end: &dyn BackEnd| {
        let store = back_end.open();
        let link = folder.database().with_file_name("link.db");
        std::os::unix::fs::symlink(folder.database(), &link).unwrap();
        let linked = SqliteStore::open(&link).unwrap();
        let _alive = linked.register_owner(owner_id(1)).await.unwrap();
        put(&linked, create(run(1)).with_step("a", calling(1))).await;
        assert_eq!(
            store.claim_orphans(owner_id(9), Timestamp(1_000), &Default::default(), 10).await.unwrap(),
            []
        );
        assert!(!link.with_file_name("link.db-owners").exists());
    });
}

#[test]
fn lock_files_of_dead_owners_are_removed() {
    let folder = Folder::new();
    check(&folder, async |back_end: &dyn BackEnd| {
        let store = back_end.open();
        let owners = folder.database().with_extension("db-owners");
        let left = |number| owners.join(format!("{}.lock", owner_id(number)));
        // As a killed process leaves it.
        fs::write(left(2), []).unwrap();
        put(&*store, create(run(1)).with_step("a", calling(2))).await;
        let alive = store.register_owner(owner_id(1)).await.unwrap();
        assert!(left(1).exists() && !left(2).exists());
        assert_eq!(
            store.claim_orphans(owner_id(9), Timestamp(1_000), &Default::default(), 10).await.unwrap(),
            [(TenantId::default(), run_id(1), owner_id(2))]
        );
        drop(alive);
        assert!(!left(1).exists());
    });
}

#[test]
fn a_damaged_database_is_told_from_one_that_cannot_be_opened() {
    let folder = Folder::new();
    drop(folder.open());
    // The first page holds the schema; SQLite finds it out when it reads.
    let mut bytes = fs::read(folder.database()).unwrap();
    for byte in bytes.iter_mut().skip(100).take(2_000) {
        *byte = 0xff;
    }
    fs::write(folder.database(), bytes).unwrap();
    let error = SqliteStore::open(folder.database()).err().unwrap();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
}

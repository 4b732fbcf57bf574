//! The file gets smaller when what takes its space is deleted.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::sync::Arc;

use reentry_core::digest::ComponentDigest;
use reentry_core::id::TenantId;
use reentry_core::json::Json;
use reentry_core::time::Timestamp;
use reentry_store::conformance::drafts::{create, put, run};
use reentry_store::conformance::{BackEnd, check};
use reentry_store::{ComponentRecord, Store};

use crate::folder::Folder;

const MIB: u64 = 1 << 20;

/// A component of a mebibyte.
fn component(number: u8) -> ComponentRecord {
    let bytes = vec![number; 1 << 20];
    ComponentRecord {
        digest: ComponentDigest::of(&bytes),
        base: Vec::new(),
        meta: Json::parse("{}").unwrap(),
        created_at: Timestamp(1),
        bytes,
    }
}

async fn fill(store: &dyn Store) {
    for number in 0..16 {
        store.put_component(&TenantId::default(), "same", Timestamp(1), component(number)).await.unwrap();
        put(store, create(run(u64::from(number)))).await;
    }
}

async fn remove_all_but_the_last(store: &dyn Store) {
    for number in 0..15 {
        store.remove_component(&TenantId::default(), &component(number).digest).await.unwrap();
    }
}

/// Bytes of the database, with the log moved into it.
fn size(folder: &Folder, store: Arc<dyn Store>) -> u64 {
    drop(store);
    fs::metadata(folder.database()).unwrap().len()
}

#[test]
fn the_space_of_what_is_deleted_is_given_back() {
    check(&Folder::new(), async |folder: &dyn BackEnd| {
        let store = folder.open();
        fill(&*store).await;
        remove_all_but_the_last(&*store).await;
        let given = store.give_back_space().await.unwrap();
        assert!(given > 14 * MIB, "{given}");
        assert_eq!(store.give_back_space().await.unwrap(), 0);
        assert_eq!(store.component(&component(15).digest).await.unwrap(), Some(component(15)));
    });
}

#[test]
fn the_file_is_smaller_then() {
    let folder = Folder::new();
    let sizes = std::cell::RefCell::new(Vec::new());
    check(&folder, async |back_end: &dyn BackEnd| {
        let store = back_end.open();
        fill(&*store).await;
        sizes.borrow_mut().push(size(&folder, store));
        let store = back_end.open();
        remove_all_but_the_last(&*store).await;
        sizes.borrow_mut().push(size(&folder, store));
        let store = back_end.open();
        store.give_back_space().await.unwrap();
        // At once, with the database open.
        sizes.borrow_mut().push(fs::metadata(folder.database()).unwrap().len());
    });
    let sizes = sizes.into_inner();
    let [full, deleted, given_back] = sizes.as_slice() else { panic!("{sizes:?}") };
    assert!(*full > 16 * MIB && deleted == full && *given_back < 2 * MIB, "{sizes:?}");
}

#[test]
fn others_write_meanwhile() {
    check(&Folder::new(), async |folder: &dyn BackEnd| {
        let (store, other) = (folder.open(), folder.open());
        fill(&*store).await;
        remove_all_but_the_last(&*store).await;
        let writing = async {
            for number in 100..200 {
                put(&*other, create(run(number))).await;
            }
        };
        let (given, ()) = tokio::join!(store.give_back_space(), writing);
        given.unwrap();
        let runs = other.list_runs(&Default::default(), Default::default()).await.unwrap();
        assert_eq!(runs.rows.len(), 116);
    });
}

#[test]
fn a_file_that_cannot_give_back_is_written_anew_once() {
    let folder = Folder::new();
    let mode = || -> i64 {
        let database = rusqlite::Connection::open(folder.database()).unwrap();
        database.pragma_query_value(None, "auto_vacuum", |row| row.get(0)).unwrap()
    };
    check(&folder, async |back_end: &dyn BackEnd| {
        fill(&*back_end.open()).await;
        let database = rusqlite::Connection::open(folder.database()).unwrap();
        database.execute_batch("PRAGMA auto_vacuum = 0; VACUUM").unwrap();
        drop(database);
        assert_eq!(mode(), 0);

        let store = back_end.open();
        let _alive = store.register_owner(reentry_store::conformance::drafts::owner_id(1)).await.unwrap();
        remove_all_but_the_last(&*store).await;
        assert!(store.give_back_space().await.unwrap() > 14 * MIB);
        assert!(fs::metadata(folder.database()).unwrap().len() < 2 * MIB);
        assert_eq!(store.list_runs(&Default::default(), Default::default()).await.unwrap().rows.len(), 16);
    });
    assert_eq!(mode(), 2);
}

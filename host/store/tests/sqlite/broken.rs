//! Stores that are broken on purpose, by triggers in their files: the suite finds each.

#![allow(clippy::unwrap_used)]

use std::panic::{AssertUnwindSafe, catch_unwind};

use reentry_store::conformance::{BackEnd, check, holds};

use crate::folder::Folder;

/// A store in whose file something goes wrong that SQLite does by itself.
fn broken(trigger: &str) -> Folder {
    let folder = Folder::new();
    drop(folder.open());
    let database = rusqlite::Connection::open(folder.database()).unwrap();
    database.execute_batch(trigger).unwrap();
    folder
}

/// Whether a case of the suite ends without a complaint.
macro_rules! passes {
    ($case:ident, $trigger:expr) => {
        catch_unwind(AssertUnwindSafe(|| check(&broken($trigger), holds::$case))).is_ok()
    };
}

#[test]
fn a_store_that_looks_at_the_names_of_any_tenant_is_found() {
    // What one tenant is given, the other one has too.
    let trigger = "CREATE TRIGGER wrong AFTER INSERT ON component_holds WHEN new.tenant = 'other'
        BEGIN INSERT OR IGNORE INTO component_holds (tenant, component, name, at)
            VALUES ('mine', new.component, new.name, new.at); END";
    assert!(passes!(names_are_those_of_their_tenant, "SELECT 1"));
    assert!(!passes!(names_are_those_of_their_tenant, trigger));
}

#[test]
fn a_store_that_forgets_to_drop_shared_bytes_is_found() {
    let trigger = "CREATE TRIGGER wrong BEFORE DELETE ON components BEGIN SELECT RAISE(IGNORE); END";
    assert!(passes!(equal_bytes_go_with_the_last_that_needs_them, "SELECT 1"));
    assert!(!passes!(equal_bytes_go_with_the_last_that_needs_them, trigger));
}

#[test]
fn a_store_that_drops_shared_bytes_with_the_first_hold_is_found() {
    let trigger = "CREATE TRIGGER wrong AFTER DELETE ON component_holds
        BEGIN DELETE FROM components WHERE digest = old.component; END";
    assert!(!passes!(equal_bytes_go_with_the_last_that_needs_them, trigger));
}

#[test]
fn a_store_that_forgets_who_published_is_found() {
    // The hold of the tenant becomes the publication.
    let trigger = "CREATE TRIGGER wrong AFTER INSERT ON component_holds WHEN new.tenant IS NULL
        BEGIN DELETE FROM component_holds WHERE component = new.component AND tenant IS NOT NULL; END";
    assert!(passes!(what_is_published_is_found_by_all, "SELECT 1"));
    assert!(!passes!(what_is_published_is_found_by_all, trigger));
}

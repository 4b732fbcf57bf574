//! The SQLite store keeps the contract, and what it alone promises.

mod folder;

use folder::Folder;

reentry_store::conformance!(Folder::new());

//! The SQLite store keeps the contract, and what it alone promises.

mod broken;
mod durability;
mod folder;
mod in_use;
mod leftovers;
mod lists;
mod old_versions;
mod opening;
mod space;

use folder::Folder;

reentry_store::conformance!(Folder::new());

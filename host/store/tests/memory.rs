//! The in-memory store keeps the contract.

use reentry_store::memory::MemoryStore;

reentry_store::conformance!(MemoryStore::new());

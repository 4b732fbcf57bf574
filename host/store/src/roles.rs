//! What a store does, one role a file. Callers that need one role name it.

mod blobs;
mod library;
mod mail;
mod owners;
mod runs;
mod tenants;
mod upkeep;

pub use blobs::Blobs;
pub use library::Library;
pub use mail::Mail;
pub use owners::{OwnerGuard, Owners};
pub use runs::{Ancestor, Runs};
pub use tenants::Tenants;
pub use upkeep::{StoreStats, Upkeep};

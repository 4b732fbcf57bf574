//! The contract of every back end: all roles together.

use crate::roles::{Blobs, Library, Mail, Owners, Runs, Tenants, Upkeep};

/// The contract of every back end: what has all roles is a store.
///
/// Every method may be called from many tasks at once, and by many processes on one store. Ids of one tenant are never
/// visible through another: methods that take a tenant find nothing else.
pub trait Store: Runs + Blobs + Library + Mail + Owners + Tenants + Upkeep {}

impl<T: Runs + Blobs + Library + Mail + Owners + Tenants + Upkeep> Store for T {}

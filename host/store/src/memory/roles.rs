//! The roles of a store, one a file.

mod blobs;
mod library;
mod mail;
mod owners;
mod runs;
mod tenants;
mod upkeep;

//! Guest images of live instances: taking them, and putting them back.
//!
//! The format is reentry-core's; here is the way between it and an instance. An instance whose restore failed is
//! dropped by whoever called, and never used.

pub(crate) mod access;
pub(crate) mod capture;
pub(crate) mod dirty;
pub(crate) mod handles;
#[cfg_attr(not(target_os = "linux"), path = "image/no_pagemap.rs")]
pub(crate) mod pagemap;
pub(crate) mod reset;
pub(crate) mod restore;

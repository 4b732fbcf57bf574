//! What guests and hosts are held to.

use serde::Serialize;

/// The limits of a host.
#[derive(Clone, Debug, Serialize)]
pub struct LimitList<'a> {
    /// They.
    pub limits: Vec<LimitRow<'a>>,
}

/// A limit.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct LimitRow<'a> {
    /// What it bounds.
    pub bounds: &'a str,
    /// What it is unless it is set, in its unit.
    pub default: u64,
    /// Its name.
    pub name: &'a str,
    /// What happens at it.
    pub then: &'a str,
    /// What it counts: `bytes`, `ms`, `count`.
    pub unit: &'a str,
    /// What it is, in its unit.
    pub value: u64,
}

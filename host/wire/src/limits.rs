//! What guests and hosts are held to.

use serde::Serialize;

/// The limits of a host.
#[derive(Clone, Debug, Serialize)]
pub struct LimitList<'a> {
    /// The file of the data folder that sets limits. Absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<&'a std::path::Path>,
    /// The limits.
    pub limits: Vec<LimitRow<'a>>,
}

/// A limit.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct LimitRow<'a> {
    /// What it bounds.
    pub bounds: &'a str,
    /// The highest value that it can be set to, in its unit.
    pub ceiling: u64,
    /// The code of the error or failure at it. Absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'a str>,
    /// What it is unless it is set, in its unit.
    pub default: u64,
    /// What sets it: `default`, `file`, `option`.
    pub from: &'a str,
    /// Its name.
    pub name: &'a str,
    /// What happens at it.
    pub then: &'a str,
    /// What it counts: `bytes`, `ms`, `count`.
    pub unit: &'a str,
    /// What it is, in its unit.
    pub value: u64,
}

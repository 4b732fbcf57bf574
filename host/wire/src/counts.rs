//! How many rows a list has.

use serde::Serialize;

/// How many runs or questions there are.
#[derive(Clone, Debug, Serialize)]
pub struct Counts<'a> {
    /// How many.
    pub count: u64,
    /// Whether 10,000 rows were looked at and there may be more than `count`.
    pub more: bool,
    /// How many of each, the largest first and at most 1,000. Absent where that was not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<GroupCount<'a>>>,
}

/// How many rows have something in common.
#[derive(Clone, Debug, Serialize)]
pub struct GroupCount<'a> {
    /// What they have in common: the id of a workflow, a status, a step, a label, an assignee.
    pub name: &'a str,
    /// How many.
    pub count: u64,
}

impl<'a> Counts<'a> {
    /// The counts of a list; without its groups where they were not asked for.
    pub fn of(counts: &'a reentry::store::Counts, grouped: bool) -> Self {
        let group = |(name, count): &'a (String, u64)| GroupCount { name, count: *count };
        let groups = grouped.then(|| counts.groups.iter().map(group).collect());
        Self { count: counts.number, more: counts.more, groups }
    }
}

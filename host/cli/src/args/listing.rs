//! Which runs or questions a list has: what `inbox` and `runs list` have in common.

use clap::{Args, ValueEnum};
use reentry::Tenant;
use reentry::core::digest::WorkflowDigest;
use reentry::core::path::StepPath;
use reentry::core::time::Timestamp;

use crate::applied;
use crate::codes;
use crate::failure::{Failure, Report};
use crate::humane::read_span;
use crate::session::Session;

/// How many rows a page may have; the library has the same bound.
const LIMIT: std::ops::RangeInclusive<i64> = 1..=1_000;

/// What a list has, and how much of it is shown.
#[derive(Clone, Debug, Args)]
pub(crate) struct ListArgs {
    /// Only of the workflow with this id, whatever its version
    #[arg(long, value_name = "ID")]
    pub(crate) workflow: Option<String>,

    /// Only of this version of a workflow: its digest, or the first digits of it
    #[arg(long, value_name = "DIGEST")]
    digest: Option<String>,

    /// Only about this resource
    #[arg(long, value_name = "ID")]
    pub(crate) resource: Option<String>,

    /// Only what waits at this step or below it: an id or a path, as `approve`, `outer.approve`, or `each` for all
    /// its repetitions
    #[arg(long, value_name = "STEP")]
    pub(crate) step: Option<StepPath>,

    /// Only what waits under this label
    #[arg(long, value_name = "LABEL")]
    pub(crate) label: Option<String>,

    /// Only questions that name this assignee
    #[arg(long, value_name = "NAME")]
    pub(crate) assignee: Option<String>,

    /// Only what this actor has answered, instead of what waits
    #[arg(long, value_name = "NAME")]
    pub(crate) actor: Option<String>,

    /// Only what is older than this: 90s, 45m, 12h, 30d, 2w
    #[arg(long, value_name = "AGE", value_parser = read_span, allow_hyphen_values = true)]
    older_than: Option<u64>,

    /// Only what is newer than this
    #[arg(long, value_name = "AGE", value_parser = read_span, allow_hyphen_values = true)]
    newer_than: Option<u64>,

    /// Only what has a deadline within this time, the earliest deadline first
    #[arg(long, value_name = "TIME", value_parser = read_span, allow_hyphen_values = true)]
    due_within: Option<u64>,

    /// Only what is past its deadline; with --due-within, that as well
    #[arg(long)]
    overdue: bool,

    /// Which comes first, the oldest or the newest; of deadlines, the earliest or the latest
    #[arg(long, value_name = "FIRST")]
    pub(crate) order: Option<Order>,

    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(LIMIT))]
    pub(crate) limit: u16,

    /// Begin after this place, which the page before names
    #[arg(long, value_name = "CURSOR")]
    pub(crate) after: Option<String>,

    /// Say how many there are, and list none; at most 10,000 are looked at, and `+` says that there may be more
    #[arg(long)]
    pub(crate) count: bool,
}

/// What comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Order {
    /// What came first.
    Oldest,
    /// What came last.
    Newest,
}

/// A span of time: from one instant on, and before another one.
pub(crate) type Span = (Option<Timestamp>, Option<Timestamp>);

impl ListArgs {
    /// When what is listed began, as its age says.
    ///
    /// # Errors
    /// `Refused` for ages that nothing has.
    pub(crate) fn began(&self, now: Timestamp) -> Result<Span, Failure> {
        if let (Some(newer), Some(older)) = (self.newer_than, self.older_than)
            && newer <= older
        {
            let message = "nothing is older than --older-than and not as old as --newer-than yet";
            let hint = "to list what is between two ages, give the longer one with --newer-than";
            return Err(Report::new(&codes::INVALID_ARGUMENT, message).hint(hint).into());
        }
        let ago = |age: u64| Timestamp(now.0.saturating_sub(age));
        Ok((self.newer_than.map(ago), self.older_than.map(ago)))
    }

    /// When its deadlines are.
    pub(crate) fn due(&self, now: Timestamp) -> Span {
        // What is due now is over.
        let next = now.plus_ms(1);
        match (self.due_within, self.overdue) {
            (None, false) => (None, None),
            (None, true) => (None, Some(next)),
            (Some(within), true) => (None, Some(next.plus_ms(within))),
            (Some(within), false) => (Some(next), Some(next.plus_ms(within))),
        }
    }

    /// Whether the list is in the order of deadlines.
    pub(crate) fn is_by_due(&self) -> bool {
        self.due_within.is_some() || self.overdue
    }

    /// The version that is meant.
    ///
    /// # Errors
    /// `NotFound`; `Refused` for what is no digest, and when several versions are meant.
    pub(crate) async fn version(
        &self,
        session: &Session,
        tenant: &Tenant,
    ) -> Result<Option<WorkflowDigest>, Failure> {
        match &self.digest {
            Some(text) => Ok(Some(applied::version(session, tenant, text).await?)),
            None => Ok(None),
        }
    }
}

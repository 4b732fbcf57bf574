//! The documents: shapes that are printed or answered as a whole.

use serde::Serialize;

use crate::components::{
    ComponentAdded, ComponentInspected, ComponentList, ComponentPublished, ComponentRemoved,
    ComponentUnpublished, ComponentUsage, ComponentsPruned,
};
use crate::counts::Counts;
use crate::error::ErrorDocument;
use crate::event::EventRow;
use crate::folder::{BackupMade, FolderRestored};
use crate::history::History;
use crate::inbox::Inbox;
use crate::limits::LimitList;
use crate::log::LogRow;
use crate::message::EventSent;
use crate::migration::{Migrated, Migration};
use crate::project::{Built, Doctor, PagesWritten, ProjectMade};
use crate::result::RunOutcome;
use crate::runs::{RunDeleted, RunList, RunWhole, RunsPruned, RunsRecovered};
use crate::tenants::{TenantChanged, TenantDeleted, TenantList};
use crate::timeline::Timeline;
use crate::work::{WorkLogged, Worked};
use crate::workflows::{WorkflowApplied, WorkflowList, WorkflowRemoved, WorkflowRetired, WorkflowsChecked};

/// A shape that is printed or answered as a whole. All there are stand in [`DOCUMENTS`], and front ends print nothing
/// else.
pub trait Document: Serialize {}

/// A document, and where docs/json.md shows it: a test of the command line makes each example there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The type.
    pub shape: &'static str,
    /// How the command begins whose example shows it.
    pub command: &'static str,
    /// What of the example no other document of that command has.
    pub mark: &'static str,
}

/// Makes types documents, and lists them.
macro_rules! documents {
    ($($shape:ty => $command:literal with $mark:literal,)*) => {
        $(impl Document for $shape {})*

        /// Every document.
        pub const DOCUMENTS: &[Shown] =
            &[$(Shown { shape: stringify!($shape), command: $command, mark: $mark }),*];
    };
}

documents! {
    BackupMade => "reentry backup" with r#""withKey": true"#,
    Built<'_> => "reentry build" with r#""components""#,
    ComponentAdded<'_> => "reentry components add" with r#""steps""#,
    ComponentInspected<'_> => "reentry components inspect" with r#""obstacles""#,
    ComponentList => "reentry components list" with r#""own""#,
    ComponentPublished => "reentry components publish" with r#""published""#,
    ComponentRemoved => "reentry components remove" with r#""removed""#,
    ComponentUnpublished => "reentry components unpublish" with r#""unpublished""#,
    ComponentUsage => "reentry components usage" with r#""openRuns""#,
    ComponentsPruned => "reentry components prune" with r#""dryRun""#,
    Counts<'_> => "reentry inbox --count" with r#""groups""#,
    Doctor<'_> => "reentry doctor" with r#""dataDir""#,
    ErrorDocument<'_> => "reentry rum" with r#""kind""#,
    EventRow<'_> => "reentry runs watch" with r#""type""#,
    EventSent => "reentry event send" with r#""delivered""#,
    FolderRestored => "reentry restore" with r#""dataDir""#,
    History<'_> => "reentry runs history" with r#""savepoints""#,
    Inbox<'_> => "reentry inbox" with r#""next""#,
    LimitList<'_> => "reentry limits" with r#""bounds""#,
    LogRow<'_> => "reentry runs logs" with r#""attempt""#,
    Migrated => "reentry runs migrate --all-of" with r#""moved""#,
    Migration => "reentry runs migrate last" with r#""from""#,
    PagesWritten => "reentry man" with r#""written""#,
    ProjectMade<'_> => "reentry new" with r#""language""#,
    RunDeleted => "reentry runs delete" with r#""deleted""#,
    RunList<'_> => "reentry runs list" with r#""workflowDigest""#,
    RunOutcome<'_> => "reentry resume" with r#""steps""#,
    RunWhole<'_> => "reentry runs show" with r#""spans""#,
    RunsPruned<'_> => "reentry runs prune" with r#""kept""#,
    RunsRecovered<'_> => "reentry runs recover" with r#""left""#,
    TenantChanged => "reentry tenants add" with r#""state""#,
    TenantDeleted => "reentry tenants delete" with r#""deleted""#,
    TenantList => "reentry tenants list" with r#""tenants""#,
    Timeline<'_> => "reentry runs timeline" with r#""timeline""#,
    WorkLogged<'_> => "reentry work" with r#""did": "logged""#,
    Worked<'_> => "reentry work" with r#""did": "woke""#,
    WorkflowApplied<'_> => "reentry workflow apply" with r#""previous""#,
    WorkflowList => "reentry workflow list" with r#""current""#,
    WorkflowRemoved => "reentry workflow remove" with r#""removed""#,
    WorkflowRetired<'_> => "reentry workflow retire" with r#""retired""#,
    WorkflowsChecked => "reentry workflow check" with r#""problems""#,
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = include_str!("../../../docs/json.md");

    /// The examples of the page that are JSON: each command, and what it prints.
    fn examples() -> impl Iterator<Item = (&'static str, &'static str)> {
        let blocks = PAGE.split("```console\n").skip(1).filter_map(|rest| rest.split("```").next());
        let commands = blocks.flat_map(|block| block.split("$ ").skip(1));
        commands
            .filter_map(|example| example.split_once('\n'))
            .filter(|(command, _)| command.contains("--json"))
    }

    #[test]
    fn every_document_has_an_example() {
        let is_shown = |shown: &Shown| {
            let fits = |command: &str| format!("{command} ").starts_with(&format!("{} ", shown.command));
            examples().any(|(command, printed)| fits(command) && printed.contains(shown.mark))
        };
        let missing: Vec<&str> =
            DOCUMENTS.iter().filter(|shown| !is_shown(shown)).map(|shown| shown.shape).collect();
        assert!(missing.is_empty(), "docs/json.md has no example of {missing:?}");
    }
}

//! Every shape of reentry that enters or leaves as text, each in one place: what results, rows, events and errors are
//! as JSON, what a workflow file may say, and by what names runs, questions, components and workflows are found.
//!
//! Knows the engine, and no transport, terminal or file: the command line, a server and other front ends print and
//! answer what is defined here, so that they cannot disagree. What is printed or answered as a whole is a [`Document`];
//! [`DOCUMENTS`] lists them, and docs/json.md shows each. Instants are milliseconds since 1970; data of steps is as it
//! was written, with every digit.

pub mod codes;
mod components;
mod counts;
mod document;
mod error;
mod event;
mod folder;
mod history;
mod inbox;
mod limits;
mod log;
pub mod lookup;
mod message;
mod migration;
mod place;
mod project;
mod result;
mod runs;
mod syntax;
mod tenants;
mod timeline;
mod work;
pub mod workflow_file;
mod workflows;

pub use components::{
    ComponentAdded, ComponentInspected, ComponentList, ComponentPublished, ComponentRemoved, ComponentRow,
    ComponentUnpublished, ComponentUsage, ComponentsPruned, PrunedComponent,
};
pub use counts::{Counts, GroupCount};
pub use document::{DOCUMENTS, Document, Shown};
pub use error::{
    CandidateRow, DefinitionRow, Details, ErrorBody, ErrorDocument, Problem, PublishedUsageRow, UsageRow,
    UsingWorkflow, ViolationRow,
};
pub use event::{AnswerRefusedPayload, EventPayload, EventRow, StepEndedPayload, event_name};
pub use folder::{BackupMade, FolderRestored};
pub use history::{History, SavepointRow};
pub use inbox::{Inbox, QuestionRow, TryRow, end_name};
pub use limits::{LimitList, LimitRow};
pub use log::LogRow;
pub use message::EventSent;
pub use migration::{Migrated, MigratedRow, MigratedStep, Migration};
pub use place::{excerpt, line_and_column};
pub use project::{
    Built, BuiltComponent, DataDirState, Doctor, LookRefused, Looked, PagesWritten, ProjectMade, ToolRow,
    WallRow,
};
pub use result::{LabeledStep, ResultFields, RunOutcome, StepFields};
pub use runs::{LeftRow, RecoveredRow, RunDeleted, RunList, RunRow, RunWhole, RunsPruned, RunsRecovered};
pub use syntax::syntax_error;
pub use tenants::{TenantChanged, TenantDeleted, TenantList, TenantRow};
pub use timeline::{AnswerRow, MomentRow, Timeline};
pub use work::{WorkLogged, Worked};
pub use workflows::{
    FileChecked, WorkflowApplied, WorkflowList, WorkflowRemoved, WorkflowRetired, WorkflowRow,
    WorkflowsChecked,
};

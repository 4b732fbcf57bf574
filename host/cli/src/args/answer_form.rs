//! What a result shows, and whether it is waited for.

use clap::Args;
use reentry::OutputOptions;

/// What the result of a start or resume shows.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct OutputArgs {
    /// Show the workflow's shared state with the result
    #[arg(long)]
    pub(crate) include_state: bool,

    /// Show the labels by which open suspensions may be addressed
    #[arg(long)]
    pub(crate) include_labels: bool,

    /// Stay until the run has ended, even if other processes resume it
    ///
    /// After a suspension the store is looked at several times a second. Killing the command loses nothing: the run
    /// stays as it is stored, and its next resume takes it further.
    #[arg(long)]
    pub(crate) wait: bool,
}

impl OutputArgs {
    pub(crate) fn options(self) -> OutputOptions {
        OutputOptions::default().include_state(self.include_state).include_resume_labels(self.include_labels)
    }
}

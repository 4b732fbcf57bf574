//! Who acts: `--as NAME`, and what they say to it.

use clap::Args;
use reentry::core::actor::Actor;

/// Who asks for something, by their own word.
#[derive(Clone, Debug, Args)]
pub(crate) struct ActorArgs {
    /// Who acts, by your own word: kept as such, beside the user of the operating system [default: that user]
    #[arg(long = "as", id = "as", value_name = "NAME", env = "REENTRY_AS", hide_env_values = true)]
    name: Option<String>,

    /// What to keep with it, for those who read the run's history; up to 4 KiB
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,
}

impl ActorArgs {
    /// The way in that is kept with what was asked for.
    pub(crate) const CHANNEL: &str = "cli";

    /// Who it is: by their own word, or as the operating system has it.
    pub(crate) fn actor(&self) -> Actor {
        self.name.clone().map_or_else(reentry::os_actor, Actor::asserted)
    }

    pub(crate) fn comment(&self) -> Option<String> {
        self.comment.clone()
    }
}

//! `reentry runs prune`: runs that ended long ago go.

use reentry::core::time::Timestamp;
use reentry::{Prune, Pruned};
use reentry_wire::RunsPruned;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::humane::{self, count, read_span};
use crate::session::{Background, Session};

/// Delete runs that ended long ago, with everything kept of them
///
/// Runs that have not ended stay, whatever their age, and so do runs that a fork reads which stays. Only those of
/// this tenant go.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How long ago they must have ended: 90s, 45m, 12h, 30d, 2w
    #[arg(long, value_name = "AGE", value_parser = read_span)]
    older_than: u64,

    /// Only of the workflow with this id, whatever its version
    #[arg(long, value_name = "ID")]
    workflow: Option<String>,

    /// Say which would go, and delete nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn perform(args: Args, session: &Session) -> Result<Exit, Failure> {
    let host = session.existing_host(Background::Off).await?;
    let tenant = session.tenant_on(&host);
    let before = Timestamp(session.now().0.saturating_sub(args.older_than));
    let mut which = Prune::before(before);
    which.workflow_id = args.workflow;
    let pruned = match args.dry_run {
        true => Pruned::default(),
        false => tenant.prune(&which).await?,
    };
    let kept = pruned.kept;
    let deleted = if args.dry_run { tenant.prunable(&which).await? } else { pruned.deleted };
    let given_back = if args.dry_run { 0 } else { host.give_back_space().await? };
    if session.ui.is_json() {
        let told = RunsPruned {
            dry_run: args.dry_run,
            before,
            deleted: &deleted,
            kept: &kept,
            bytes_given_back: given_back,
        };
        session.ui.print_json(&told)?;
        return Ok(Exit::Done);
    }
    let runs = count(deleted.len(), "run");
    if args.dry_run {
        let list: String = deleted.iter().map(|run| format!("{run}\n")).collect();
        session.ui.print(&list)?;
        session.ui.note(&format!(
            "{runs} would be deleted, which ended before {before}; one that a fork reads stays as long as that fork"
        ));
        return Ok(Exit::Done);
    }
    session.ui.note(&format!("deleted {runs}{}", humane::given_back(given_back)));
    if !kept.is_empty() {
        session.ui.note(&format!("kept {}, of which there are forks", count(kept.len(), "run")));
    }
    Ok(Exit::Done)
}

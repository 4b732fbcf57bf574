//! `reentry runs migrate`: waiting runs move to another version of their workflow.

use std::fmt::Write as _;

use reentry::core::digest::WorkflowDigest;
use reentry::core::error::ErrorKind;
use reentry::core::id::RunId;
use reentry::store::RunFilter;
use reentry::{Error, Migration, Tenant};
use reentry_wire::{Migrated, MigratedRow, MigratedStep};

use crate::applied;
use crate::args::RunName;
use crate::codes;
use crate::exit::Exit;
use crate::failure::{Failure, Report};
use crate::humane::{bytes, count};
use crate::session::{Background, Session};
use crate::style::Style;
use crate::ui::{hang, harmless};

/// Move a waiting run to another version of its workflow
///
/// Steps that wait and whose component changes hand over what they know: the old component exports it, the new one
/// takes it up and must wait for the same. Who can answer the run now can do so afterwards, under the same addresses.
/// A run that cannot move stays exactly as it is.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The run: its id, an end of it, or `last`
    #[arg(value_name = "RUN", required_unless_present = "all_of", conflicts_with = "all_of")]
    run: Option<RunName>,

    /// Every run of this workflow that has not ended, one after the other; those that cannot move are listed with the
    /// reason
    #[arg(long, value_name = "ID")]
    all_of: Option<String>,

    /// To this version: its digest, or the first digits of it [default: the current version of the run's workflow]
    #[arg(long, value_name = "DIGEST", conflicts_with = "workflow")]
    to: Option<String>,

    /// To the current version of the workflow with this id
    #[arg(long, value_name = "ID")]
    workflow: Option<String>,

    /// Try it out, guests included, and change nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn perform(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let tenant = session.existing_tenant(Background::Off).await?;
    match (&args.run, &args.all_of) {
        (Some(run), _) => one(args, session, &tenant, run.find(session, &tenant).await?).await,
        (None, Some(workflow)) => all(args, session, &tenant, workflow).await,
        (None, None) => Err(Report::new(&codes::USAGE, "name a run, or a workflow with --all-of").into()),
    }
}

async fn one(args: &Args, session: &Session, tenant: &Tenant, run: RunId) -> Result<Exit, Failure> {
    let follows = tenant.run(run).await?.state().await?.workflow_id;
    let to = target(args, session, tenant, &follows).await?;
    let migration = migrate(args, tenant, run, to).await?;
    if session.ui.is_json() {
        session.ui.print_json(&reentry_wire::Migration::from(&migration))?;
    } else {
        session.ui.print(&text(&migration, args.dry_run, session.ui.out))?;
    }
    Ok(Exit::Done)
}

async fn all(args: &Args, session: &Session, tenant: &Tenant, workflow: &str) -> Result<Exit, Failure> {
    let to = target(args, session, tenant, workflow).await?;
    let mut rows = Vec::new();
    let mut filter = RunFilter::default().workflow_id(workflow);
    loop {
        let page = tenant.runs(filter.clone()).await?;
        for run in page.rows.iter().filter(|run| !run.status.is_final()) {
            let row = match migrate(args, tenant, run.id, to).await {
                Ok(migration) => {
                    let moved = migration.from != migration.to;
                    let steps = MigratedStep::all(&migration.steps);
                    MigratedRow { run_id: run.id, moved, steps, refused: None }
                }
                // What is wrong with one run is no reason to leave the others; what is wrong with the host is.
                Err(error) if concerns_the_run(&error) => MigratedRow {
                    run_id: run.id,
                    moved: false,
                    steps: Vec::new(),
                    refused: Some(error.to_string()),
                },
                Err(error) => return Err(error.into()),
            };
            if !session.ui.is_json() {
                session.ui.print(&line(&row, args.dry_run, session.ui.out))?;
            }
            rows.push(row);
        }
        filter.after = page.next;
        if filter.after.is_none() {
            break;
        }
    }
    let refused = rows.iter().filter(|row| row.refused.is_some()).count();
    let moved = rows.iter().filter(|row| row.moved).count();
    if session.ui.is_json() {
        session.ui.print_json(&Migrated { runs: rows, to })?;
    } else {
        let what = verb(args.dry_run);
        session.ui.note(&format!("{} {what}, {refused} refused", count(moved, "run")));
    }
    Ok(if refused == 0 { Exit::Done } else { Exit::Conflict })
}

fn concerns_the_run(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Conflict | ErrorKind::Refused | ErrorKind::Damaged)
}

async fn migrate(args: &Args, tenant: &Tenant, run: RunId, to: WorkflowDigest) -> Result<Migration, Error> {
    let run = tenant.run(run).await?;
    if args.dry_run { run.try_migrate(to).await } else { run.migrate(to).await }
}

/// The version that is meant; `follows` is the id of the workflow that the run follows.
async fn target(
    args: &Args,
    session: &Session,
    tenant: &Tenant,
    follows: &str,
) -> Result<WorkflowDigest, Failure> {
    match &args.to {
        Some(text) => applied::version(session, tenant, text).await,
        None => {
            let id = args.workflow.as_deref().unwrap_or(follows);
            Ok(tenant.workflow_by_id(id).await?.digest())
        }
    }
}

fn verb(dry_run: bool) -> &'static str {
    if dry_run { "would move" } else { "moved" }
}

fn text(migration: &Migration, dry_run: bool, style: Style) -> String {
    let Migration { run_id, from, to, steps, .. } = migration;
    if from == to {
        return format!("{run_id} follows {to} already\n");
    }
    let mut text = format!("{run_id} {}\n", style.bold(verb(dry_run)));
    // Writing to a String does not fail.
    let _ = writeln!(text, "  from  {from}\n  to    {to}");
    for step in steps {
        let state = step.state_bytes.map_or("no memory to take along".to_owned(), |size| {
            format!("{} of state", bytes(u64::try_from(size).unwrap_or(u64::MAX)))
        });
        let _ = writeln!(
            text,
            "\n{}  {state}\n  from  {}\n  to    {}",
            style.bold(&step.path.to_string()),
            step.from,
            step.to
        );
    }
    text
}

fn line(row: &MigratedRow, dry_run: bool, style: Style) -> String {
    let (run, steps) = (row.run_id, row.steps.len());
    match &row.refused {
        Some(reason) => format!("{run}  {}  {}\n", style.red("refused"), hang(&harmless(reason), 4)),
        None if !row.moved => format!("{run}  follows it already\n"),
        None => format!("{run}  {}, {} in another component\n", verb(dry_run), count(steps, "step")),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use reentry::core::digest::ComponentDigest;

    const RUN: &str = "run_0000000003e87fffbfffffffffffffff";

    fn step(path: &str, state_bytes: Option<usize>) -> reentry::MigratedStep {
        let (from, to) = (ComponentDigest::of(b"old"), ComponentDigest::of(b"new"));
        let mut step = reentry::MigratedStep::new(path.parse().unwrap(), from, to);
        step.state_bytes = state_bytes;
        step
    }

    #[test]
    fn a_move_names_the_steps_that_change_their_component() {
        let (from, to) = (WorkflowDigest::of(b"one"), WorkflowDigest::of(b"two"));
        let steps = vec![step("ask", Some(4_100)), step("each[1]", None)];
        let migration = Migration::new(RUN.parse().unwrap(), from, to, steps);
        insta::assert_snapshot!(text(&migration, false, Style::PLAIN), @r"
        run_0000000003e87fffbfffffffffffffff moved
          from  sha256:7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed
          to    sha256:3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3

        ask  4 KiB of state
          from  sha256:cba06b5736faf67e54b07b561eae94395e774c517a7d910a54369e1263ccfbd4
          to    sha256:11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437

        each[1]  no memory to take along
          from  sha256:cba06b5736faf67e54b07b561eae94395e774c517a7d910a54369e1263ccfbd4
          to    sha256:11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437
        ");
        let nothing = Migration::new(migration.run_id, from, from, Vec::new());
        insta::assert_snapshot!(text(&nothing, true, Style::PLAIN), @"run_0000000003e87fffbfffffffffffffff follows sha256:7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed already");
    }

    #[test]
    fn each_of_several_runs_has_its_line() {
        let row = |moved, refused: Option<&str>| MigratedRow {
            run_id: RUN.parse().unwrap(),
            moved,
            steps: MigratedStep::all(&[step("ask", None)]),
            refused: refused.map(str::to_owned),
        };
        let rows = [row(true, None), row(false, None), row(false, Some("it runs\u{1b}[2K"))];
        let told: String = rows.iter().map(|row| line(row, true, Style::PLAIN)).collect();
        insta::assert_snapshot!(told, @r"
        run_0000000003e87fffbfffffffffffffff  would move, 1 step in another component
        run_0000000003e87fffbfffffffffffffff  follows it already
        run_0000000003e87fffbfffffffffffffff  refused  it runs\u{1b}[2K
        ");
        insta::assert_snapshot!(serde_json::to_string(&rows).unwrap(), @r#"[{"runId":"run_0000000003e87fffbfffffffffffffff","moved":true,"steps":[{"path":"ask","from":"sha256:cba06b5736faf67e54b07b561eae94395e774c517a7d910a54369e1263ccfbd4","to":"sha256:11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437"}]},{"runId":"run_0000000003e87fffbfffffffffffffff","moved":false,"steps":[{"path":"ask","from":"sha256:cba06b5736faf67e54b07b561eae94395e774c517a7d910a54369e1263ccfbd4","to":"sha256:11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437"}]},{"runId":"run_0000000003e87fffbfffffffffffffff","moved":false,"steps":[{"path":"ask","from":"sha256:cba06b5736faf67e54b07b561eae94395e774c517a7d910a54369e1263ccfbd4","to":"sha256:11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437"}],"refused":"it runs\u001b[2K"}]"#);
    }
}

//! `reentry workflow check`: everything that is wrong with workflow files.

use std::path::{Path, PathBuf};

use reentry::Tenant;
use reentry_wire::workflow_file::{Mistakes, Source};
use reentry_wire::{FileChecked, WorkflowsChecked};

use crate::component_file::read;
use crate::component_lookup::{Lookup, told};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::humane::count;
use crate::session::{Background, Session};

/// Check workflow files: syntax, components, steps, expressions
///
/// Tells all mistakes with file, line and column, and points at questions that take any answer. Nothing is added to
/// the host and nothing is run; components in files are loaded to see their steps.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Workflow files, JSON or YAML
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

pub(super) async fn perform(args: Args, session: &Session) -> Result<Exit, Failure> {
    let files = session.passing_tenant().await?;
    let names = match session.data_dir().is_dir() {
        true => Some(session.tenant(Background::Off).await?),
        false => None,
    };
    let (mut checked, mut wrong, mut hints) = (Vec::new(), Vec::new(), Vec::new());
    for file in &args.files {
        let (one, mistakes, more) = check(session, &files, names.as_ref(), file).await?;
        checked.push(one);
        wrong.extend(mistakes);
        hints.extend(more.problems());
    }
    tell(session, checked)?;
    if !session.ui.is_json() {
        for hint in hints {
            session.ui.note(&format!("hint: {}", hint));
        }
    }
    if wrong.is_empty() { Ok(Exit::Done) } else { Err(told(&wrong).into()) }
}

async fn check(
    session: &Session,
    files: &Tenant,
    names: Option<&Tenant>,
    file: &Path,
) -> Result<(FileChecked, Option<Mistakes>, Mistakes), Failure> {
    let shown = file.display().to_string();
    let mut hints = Mistakes::none(file);
    let committed = match Source::read(file, &read(file)?) {
        Err(mistakes) => Err(mistakes),
        Ok(source) => {
            hints = source.hints();
            Lookup { session, files, names }.as_they_are(&source).await.commit(&source)
        }
    };
    let mut checked =
        FileChecked { file: shown, id: None, digest: None, problems: Vec::new(), hints: hints.problems() };
    Ok(match committed {
        Ok((_, workflow)) => {
            (checked.id, checked.digest) = (Some(workflow.id().to_owned()), Some(workflow.digest()));
            (checked, None, hints)
        }
        Err(mistakes) => {
            checked.problems = mistakes.problems();
            (checked, Some(mistakes), hints)
        }
    })
}

fn tell(session: &Session, checked: Vec<FileChecked>) -> Result<(), Failure> {
    if session.ui.is_json() {
        return session.ui.print_json(&WorkflowsChecked { files: checked });
    }
    let line = |file: &FileChecked| match file.problems.len() {
        0 => format!("{}: no mistakes\n", file.file),
        some => format!("{}: {}\n", file.file, count(some, "mistake")),
    };
    session.ui.print(&checked.iter().map(line).collect::<String>())
}

//! `reentry workflow check`: everything that is wrong with workflow files.

use std::path::{Path, PathBuf};

use reentry::Tenant;
use serde::Serialize;
use serde_json::Value;

use crate::component_file::read;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::humane::count;
use crate::session::{Background, Session};
use crate::workflow_file::{Lookup, Mistakes, Source};

/// Check workflow files: syntax, components, steps, expressions
///
/// Tells all mistakes with file, line and column, and points at questions that take any answer. Nothing is added to the host and nothing
/// is run; components in files are loaded to see their steps.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Workflow files, JSON or YAML
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

/// What was found of one file, for programs.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Checked {
    file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// The digest that the workflow would be committed under.
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    problems: Vec<Value>,
    /// What is no mistake, and yet may not be meant.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hints: Vec<Value>,
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
        hints.extend(more.reports());
    }
    tell(session, &checked)?;
    if !session.ui.is_json() {
        for hint in hints {
            session.ui.note(&format!("hint: {}", hint.message));
        }
    }
    if wrong.is_empty() { Ok(Exit::Done) } else { Err(Mistakes::report_of(&wrong).into()) }
}

async fn check(
    session: &Session,
    files: &Tenant,
    names: Option<&Tenant>,
    file: &Path,
) -> Result<(Checked, Option<Mistakes>, Mistakes), Failure> {
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
        Checked { file: shown, id: None, digest: None, problems: Vec::new(), hints: hints.details() };
    Ok(match committed {
        Ok((_, workflow)) => {
            (checked.id, checked.digest) =
                (Some(workflow.id().to_owned()), Some(workflow.digest().to_string()));
            (checked, None, hints)
        }
        Err(mistakes) => {
            checked.problems = mistakes.details();
            (checked, Some(mistakes), hints)
        }
    })
}

fn tell(session: &Session, checked: &[Checked]) -> Result<(), Failure> {
    if session.ui.is_json() {
        return session.ui.print_json(&serde_json::json!({ "files": checked }));
    }
    let line = |file: &Checked| match file.problems.len() {
        0 => format!("{}: no mistakes\n", file.file),
        some => format!("{}: {}\n", file.file, count(some, "mistake")),
    };
    session.ui.print(&checked.iter().map(line).collect::<String>())
}

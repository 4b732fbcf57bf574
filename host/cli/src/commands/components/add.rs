//! `reentry components add`: keeps a component.

use std::path::{Path, PathBuf};

use reentry_wire::ComponentAdded;

use crate::component_file::{add, name_of, read};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::{Background, Session};
use crate::ui::harmless;

/// Add a component: check it, compile it, ask it for its steps, keep it
///
/// Adding the same bytes again changes nothing. `reentry run FILE` adds what it needs by itself. What is granted with
/// --grant must be granted again to the commands that run the component.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The component, or a core module, which is made one
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Name by which workflow files may call it [default: the file's, without endings]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

impl Args {
    /// The component's file.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }
}

pub(super) async fn perform(args: Args, session: &Session) -> Result<Exit, Failure> {
    let bytes = read(&args.file)?;
    let name = args.name.unwrap_or_else(|| name_of(&args.file));
    let tenant = session.tenant(Background::Off).await?;
    let component = add(session, &tenant, &args.file, bytes, &name).await?;
    let listed = tenant.components().await?.into_iter().find(|listed| listed.digest == component.digest());
    let kept = listed.map_or_else(|| name.clone(), |listed| listed.name);
    if kept != name {
        session.ui.note(&format!("the component is there already, under the name `{}`", harmless(&kept)));
    }
    let steps: Vec<&str> = component.steps().iter().map(|step| step.id.as_str()).collect();
    if session.ui.is_json() {
        session.ui.print_json(&ComponentAdded { digest: component.digest(), name: &kept, steps })?;
    } else {
        session.ui.print(&format!("{}  {}: {}\n", component.digest(), harmless(&kept), steps.join(", ")))?;
    }
    Ok(Exit::Done)
}

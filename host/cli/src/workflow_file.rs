//! What `run` is asked to run: a workflow file, a component in a file, or a component of the host.

mod components;
mod document;
mod mistake;
mod one_step;
mod place;
mod read_json;
mod read_yaml;
mod shape;
mod source;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests;

use std::path::Path;

use reentry::Tenant;
use reentry::core::workflow::Definition;

pub(crate) use components::{Found, Lookup, component_of_host};
pub(crate) use mistake::Mistakes;
pub(crate) use shape::SCHEMA;
pub(crate) use source::Source;

use crate::applied;
use crate::component_file::{self, Contents, name_of};
use crate::failure::{Failure, Report};
use crate::session::Session;
use components::looked_for;
use one_step::one_step;

/// Opens what the user named, adds the components that it needs, and gives the workflow's definition.
pub(crate) async fn open(
    session: &Session,
    tenant: &Tenant,
    what: &Path,
    step: Option<&str>,
) -> Result<Definition, Failure> {
    let component = match what.exists() {
        true => {
            let bytes = component_file::read(what)?;
            if Contents::of(&bytes) == Contents::Other && !has_ending(what, "wasm") {
                if step.is_some() {
                    let message = "--step chooses a step of a component, but this is a workflow file";
                    return Err(Report::refused("invalid-argument", message).into());
                }
                return open_workflow(session, tenant, what, &bytes).await;
            }
            component_file::add(session, tenant, what, bytes, &name_of(what)).await?
        }
        false => match component_of_host(tenant, &what.to_string_lossy()).await? {
            Found::Component(digest) => tenant.component(digest).await?,
            Found::Nothing(hint) => {
                let shown = what.display();
                let message = format!("there is no file {shown}, and no workflow or component of that name");
                let similar = applied::similar(tenant, &what.to_string_lossy()).await?;
                let hint = similar.or(hint).unwrap_or_else(|| looked_for(what));
                return Err(Report::not_found("no-file", message).hint(hint).into());
            }
        },
    };
    one_step(&component, step)
}

async fn open_workflow(
    session: &Session,
    tenant: &Tenant,
    path: &Path,
    bytes: &[u8],
) -> Result<Definition, Failure> {
    let source = Source::read(path, bytes).map_err(|mistakes| mistakes.report())?;
    let components = Lookup { session, files: tenant, names: Some(tenant) }.needed(&source).await?;
    let (definition, _) = components.commit(&source).map_err(|mistakes| mistakes.report())?;
    Ok(definition)
}

fn has_ending(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|found| found.eq_ignore_ascii_case(ending))
}

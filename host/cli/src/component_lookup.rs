//! What `run` is asked to run, and the components that workflow files name: by a path from that file, by digest, or by
//! name.

use std::path::{Path, PathBuf};

use reentry::core::error::ErrorKind;
use reentry::core::similar::closest;
use reentry::core::workflow::Definition;
use reentry::{Component, Error, Tenant};
use reentry_wire::lookup::{self, similar_component, similar_workflow};
use reentry_wire::workflow_file::{Components, Mistakes, Source, StepChoice, one_step};

use crate::codes;
use crate::component_file::{self, Contents, name_of};
use crate::failure::{Failure, Report};
use crate::hint::hints;
use crate::session::Session;

/// A definition that the user named, and the file that it is of, if it is of one.
pub(crate) struct Opened {
    pub(crate) definition: Definition,
    pub(crate) origin: Origin,
}

/// Where a definition is written.
pub(crate) struct Origin(Option<(Source, Components)>);

impl Origin {
    /// Tells why a host does not take the definition: what is wrong with one of a file is shown there.
    pub(crate) fn failure(&self, error: Error) -> Failure {
        match (&self.0, &error) {
            (Some((source, components)), Error::Definition(problems)) => {
                components.blame(source, problems).into()
            }
            _ => error.into(),
        }
    }
}

/// Opens what the user named, adds the components that it needs, and gives the workflow's definition. Whether it is
/// sound is found out by the host that commits it.
pub(crate) async fn open(
    session: &Session,
    tenant: &Tenant,
    what: &Path,
    step: Option<&str>,
) -> Result<Opened, Failure> {
    let shown = what.to_string_lossy();
    let component = match what.exists() {
        true => {
            let bytes = component_file::read(what)?;
            if Contents::of(&bytes) == Contents::Other && !has_ending(what, "wasm") {
                if step.is_some() {
                    let message = "--step chooses a step of a component, but this is a workflow file";
                    return Err(Report::new(&codes::INVALID_ARGUMENT, message).into());
                }
                return open_workflow(session, tenant, what, &bytes).await;
            }
            component_file::add(session, tenant, what, bytes, &name_of(what)).await?
        }
        false => match lookup::component(tenant, &shown).await? {
            Some(digest) => tenant.component(digest).await?,
            None => {
                let message = format!("there is no file {shown}, and no workflow or component of that name");
                let hint = match similar_workflow(tenant, &shown).await? {
                    Some(meant) => format!("did you mean the workflow `{meant}`?"),
                    None => did_you_mean(tenant, &shown).await?.unwrap_or_else(|| looked_for(what)),
                };
                return Err(Report::new(&codes::NO_FILE, message).hint(hint).into());
            }
        },
    };
    let definition = one_step(&component, step).map_err(|choice| not_chosen(&choice))?;
    Ok(Opened { definition, origin: Origin(None) })
}

fn not_chosen(choice: &StepChoice) -> Report {
    let ids = || choice.steps.iter().map(String::as_str);
    let list = || ids().map(|id| format!("`--step {id}`")).collect::<Vec<_>>().join(", ");
    let hint = match choice.wanted.as_ref().map(|wanted| closest(wanted, ids())) {
        None => format!("choose with {}", list()),
        Some(Some(meant)) => format!("did you mean `--step {meant}`?"),
        Some(None) => format!("it has {}", list()),
    };
    Report::from(choice.problem()).hint(hint)
}

async fn open_workflow(
    session: &Session,
    tenant: &Tenant,
    path: &Path,
    bytes: &[u8],
) -> Result<Opened, Failure> {
    let source = Source::read(path, bytes).map_err(Failure::from)?;
    let components = Lookup { session, files: tenant, names: Some(tenant) }.needed(&source).await?;
    let definition = components.definition(&source)?;
    Ok(Opened { definition, origin: Origin(Some((source, components))) })
}

fn has_ending(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|found| found.eq_ignore_ascii_case(ending))
}

/// Where the components of a workflow file are looked for.
pub(crate) struct Lookup<'a> {
    pub(crate) session: &'a Session,
    /// The tenant to whom components in files are added.
    pub(crate) files: &'a Tenant,
    /// The tenant who knows components by name, if there is one.
    pub(crate) names: Option<&'a Tenant>,
}

impl Lookup<'_> {
    /// The components of a file. What there is not is left for [`Components::commit`] to tell.
    ///
    /// # Errors
    /// The first component that is there and cannot be used.
    async fn needed(&self, source: &Source) -> Result<Components, Failure> {
        let mut components = Components::default();
        for name in source.component_names() {
            let found = match self.one(source.path(), &name).await {
                Err(failure) if !is_missing(&failure) => return Err(failure),
                found => found.map_err(|failure| self.told(failure)),
            };
            components.add(name, found);
        }
        Ok(components)
    }

    /// The components of a file. What there is not, or cannot be used, is left for [`Components::commit`] to tell.
    pub(crate) async fn as_they_are(&self, source: &Source) -> Components {
        let mut components = Components::default();
        for name in source.component_names() {
            let found = self.one(source.path(), &name).await.map_err(|failure| self.told(failure));
            components.add(name, found);
        }
        components
    }

    async fn one(&self, file: &Path, name: &str) -> Result<Component, Failure> {
        let path = file.parent().unwrap_or(Path::new(".")).join(name);
        if path.is_file() {
            let bytes = component_file::read(&path)?;
            return component_file::add(self.session, self.files, &path, bytes, &name_of(&path)).await;
        }
        let mut hint = None;
        if let Some(tenant) = self.names {
            if let Some(digest) = lookup::component(tenant, name).await? {
                return Ok(tenant.component(digest).await?);
            }
            hint = did_you_mean(tenant, name).await?;
        }
        let report =
            Report::new(&reentry::codes::NO_COMPONENT, format!("there is no file and no component `{name}`"));
        Err(report.hint(hint.unwrap_or_else(|| looked_for(&path))).into())
    }

    /// A failure as part of a sentence.
    fn told(&self, failure: Failure) -> String {
        let (message, hints) = match failure {
            Failure::Own(report) => (report.message, report.hints),
            Failure::Library(error) => (error.to_string(), hints(&error, self.session)),
            Failure::Interrupted { .. } => ("interrupted".to_owned(), Vec::new()),
        };
        [vec![message], hints].concat().join("; ")
    }
}

fn is_missing(failure: &Failure) -> bool {
    match failure {
        Failure::Own(report) => report.code.kind == ErrorKind::NotFound,
        Failure::Library(error) => error.kind() == ErrorKind::NotFound,
        Failure::Interrupted { .. } => false,
    }
}

/// What to try instead of a component that there is not.
pub(crate) async fn did_you_mean(tenant: &Tenant, name: &str) -> Result<Option<String>, Failure> {
    let meant = similar_component(tenant, name).await?;
    Ok(meant.map(|meant| format!("did you mean the component `{meant}`?")))
}

fn looked_for(path: &Path) -> String {
    let whole = std::path::absolute(path).unwrap_or_else(|_| PathBuf::from(path));
    format!("looked for {}", whole.display())
}

/// Most mistakes of one file that people are told. More help nobody.
const TOLD_MAX: usize = 50;

/// Mistakes in workflow files as one error: people are told each of them with its place.
pub(crate) fn told(files: &[Mistakes]) -> Report {
    let report = Report::from(Mistakes::problem(files));
    let each = |file: &Mistakes| {
        let told = file.problems().into_iter().take(TOLD_MAX);
        told.map(|one| Report::new(&reentry::codes::INVALID_WORKFLOW, one.to_string()).excerpt(one.excerpt))
    };
    let mut parts: Vec<Report> = files.iter().flat_map(each).collect();
    match (files.iter().map(Mistakes::count).sum(), parts.pop()) {
        (1, Some(only)) => Report { excerpt: only.excerpt, ..report },
        (_, last) => {
            parts.extend(last);
            report.parts(parts)
        }
    }
}

impl From<Mistakes> for Failure {
    fn from(mistakes: Mistakes) -> Self {
        told(std::slice::from_ref(&mistakes)).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_is_not_chosen_well_is_answered_with_those_that_there_are() {
        let told = |wanted: Option<&str>| {
            let steps = vec!["count".to_owned(), "sum".to_owned()];
            let report = not_chosen(&StepChoice { wanted: wanted.map(str::to_owned), steps });
            format!("{}; {}", report.message, report.hints.join("; "))
        };
        insta::assert_snapshot!(
            told(None),
            @"the component has 2 steps, and a run needs one; choose with `--step count`, `--step sum`"
        );
        insta::assert_snapshot!(told(Some("cout")), @"the component has no step `cout`; did you mean `--step count`?");
        insta::assert_snapshot!(
            told(Some("refund")),
            @"the component has no step `refund`; it has `--step count`, `--step sum`"
        );
    }
}

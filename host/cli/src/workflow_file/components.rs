//! The components that a workflow file names: by a path from that file, by digest, or by name.

use std::collections::HashMap;
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use reentry::core::digest::ComponentDigest;
use reentry::core::error::ErrorKind;
use reentry::core::similar::closest;
use reentry::core::workflow::{ComponentSteps, Contract, Definition, Workflow};
use reentry::{Component, Tenant};

use super::mistake::Mistakes;
use super::source::Source;
use crate::component_file::{self, name_of};
use crate::digest_text::meant;
use crate::failure::{Failure, Report};
use crate::hint::hints;
use crate::session::Session;

/// Where components are looked for.
pub(crate) struct Lookup<'a> {
    pub(crate) session: &'a Session,
    /// The host to which components in files are added.
    pub(crate) files: &'a Tenant,
    /// The host that knows components by name, if there is one.
    pub(crate) names: Option<&'a Tenant>,
}

/// The components of one file: what the file calls each, and what is known of it.
#[derive(Default)]
pub(crate) struct Components {
    names: Vec<(String, ComponentDigest)>,
    steps: HashMap<ComponentDigest, Result<Arc<ComponentSteps>, String>>,
}

impl Components {
    fn add(&mut self, name: String, found: Result<Component, String>) {
        // One that is not there needs a digest all the same, to be blamed under.
        let digest = found.as_ref().map_or_else(|_| ComponentDigest::of(name.as_bytes()), Component::digest);
        self.names.push((name, digest));
        self.steps.insert(digest, found.and_then(|component| steps_of(&component)));
    }

    /// Puts digests in the place of names, and checks the definition.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub(crate) fn commit(&self, source: &Source) -> Result<(Definition, Workflow), Mistakes> {
        let digests: HashMap<&str, ComponentDigest> =
            self.names.iter().map(|(name, digest)| (name.as_str(), *digest)).collect();
        let mut digest = |name: String| {
            let known = digests.get(name.as_str()).copied();
            Ok::<_, Infallible>(known.unwrap_or_else(|| ComponentDigest::of(name.as_bytes())))
        };
        let known = |digest: &ComponentDigest| {
            let unknown = || Err(format!("there is no component {digest}"));
            self.steps.get(digest).cloned().unwrap_or_else(unknown)
        };
        let Ok(definition) = source.definition.clone().try_map(&mut digest);
        match Workflow::commit(&definition, &known) {
            Ok(workflow) => Ok((definition, workflow)),
            Err(problems) => Err(source.blame(&problems, &self.names)),
        }
    }
}

fn steps_of(component: &Component) -> Result<Arc<ComponentSteps>, String> {
    let contract = |step: &reentry::core::step::Descriptor| {
        let contract = Contract::new(step.clone()).map_err(|error| error.to_string())?;
        Ok((step.id.clone(), Arc::new(contract)))
    };
    component.steps().iter().map(contract).collect::<Result<ComponentSteps, _>>().map(Arc::new)
}

impl Lookup<'_> {
    /// The components of a file. What there is not is left for [`Components::commit`] to tell.
    ///
    /// # Errors
    /// The first component that is there and cannot be used.
    pub(crate) async fn needed(&self, source: &Source) -> Result<Components, Failure> {
        let mut components = Components::default();
        for name in names(source) {
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
        for name in names(source) {
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
        let unknown = |hint: Option<String>| {
            let report =
                Report::not_found("no-component", format!("there is no file and no component `{name}`"));
            Failure::from(report.hint(hint.unwrap_or_else(|| looked_for(&path))))
        };
        let Some(tenant) = self.names else { return Err(unknown(None)) };
        match component_of_host(tenant, name).await? {
            Found::Component(digest) => Ok(tenant.component(digest).await?),
            Found::Nothing(hint) => Err(unknown(hint)),
        }
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

/// What the file calls its components, each once, in order.
fn names(source: &Source) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (_, step) in source.definition.step_entries() {
        if !names.contains(&step.component) {
            names.push(step.component.clone());
        }
    }
    names
}

fn is_missing(failure: &Failure) -> bool {
    match failure {
        Failure::Own(report) => report.kind == ErrorKind::NotFound,
        Failure::Library(error) => error.kind() == ErrorKind::NotFound,
        Failure::Interrupted { .. } => false,
    }
}

/// What a tenant's host knows of a component's digest or name.
pub(crate) enum Found {
    Component(ComponentDigest),
    /// Nothing, and what may have been meant.
    Nothing(Option<String>),
}

/// Looks for a component by name among those of the tenant, then among the published ones; of several with one name it is the one added
/// or published last. A whole digest is taken as it is: that there is no
/// such component is found out where it is used. The beginning of one will do if it is that of one component only.
pub(crate) async fn component_of_host(tenant: &Tenant, name: &str) -> Result<Found, Failure> {
    if let Ok(digest) = name.parse() {
        return Ok(Found::Component(digest));
    }
    if let Some(found) = tenant.component_named(name).await? {
        return Ok(Found::Component(found.digest()));
    }
    let components = tenant.components().await?;
    if let Some(digest) = meant(name, components.iter().map(|component| component.digest))? {
        return Ok(Found::Component(digest));
    }
    let similar = closest(name, components.iter().map(|component| component.name.as_str()));
    Ok(Found::Nothing(similar.map(|similar| format!("did you mean the component `{similar}`?"))))
}

pub(super) fn looked_for(path: &Path) -> String {
    let whole = std::path::absolute(path).unwrap_or_else(|_| PathBuf::from(path));
    format!("looked for {}", whole.display())
}

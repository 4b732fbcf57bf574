//! The components that a workflow file names.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;

use reentry::Component;
use reentry::core::digest::ComponentDigest;
use reentry::core::step::Descriptor;
use reentry::core::workflow::{ComponentSteps, Contract, Definition, Workflow};

use super::mistake::Mistakes;
use super::source::Source;

/// The components of one file: what the file calls each, and what is known of it.
#[derive(Debug, Default)]
pub struct Components {
    names: Vec<(String, ComponentDigest)>,
    steps: HashMap<ComponentDigest, Result<Arc<ComponentSteps>, String>>,
}

impl Components {
    /// Adds what was found under a name of the file's ([`Source::component_names`]): the component, or why there is
    /// none, in words that go on from "component `x`: ".
    pub fn add(&mut self, name: String, found: Result<Component, String>) {
        // One that is not there needs a digest all the same, to be blamed under.
        let digest = found.as_ref().map_or_else(|_| ComponentDigest::of(name.as_bytes()), Component::digest);
        self.names.push((name, digest));
        self.steps.insert(digest, found.and_then(|component| steps_of(&component)));
    }

    /// Puts digests in the place of names, and checks the definition.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn commit(&self, source: &Source) -> Result<(Definition, Workflow), Mistakes> {
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
    let contract = |step: &Descriptor| {
        let contract = Contract::new(step.clone()).map_err(|error| error.to_string())?;
        Ok((step.id.clone(), Arc::new(contract)))
    };
    component.steps().iter().map(contract).collect::<Result<ComponentSteps, _>>().map(Arc::new)
}

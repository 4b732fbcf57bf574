//! The components that a workflow file names.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;

use reentry::Component;
use reentry::core::digest::ComponentDigest;
use reentry::core::step::Descriptor;
use reentry::core::workflow::{ComponentSteps, Contract, Definition, DefinitionError, Workflow};

use super::mistake::Mistakes;
use super::source::Source;

/// The components of one file: what the file calls each, and what was found under that name.
#[derive(Debug, Default)]
pub struct Components {
    names: Vec<(String, ComponentDigest)>,
    found: HashMap<ComponentDigest, Result<Component, String>>,
}

impl Components {
    /// Adds what was found under a name of the file's ([`Source::component_names`]): the component, or why there is
    /// none, in words that go on from "component `x`: ".
    pub fn add(&mut self, name: String, found: Result<Component, String>) {
        // One that is not there needs a digest all the same, to be blamed under.
        let digest = found.as_ref().map_or_else(|_| ComponentDigest::of(name.as_bytes()), Component::digest);
        self.names.push((name, digest));
        self.found.insert(digest, found);
    }

    /// Puts digests in the place of names. When all components are there, nothing is compiled: the host that commits
    /// the definition says what is wrong with it, and [`Self::blame`] where.
    ///
    /// # Errors
    /// All that is wrong with the definition when a component is not there.
    pub fn definition(&self, source: &Source) -> Result<Definition, Mistakes> {
        if self.found.values().all(Result::is_ok) {
            return Ok(self.named_by_digest(source));
        }
        self.commit(source).map(|(definition, _)| definition)
    }

    /// Shows where in the file the problems are that a host has found.
    pub fn blame(&self, source: &Source, problems: &[DefinitionError]) -> Mistakes {
        source.blame(problems, &self.names)
    }

    /// Puts digests in the place of names, and checks the definition without a host.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn commit(&self, source: &Source) -> Result<(Definition, Workflow), Mistakes> {
        let steps =
            |found: &Result<Component, String>| found.as_ref().map_err(Clone::clone).and_then(steps_of);
        let steps: HashMap<_, _> = self.found.iter().map(|(digest, found)| (*digest, steps(found))).collect();
        let known = |digest: &ComponentDigest| {
            let unknown = || Err(format!("there is no component {digest}"));
            steps.get(digest).cloned().unwrap_or_else(unknown)
        };
        let definition = self.named_by_digest(source);
        match Workflow::commit(&definition, &known) {
            Ok(workflow) => Ok((definition, workflow)),
            Err(problems) => Err(self.blame(source, &problems)),
        }
    }

    fn named_by_digest(&self, source: &Source) -> Definition {
        let digests: HashMap<&str, ComponentDigest> =
            self.names.iter().map(|(name, digest)| (name.as_str(), *digest)).collect();
        let mut digest = |name: String| {
            let known = digests.get(name.as_str()).copied();
            Ok::<_, Infallible>(known.unwrap_or_else(|| ComponentDigest::of(name.as_bytes())))
        };
        let Ok(definition) = source.definition.clone().try_map(&mut digest);
        definition
    }
}

fn steps_of(component: &Component) -> Result<Arc<ComponentSteps>, String> {
    let contract = |step: &Descriptor| {
        let contract = Contract::new(step.clone()).map_err(|error| error.to_string())?;
        Ok((step.id.clone(), Arc::new(contract)))
    };
    component.steps().iter().map(contract).collect::<Result<ComponentSteps, _>>().map(Arc::new)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::path::Path;

    use reentry::core::compiled::CompileCount;

    use super::*;

    #[test]
    fn a_definition_whose_components_are_there_is_left_to_the_host_to_compile() {
        let text = r#"{"id": "w", "inputSchema": true, "steps": [{"ask": {"answer": true}}]}"#;
        let source = Source::read(Path::new("w.json"), text.as_bytes()).unwrap();
        let components = Components::default();
        let before = CompileCount::by_this_thread();
        let definition = components.definition(&source).unwrap();
        let after = CompileCount::by_this_thread().since(before);
        assert_eq!((definition.id.as_str(), after), ("w", CompileCount::default()));
        components.commit(&source).unwrap();
        let after = CompileCount::by_this_thread().since(before);
        assert_eq!(after, CompileCount { definitions: 1, schemas: 2 });
    }
}

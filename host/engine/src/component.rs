//! A component that a host holds.

use reentry_core::digest::ComponentDigest;
use reentry_core::step::Descriptor;
use reentry_core::workflow::StepEntry;

use crate::guests::ComponentMeta;

/// A component that a host holds, by its digest.
#[derive(Clone, Debug)]
pub struct Component {
    pub(crate) digest: ComponentDigest,
    pub(crate) meta: ComponentMeta,
}

impl Component {
    /// Returns the SHA-256 of the component as it was added.
    pub fn digest(&self) -> ComponentDigest {
        self.digest
    }

    /// Returns what the component says of its steps.
    pub fn steps(&self) -> &[Descriptor] {
        &self.meta.steps
    }

    /// Returns what was found out when it was loaded.
    pub fn meta(&self) -> &ComponentMeta {
        &self.meta
    }

    /// Makes an entry of one of its steps. That the step exists is checked when the workflow is committed.
    pub fn step(&self, id: impl Into<String>) -> StepEntry {
        StepEntry::new(self.digest, id)
    }
}

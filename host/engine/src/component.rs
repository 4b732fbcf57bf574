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
    /// SHA-256 of the component as it was uploaded.
    pub fn digest(&self) -> ComponentDigest {
        self.digest
    }

    /// What it says of its steps.
    pub fn steps(&self) -> &[Descriptor] {
        &self.meta.steps
    }

    /// What the loader found out about it.
    pub fn meta(&self) -> &ComponentMeta {
        &self.meta
    }

    /// One of its steps, as an entry of a workflow. That there is such a step is checked when the workflow is committed.
    pub fn step(&self, id: impl Into<String>) -> StepEntry {
        StepEntry::new(self.digest, id)
    }
}

//! The components of a tenant.

use reentry_core::digest::ComponentDigest;
use reentry_core::step::Descriptor;
use reentry_core::workflow::StepEntry;
use reentry_store::ComponentSummary;
use reentry_wasm::Phase;

use crate::error::Error;
use crate::guests::ComponentMeta;
use crate::room::Room;
use crate::tenant::Tenant;

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

impl Tenant {
    /// Adds a component: checks, instruments and compiles it, asks it for its steps, and keeps it for the tenant.
    /// Durable on return. Adding the same bytes again changes nothing, not even their name.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/doc.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (host, tenant, ask) = asks().await?;
    /// use reentry::{ComponentizeOptions, componentize};
    ///
    /// # let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/ask.wat"));
    /// // A core module that an SDK built; most languages make the component themselves.
    /// let module = wat::parse_str(text)?;
    /// let component = tenant.add_component("ask", &componentize(&module, ComponentizeOptions::default())?).await?;
    /// assert_eq!(component.steps()[0].id, "ask");
    /// assert_eq!(tenant.component_named("ask").await?.unwrap().digest(), component.digest());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `Guest` when the component cannot be accepted, with the reasons.
    pub async fn add_component(&self, name: &str, bytes: &[u8]) -> Result<Component, Error> {
        self.add_component_with(name, bytes, &|_| {}).await
    }

    /// Adds a component as [`Self::add_component`] does, and reports progress: compiling a large one takes seconds.
    ///
    /// # Errors
    /// As [`Self::add_component`].
    pub async fn add_component_with(
        &self,
        name: &str,
        bytes: &[u8],
        progress: &(dyn Fn(Phase) + Send + Sync),
    ) -> Result<Component, Error> {
        self.shared.check_active(&self.id).await?;
        let policy = self.policy().await?;
        // Its instances are made one after the other, and no less can be said of them before.
        let _room = self.shared.room(&self.id, &policy, None, Room::Whole).await?;
        let grants = policy.grants;
        let (digest, meta) = self.shared.registry.add(&self.id, name, bytes, grants, progress).await?;
        Ok(Component { digest, meta })
    }

    /// Returns a component that the tenant has added before, or that is published.
    ///
    /// # Errors
    /// `NotFound` when there is none, whether another tenant has it or not.
    pub async fn component(&self, digest: ComponentDigest) -> Result<Component, Error> {
        Ok(Component { digest, meta: self.shared.registry.meta_of(&self.id, digest).await? })
    }

    /// Returns the component of a name: the one that the tenant added last under it, or else the one published last
    /// under it.
    ///
    /// # Errors
    /// `Unavailable`, `Damaged`.
    pub async fn component_named(&self, name: &str) -> Result<Option<Component>, Error> {
        let Some(digest) = self.shared.store.component_named(&self.id, name).await? else {
            return Ok(None);
        };
        match self.component(digest).await {
            // Somebody removed it just now.
            Err(Error::NoComponent(_)) => Ok(None),
            found => found.map(Some),
        }
    }

    /// Lists the components that the tenant may use: its own, then those that are published, each the newest first.
    ///
    /// # Errors
    /// `Unavailable`, `Damaged`.
    pub async fn components(&self) -> Result<Vec<ComponentSummary>, Error> {
        Ok(self.shared.store.list_components(&self.id).await?)
    }
}

//! Components.

use reentry::Component;
use reentry::ComponentMeta;
use reentry::core::digest::ComponentDigest;
use reentry::core::step::Descriptor;
use reentry::core::time::Timestamp;
use reentry::store::ComponentSummary;
use serde::Serialize;

use crate::error::UsageRow;

/// A component that was added.
#[derive(Clone, Debug, Serialize)]
pub struct ComponentAdded<'a> {
    /// Its digest.
    pub digest: ComponentDigest,
    /// The name that it is kept under: the one it had, if it was there.
    pub name: &'a str,
    /// The ids of its steps.
    pub steps: Vec<&'a str>,
}

/// The components of a tenant, and those that are published.
#[derive(Clone, Debug, Serialize)]
pub struct ComponentList {
    /// They: the tenant's own first, the newest of them first.
    pub components: Vec<ComponentRow>,
}

impl ComponentList {
    /// The components as they were read.
    pub fn of(components: &[ComponentSummary]) -> Self {
        Self { components: components.iter().map(ComponentRow::of).collect() }
    }
}

/// A component in a list.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ComponentRow {
    /// Its size as uploaded, in bytes.
    pub bytes: u64,
    /// When the tenant added it, or it was published, in milliseconds since 1970.
    pub created_at: Timestamp,
    /// Its digest.
    pub digest: ComponentDigest,
    /// The tenant's name for it, or the one that it is published under.
    pub name: String,
    /// Whether the tenant has it itself. Otherwise it is published.
    pub own: bool,
    /// The name under which it is published to all tenants. Absent where it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published: Option<String>,
    /// The ids of its steps.
    pub steps: Vec<String>,
}

impl ComponentRow {
    fn of(component: &ComponentSummary) -> Self {
        let meta: Option<ComponentMeta> = component.meta.decode().ok();
        Self {
            bytes: component.bytes,
            created_at: component.created_at,
            digest: component.digest,
            name: component.name.clone(),
            own: component.held,
            published: component.published.clone(),
            steps: meta.into_iter().flat_map(|meta| meta.steps).map(|step| step.id).collect(),
        }
    }
}

/// What a component is and says of itself.
#[derive(Clone, Debug, Serialize)]
pub struct ComponentInspected<'a> {
    /// Its digest.
    pub digest: ComponentDigest,
    /// Its size in bytes. Absent where it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// The interfaces that it imports.
    pub imports: &'a [String],
    /// Why its memory cannot be kept; empty where it can.
    pub obstacles: &'a [String],
    /// Its steps: `id`, `resumeMode`, and as far as they say it `title`, `description`, `inputSchema`, `outputSchema`,
    /// `suspendSchema`,
    /// `resumeSchema`, `stateSchema`, `requestContextSchema`, `retry`, `timeoutMs`, `metadata`.
    pub steps: &'a [Descriptor],
}

impl<'a> ComponentInspected<'a> {
    /// What was found of a component.
    pub fn of(component: &'a Component, bytes: Option<u64>) -> Self {
        let ComponentMeta { imports, obstacles, steps, .. } = component.meta();
        Self { digest: component.digest(), bytes, imports, obstacles, steps }
    }
}

/// What of a tenant uses a component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ComponentUsage {
    /// The component.
    pub digest: ComponentDigest,
    /// What uses it.
    #[serde(flatten)]
    pub usage: UsageRow,
}

/// A component that was removed.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ComponentRemoved {
    /// The component.
    pub removed: ComponentDigest,
}

/// Components that were removed as nothing needs them, or would be.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ComponentsPruned {
    /// By how many bytes the data folder became smaller.
    pub bytes_given_back: u64,
    /// The components.
    pub components: Vec<PrunedComponent>,
    /// Whether nothing was removed, and only looked for.
    pub dry_run: bool,
}

impl ComponentsPruned {
    /// What a host has removed, or would.
    pub fn of(components: &[ComponentSummary], dry_run: bool, bytes_given_back: u64) -> Self {
        let row = |component: &ComponentSummary| PrunedComponent {
            bytes: component.bytes,
            digest: component.digest,
            name: component.name.clone(),
        };
        Self { bytes_given_back, components: components.iter().map(row).collect(), dry_run }
    }
}

/// A component that nothing needs.
#[derive(Clone, Debug, Serialize)]
pub struct PrunedComponent {
    /// Its size as uploaded, in bytes.
    pub bytes: u64,
    /// Its digest.
    pub digest: ComponentDigest,
    /// The tenant's name for it.
    pub name: String,
}

/// A component that was published.
#[derive(Clone, Debug, Serialize)]
pub struct ComponentPublished {
    /// The name by which all tenants find it.
    pub name: String,
    /// The component.
    pub published: ComponentDigest,
}

/// A component that is not published any more.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ComponentUnpublished {
    /// The component.
    pub unpublished: ComponentDigest,
}

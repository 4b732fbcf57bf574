//! Components.

use reentry::core::digest::ComponentDigest;
use serde::Serialize;

use crate::error::UsageRow;

/// What of a tenant uses a component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// The component.
    pub digest: ComponentDigest,
    /// What uses it.
    #[serde(flatten)]
    pub usage: UsageRow,
}

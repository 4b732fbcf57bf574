//! Tenants as they are kept: how each stands, and what is set for it.

use std::fmt;

use reentry_core::id::TenantId;
use reentry_core::json::Json;
use reentry_core::time::Timestamp;

/// What is kept of a tenant itself. One without a record is active, and nothing is set for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantRecord {
    /// The tenant.
    pub tenant: TenantId,
    /// Whether anything may begin for it.
    pub state: TenantState,
    /// What is set for it, as JSON that no store looks into; `None` while nothing is.
    pub settings: Option<Json>,
    /// When it was added; `None` for one that came to be with what was stored for it.
    pub added_at: Option<Timestamp>,
}

impl TenantRecord {
    /// Makes the record of a tenant for which nothing was set.
    pub fn new(tenant: TenantId) -> Self {
        Self { tenant, state: TenantState::Active, settings: None, added_at: None }
    }
}

/// Whether anything may begin for a tenant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TenantState {
    /// Everything may.
    #[default]
    Active,
    /// Nothing is started, answered or called.
    Suspended,
    /// The same, and it is about to be deleted.
    Deleting,
}

impl TenantState {
    /// Returns its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Deleting => "deleting",
        }
    }
}

impl fmt::Display for TenantState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

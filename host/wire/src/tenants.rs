//! Tenants.

use reentry::TenantState;
use reentry::core::id::TenantId;
use reentry::store::TenantSummary;
use serde::Serialize;

/// The tenants that were added or of which anything is kept.
#[derive(Clone, Debug, Serialize)]
pub struct TenantList {
    /// They.
    pub tenants: Vec<TenantRow>,
}

impl TenantList {
    /// The tenants as they were read.
    pub fn of(tenants: &[TenantSummary]) -> Self {
        Self { tenants: tenants.iter().map(TenantRow::from).collect() }
    }
}

/// How much is kept of a tenant.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TenantRow {
    /// The components that it has itself.
    pub components: u64,
    /// The events that were sent to it and are kept, taken or not.
    pub events: u64,
    /// Its runs that have not ended.
    pub open_runs: u64,
    /// All its runs.
    pub runs: u64,
    /// Whether anything may begin for it: `active`, `suspended` or `deleting`.
    pub state: &'static str,
    /// The tenant.
    pub tenant: TenantId,
    /// The versions of workflows that it has, applied or not.
    pub workflows: u64,
}

impl From<&TenantSummary> for TenantRow {
    fn from(of: &TenantSummary) -> Self {
        Self {
            components: of.components,
            events: of.messages,
            open_runs: of.open_runs,
            runs: of.runs,
            state: of.state.as_str(),
            tenant: of.tenant.clone(),
            workflows: of.workflows,
        }
    }
}

/// A tenant that was added, suspended or resumed.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TenantChanged {
    /// Whether anything may begin for it: `active`, `suspended` or `deleting`.
    pub state: &'static str,
    /// The tenant.
    pub tenant: TenantId,
}

impl TenantChanged {
    /// How a tenant stands now.
    pub fn new(tenant: &TenantId, state: TenantState) -> Self {
        Self { state: state.as_str(), tenant: tenant.clone() }
    }
}

/// A tenant that was deleted, with all that it had.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TenantDeleted {
    /// By how many bytes the data folder became smaller.
    pub bytes_given_back: u64,
    /// What it had.
    pub deleted: TenantRow,
}

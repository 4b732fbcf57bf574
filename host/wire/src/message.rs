//! Events that are sent to steps.

use reentry::EventReceipt;
use reentry::core::id::{MessageId, RunId};
use reentry::core::run::RunStatus;
use serde::Serialize;

/// An event that was sent.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EventSent {
    /// Whether a step has it. Otherwise it is kept for the first that will wait for it.
    pub delivered: bool,
    /// The event as it is kept; for one that was sent before, that one.
    pub message: MessageId,
    /// The run whose step got it just now; `null` where none did.
    pub run_id: Option<RunId>,
    /// How that run stands; `null` where there is none.
    pub status: Option<RunStatus>,
}

impl EventSent {
    /// A receipt, with the status of its run.
    pub fn of(receipt: &EventReceipt, status: Option<RunStatus>) -> Self {
        let EventReceipt { message, delivered, run, .. } = *receipt;
        Self { delivered, message, run_id: run, status }
    }
}

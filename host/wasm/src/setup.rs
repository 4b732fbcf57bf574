//! What is settled about a call before an instance is made: its step, its limits, its time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reentry_core::snapshot::SealKey;
use reentry_core::step::ResumeMode;

use crate::call::CallOptions;
use crate::cancel::Cancel;
use crate::component::{Inner, Restorable};
use crate::error::CallError;
use crate::limits::Limits;
use crate::now::now;
use crate::runtime;
use crate::spare::Serves;

/// Everything about a call that is settled before an instance is made.
pub(crate) struct Setup<'a> {
    pub(crate) component: &'a Inner,
    pub(crate) runtime: &'a runtime::Inner,
    pub(crate) limits: Arc<Limits>,
    pub(crate) seal: SealKey,
    cancel: Option<Cancel>,
    pub(crate) deadline: Instant,
    /// There when the call may share instances with others.
    pub(crate) serves: Option<Serves>,
    /// There when the step's memory is kept.
    pub(crate) kept: Option<&'a Restorable>,
}

impl<'a> Setup<'a> {
    pub(crate) fn new(component: &'a Inner, step: &str, options: CallOptions) -> Result<Self, CallError> {
        let descriptor =
            component.descriptors.iter().find(|descriptor| descriptor.id == step).ok_or_else(|| {
                let known = component.descriptors.iter().map(|descriptor| descriptor.id.clone()).collect();
                CallError::UnknownStep { found: step.to_owned(), known }
            })?;
        let runtime = &*component.runtime;
        let mut limits = options.limits.unwrap_or_else(|| runtime.config.limits.clone());
        let of_step = descriptor.timeout_ms.map(Duration::from_millis);
        limits.call = [options.timeout, of_step].into_iter().flatten().fold(limits.call, Duration::min);
        Ok(Self {
            component,
            runtime,
            // A clock of the host's own, which no guest sees: it only bounds the call.
            deadline: now() + limits.call,
            limits: Arc::new(limits),
            seal: options.seal,
            cancel: options.cancel,
            serves: options.domain.and_then(|domain| component.serves(domain)),
            kept: component.state.as_ref().filter(|_| descriptor.resume_mode == ResumeMode::Restore),
        })
    }

    /// Runs the work until it ends, its time is over, or it is cancelled. Work that is given up is dropped, and with
    /// it the instance.
    ///
    /// A guest that computes yields at every tick, so that this gets to look; one that waits for the host has yielded.
    pub(crate) async fn bounded<T>(
        &self,
        work: impl Future<Output = Result<T, CallError>>,
    ) -> Result<T, CallError> {
        let cancelled = async {
            match &self.cancel {
                Some(cancel) => cancel.cancelled().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = cancelled => Err(CallError::Cancelled),
            result = work => result,
            () = tokio::time::sleep_until(self.deadline.into()) => {
                Err(CallError::TimedOut { at_most: self.limits.call })
            }
        }
    }
}

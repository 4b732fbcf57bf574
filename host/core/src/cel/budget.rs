//! What an evaluation has left to spend.

use std::cell::Cell;

use super::error::{EvaluationErrorKind, Fault, fault};
use super::scope::EvaluationLimits;
use super::span::Span;

/// Bytes that are copied, compared or searched for one step.
const BYTES_PER_STEP: usize = 32;

/// Bytes of a document in which elements are found for one step; this is faster than copying.
const SPLIT_BYTES_PER_STEP: usize = 1024;

/// Elements that are found for one step. Each takes memory, so this bounds the memory for documents too.
const ELEMENTS_PER_STEP: usize = 4;

/// Bytes that a pattern of weight 1 looks at for one step.
const MATCHED_BYTES_PER_STEP: usize = 4;

/// Steps for compiling a pattern that is known only during the evaluation.
const PATTERN_STEPS: usize = 1_000;

/// Counts the steps of one evaluation.
pub(super) struct Budget {
    limits: EvaluationLimits,
    left: Cell<u64>,
}

impl Budget {
    pub(super) fn new(limits: EvaluationLimits) -> Self {
        Self { limits, left: Cell::new(limits.steps) }
    }

    /// Takes steps, or ends the evaluation.
    pub(super) fn steps(&self, steps: usize, span: Span) -> Result<(), Fault> {
        match u64::try_from(steps).ok().and_then(|steps| self.left.get().checked_sub(steps)) {
            Some(left) => {
                self.left.set(left);
                Ok(())
            }
            None => self.out_of_fuel(span),
        }
    }

    pub(super) fn bytes(&self, bytes: usize, span: Span) -> Result<(), Fault> {
        self.steps(bytes / BYTES_PER_STEP, span)
    }

    pub(super) fn split(&self, bytes: usize, span: Span) -> Result<(), Fault> {
        self.steps(bytes / SPLIT_BYTES_PER_STEP, span)
    }

    pub(super) fn elements(&self, elements: usize, span: Span) -> Result<(), Fault> {
        self.steps(elements / ELEMENTS_PER_STEP, span)
    }

    /// Elements for which there are steps left.
    pub(super) fn elements_max(&self) -> usize {
        usize::try_from(self.left.get()).unwrap_or(usize::MAX).saturating_mul(ELEMENTS_PER_STEP)
    }

    /// Ends the evaluation.
    pub(super) fn out_of_fuel<T>(&self, span: Span) -> Result<T, Fault> {
        fault(span, EvaluationErrorKind::OutOfFuel { steps: self.limits.steps })
    }

    pub(super) fn matched(&self, bytes: usize, weight: usize, span: Span) -> Result<(), Fault> {
        self.steps(bytes.saturating_mul(weight) / MATCHED_BYTES_PER_STEP, span)
    }

    pub(super) fn pattern(&self, span: Span) -> Result<(), Fault> {
        self.steps(PATTERN_STEPS, span)
    }

    /// Checks the size of what is to be the result.
    pub(super) fn result(&self, bytes: usize, span: Span) -> Result<(), Fault> {
        match bytes > self.limits.result_bytes {
            true => fault(span, EvaluationErrorKind::TooLarge { bytes: self.limits.result_bytes }),
            false => Ok(()),
        }
    }
}

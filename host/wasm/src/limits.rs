//! What one call into a guest may use, and the meter that holds it to that.
//!
//! Every figure is a sum over all core instances of the component: a guest that splits itself into many
//! memories gains nothing.

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Bounds of one call. All of them hold at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of linear memory, all memories of the component together. Default 256 MiB.
    ///
    /// Stops a guest from taking the host's memory, whether by one large memory or by many small ones.
    pub memory_bytes: u64,
    /// Elements of all tables together. Default 200,000.
    ///
    /// An element is a pointer of the host's; the largest known language runtimes have some 20,000.
    pub table_elements: u64,
    /// Core instances, memories and tables, each counted by itself. Default 256.
    ///
    /// CPython has 38 core modules. Stops a component of thousands of tiny instances, each of which costs the
    /// host a slot of its pool.
    pub instances: usize,
    /// Longest time from the first instruction of a call to its last, waits on the host included. Default 30 s.
    ///
    /// Stops a loop without end. A step that needs to wait longer suspends.
    pub call: Duration,
    /// Bytes of one value that a guest hands to the host: an output, a payload, a chunk, a value of the state.
    /// Default 4 MiB.
    ///
    /// Such a value is kept with the run, and sent to whoever reads the run.
    pub value_bytes: usize,
    /// Bytes that the host copies out of a guest at one crossing, all strings and lists together. Default 16 MiB.
    ///
    /// Stops a list of a million short strings, which costs the host far more than its bytes.
    pub crossing_bytes: usize,
    /// Bytes of one line of the log, fields included, and of the message of a failure; what is longer is cut. Default
    /// 16 KiB.
    pub log_line_bytes: usize,
    /// Bytes of log in one call; what comes after that is dropped, and the log says so. Default 1 MiB.
    ///
    /// Stops a loop around `log` from filling the operator's disk.
    pub log_bytes: usize,
    /// Bytes of chunks that one call may emit. Default 64 MiB.
    pub emit_bytes: usize,
    /// Waits of one suspension. Default 10,000.
    ///
    /// Each wait is a row of its own in the store.
    pub waits: usize,
}

reentry_core::setters!(Limits {
    memory_bytes: u64,
    table_elements: u64,
    instances: usize,
    call: Duration,
    value_bytes: usize,
    crossing_bytes: usize,
    log_line_bytes: usize,
    log_bytes: usize,
    emit_bytes: usize,
    waits: usize,
});

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 256 << 20,
            table_elements: 200_000,
            instances: 256,
            call: Duration::from_secs(30),
            value_bytes: 4 << 20,
            crossing_bytes: 16 << 20,
            log_line_bytes: 16 << 10,
            log_bytes: 1 << 20,
            emit_bytes: 64 << 20,
            waits: 10_000,
        }
    }
}

/// A bound that a guest ran into.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
#[error("{what}: {asked} asked for, {at_most} allowed")]
pub struct LimitReached {
    /// What there was too much of.
    pub what: Cow<'static, str>,
    /// How much of it the guest would have had.
    pub asked: u64,
    /// How much it may have.
    pub at_most: u64,
}

/// Counts what one `wasmtime::Store` holds, over all of its memories and tables.
#[derive(Debug)]
pub(crate) struct Meter {
    memory_bytes: u64,
    memory_bytes_max: u64,
    /// What instrumentation added. The guest does not pay for it.
    own_bytes: u64,
    table_elements: u64,
    table_elements_max: u64,
    instances_max: usize,
    /// The first growth that was refused. A guest mostly answers with a trap, and this is the reason for it.
    pub(crate) refused: Option<LimitReached>,
}

impl Meter {
    /// `own_bytes` and `own_instances` are what instrumentation added.
    pub(crate) fn new(limits: &Limits, own_bytes: u64, own_instances: usize) -> Self {
        Self {
            memory_bytes: 0,
            memory_bytes_max: limits.memory_bytes,
            own_bytes,
            table_elements: 0,
            table_elements_max: limits.table_elements,
            instances_max: limits.instances.saturating_add(own_instances),
            refused: None,
        }
    }

    /// The count of the same instance for another call, or `None` when these limits do not allow what is there
    /// already. `memory_bytes` is what the guest's memories have: growth may have been counted here that the system
    /// then refused.
    pub(crate) fn renewed(&self, limits: &Limits, memory_bytes: u64, own_instances: usize) -> Option<Self> {
        let fits = memory_bytes <= limits.memory_bytes
            && self.table_elements <= limits.table_elements
            && self.instances_max <= limits.instances.saturating_add(own_instances);
        fits.then_some(Self {
            memory_bytes: memory_bytes.saturating_add(self.own_bytes),
            memory_bytes_max: limits.memory_bytes,
            own_bytes: self.own_bytes,
            table_elements: self.table_elements,
            table_elements_max: limits.table_elements,
            instances_max: self.instances_max,
            refused: None,
        })
    }

    /// Bytes of the guest's linear memory at the moment.
    pub(crate) fn memory_bytes(&self) -> u64 {
        self.memory_bytes.saturating_sub(self.own_bytes)
    }

    fn grow(held: &mut u64, at_most: u64, current: usize, desired: usize) -> Result<(), u64> {
        let added = (desired as u64).saturating_sub(current as u64);
        let asked = held.saturating_add(added);
        if asked > at_most {
            return Err(asked);
        }
        *held = asked;
        Ok(())
    }

    fn answer(&mut self, what: &'static str, at_most: u64, grown: Result<(), u64>) -> bool {
        if let Err(asked) = grown {
            self.refused.get_or_insert(LimitReached { what: what.into(), asked, at_most });
        }
        grown.is_ok()
    }
}

impl wasmtime::ResourceLimiter for Meter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // wasmtime refuses growth beyond the memory's own maximum after asking; it must not be counted.
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let own = self.own_bytes;
        let at_most = self.memory_bytes_max.saturating_add(own);
        let grown = Self::grow(&mut self.memory_bytes, at_most, current, desired);
        let grown = grown.map_err(|asked| asked.saturating_sub(own));
        Ok(self.answer("bytes of memory", self.memory_bytes_max, grown))
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let at_most = self.table_elements_max;
        let grown = Self::grow(&mut self.table_elements, at_most, current, desired);
        Ok(self.answer("elements of tables", at_most, grown))
    }

    fn instances(&self) -> usize {
        self.instances_max
    }

    fn memories(&self) -> usize {
        self.instances_max
    }

    fn tables(&self) -> usize {
        self.instances_max
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use wasmtime::ResourceLimiter as _;

    use super::*;

    #[test]
    fn memories_are_counted_together() {
        let limits = Limits { memory_bytes: 100, ..Limits::default() };
        let mut meter = Meter::new(&limits, 0, 0);
        assert!(meter.memory_growing(0, 60, None).unwrap());
        assert!(!meter.memory_growing(0, 60, None).unwrap());
        assert!(meter.memory_growing(60, 100, None).unwrap());
        assert_eq!(meter.memory_bytes(), 100);
        let refused = meter.refused.unwrap();
        assert_eq!(refused.to_string(), "bytes of memory: 120 asked for, 100 allowed");
    }

    #[test]
    fn growth_that_the_memory_itself_forbids_is_not_counted() {
        let mut meter = Meter::new(&Limits::default(), 0, 0);
        assert!(!meter.memory_growing(0, 65_536 * 3, Some(65_536 * 2)).unwrap());
        assert_eq!((meter.memory_bytes(), meter.refused), (0, None));
    }
}

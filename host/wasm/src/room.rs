//! Growth of a guest: held to the guest's own limits first, then allowed by the embedder, who knows how much room there
//! is for all guests.

use wasmtime::{ResourceLimiter, Result};

use crate::convert::Fault;
use crate::guest::Guest;

impl ResourceLimiter for Guest {
    /// A guest sees it when its own limits refuse growth, and may go on without. It does not see that there is no room:
    /// the call ends, to be made again when there is.
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        Ok(self.meter.memory_growing(current, desired, maximum)? && self.has_room()?)
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        self.meter.table_growing(current, desired, maximum)
    }

    fn instances(&self) -> usize {
        self.meter.instances()
    }

    fn memories(&self) -> usize {
        self.meter.memories()
    }

    fn tables(&self) -> usize {
        self.meter.tables()
    }
}

impl Guest {
    /// Asks whether there is room for the memory that the guest has as far as its meter goes.
    ///
    /// # Errors
    /// [`Fault::NoRoom`] if there is not.
    pub(crate) fn has_room(&self) -> Result<bool, Fault> {
        let bytes = self.meter.memory_bytes();
        if self.may_have_memory(bytes) { Ok(true) } else { Err(Fault::NoRoom { bytes }) }
    }
}

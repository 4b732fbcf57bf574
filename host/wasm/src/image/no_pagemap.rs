//! For kernels that cannot be asked which pages were written: all pages are compared.

use std::convert::Infallible;
use std::io;

/// There is none.
pub(crate) struct PageMap(Infallible);

impl PageMap {
    /// Finds that there is no page map.
    pub(crate) fn open() -> Option<Self> {
        None
    }

    /// Cannot be called.
    pub(crate) fn written(&self, _: *const u8, _: usize, _: impl FnMut(u32, u32)) -> io::Result<()> {
        match self.0 {}
    }
}

//! Which pages of a mapping were written: `PAGEMAP_SCAN`, which Linux has since 6.7.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

use reentry_core::snapshot::PAGE_BYTES;

/// `struct pm_scan_arg` of linux/fs.h.
#[repr(C)]
#[derive(Default)]
struct ScanArgument {
    size: u64,
    flags: u64,
    start: u64,
    end: u64,
    walk_end: u64,
    vec: u64,
    vec_len: u64,
    max_pages: u64,
    category_inverted: u64,
    category_mask: u64,
    category_anyof_mask: u64,
    return_mask: u64,
}

/// `struct page_region` of linux/fs.h.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Region {
    start: u64,
    end: u64,
    categories: u64,
}

const PAGE_IS_FILE: u64 = 1 << 2;
const PAGE_IS_PRESENT: u64 = 1 << 3;
const PAGE_IS_SWAPPED: u64 = 1 << 4;
const PAGE_IS_PFNZERO: u64 = 1 << 5;

/// `_IOWR('f', 16, struct pm_scan_arg)`.
const PAGEMAP_SCAN: libc::c_ulong = 0xC060_6610;

/// Regions that one call to the kernel can return.
const REGIONS: usize = 256;

/// The page map of this process.
pub(crate) struct PageMap(File);

impl PageMap {
    /// Opens the page map, if this kernel can be asked.
    pub(crate) fn open() -> Option<Self> {
        let map = Self(File::open("/proc/self/pagemap").ok()?);
        map.written(std::ptr::without_provenance(PAGE_BYTES), 0, |_, _| {}).ok()?;
        Some(map)
    }

    /// Calls `found(first, count)` for each run of pages that are private copies: neither backed by a file, nor the
    /// shared page of zeros, nor absent. A page that was written since it was mapped is always among them.
    ///
    /// `start` must be aligned to a page.
    pub(crate) fn written(
        &self,
        start: *const u8,
        len: usize,
        mut found: impl FnMut(u32, u32),
    ) -> io::Result<()> {
        let base = start as u64;
        let end = base + len as u64;
        let mut regions = [Region::default(); REGIONS];
        let mut from = base;
        // At least one call, so that opening finds out whether the kernel knows it.
        loop {
            let mut argument = ScanArgument {
                size: size_of::<ScanArgument>() as u64,
                start: from,
                end: end.max(from),
                vec: regions.as_mut_ptr() as u64,
                vec_len: REGIONS as u64,
                category_inverted: PAGE_IS_FILE | PAGE_IS_PFNZERO,
                category_mask: PAGE_IS_FILE | PAGE_IS_PFNZERO,
                category_anyof_mask: PAGE_IS_PRESENT | PAGE_IS_SWAPPED,
                ..ScanArgument::default()
            };
            // SAFETY: the argument is as the kernel defines it, and lives through the call; `vec` and `vec_len`
            // describe `regions`, which nothing else uses meanwhile. The kernel writes to no other memory, and only
            // reads page tables of `start..end`, which need not even be mapped.
            let count = unsafe { libc::ioctl(self.0.as_raw_fd(), PAGEMAP_SCAN, &raw mut argument) };
            let Ok(count) = usize::try_from(count) else { return Err(io::Error::last_os_error()) };
            for region in regions.iter().take(count) {
                let page =
                    |address: u64| u32::try_from((address - base) / PAGE_BYTES as u64).unwrap_or(u32::MAX);
                found(page(region.start), page(region.end) - page(region.start));
            }
            if argument.walk_end <= from || argument.walk_end >= end {
                return Ok(());
            }
            from = argument.walk_end;
        }
    }
}

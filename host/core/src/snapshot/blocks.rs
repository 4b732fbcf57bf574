//! Pages as what differs in them from the base image: which blocks of each page, and the bytes of these, XORed.
//!
//! Most pages that a guest changes it changes in a few places, a count here and a pointer there. Zeros for the rest would be packed to
//! next to nothing, too, but packing and unpacking them takes most of the time of a suspension and of a restore.

use super::base::BaseImage;
use super::{PAGE_BYTES, Page, Run};

/// Bytes of a block: with this a page has as many blocks as a mask has bits.
const BLOCK_BYTES: usize = 64;

/// Bytes of the mask of one page: bit `k` is set if block `k` differs.
pub(super) const MASK_BYTES: usize = PAGE_BYTES / BLOCK_BYTES / 8;

/// The blocks of a page.
type Blocks = [[u8; BLOCK_BYTES]];

/// The base image's pages for runs of one memory, in order.
pub(super) fn base_pages<'a>(
    base: &'a BaseImage,
    memory: usize,
    runs: &'a [Run],
) -> impl Iterator<Item = &'a Page> {
    let numbers = runs.iter().flat_map(|run| (run.first..).take(run.count as usize));
    numbers.map(move |number| base.page(memory, number))
}

/// Writes the masks of `count` pages, then all blocks that differ. Each page comes with that of the base image.
pub(super) fn write<'a>(out: &mut Vec<u8>, count: usize, pages: impl Iterator<Item = (&'a Page, &'a Page)>) {
    out.resize(count * MASK_BYTES, 0);
    for (number, (page, base)) in pages.enumerate() {
        let mut mask = 0u64;
        for (bit, (block, base)) in blocks(page).iter().zip(blocks(base)).enumerate() {
            if block != base {
                mask |= 1 << bit;
                let at = out.len();
                out.extend_from_slice(block);
                xor(out.get_mut(at..).unwrap_or_default(), base);
            }
        }
        if let Some(place) = out.as_chunks_mut().0.get_mut(number) {
            *place = mask.to_le_bytes();
        }
    }
}

/// Appends the pages to `out`, of which there are as many as `bases`. Returns whether `packed` held just these.
pub(super) fn read<'a>(
    packed: &[u8],
    count: usize,
    bases: impl Iterator<Item = &'a Page>,
    out: &mut Vec<u8>,
) -> bool {
    let Some((masks, rest)) = packed.split_at_checked(count * MASK_BYTES) else { return false };
    let (differing, surplus) = rest.as_chunks::<BLOCK_BYTES>();
    let mut differing = differing.iter();
    for (mask, base) in masks.as_chunks().0.iter().zip(bases) {
        let mut mask = u64::from_le_bytes(*mask);
        let at = out.len();
        out.extend_from_slice(base);
        let page = out.get_mut(at..).unwrap_or_default().as_chunks_mut::<BLOCK_BYTES>().0;
        while mask != 0 {
            let bit = mask.trailing_zeros() as usize;
            let (Some(block), Some(with)) = (page.get_mut(bit), differing.next()) else { return false };
            xor(block, with);
            mask &= mask - 1;
        }
    }
    surplus.is_empty() && differing.next().is_none()
}

fn blocks(page: &Page) -> &Blocks {
    page.as_chunks().0
}

fn xor(bytes: &mut [u8], with: &[u8; BLOCK_BYTES]) {
    for (a, b) in bytes.iter_mut().zip(with) {
        *a ^= b;
    }
}

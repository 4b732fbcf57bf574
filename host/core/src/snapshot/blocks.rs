//! Pages as what differs in them from the base image: which blocks of each page, and the bytes of these, XORed.
//!
//! Most pages that a guest changes it changes in a few places, a count here and a pointer there. Zeros for the rest
//! would be packed to next to nothing, too; but they would be packed, unpacked and copied at each suspension and each
//! restore, and that would be most of the time of either.

use super::base::BaseImage;
use super::{BLOCK_BYTES, PAGE_BYTES, Page, Run};

/// Bytes of the mask of one page: bit `k` is set if block `k` differs.
pub(super) const MASK_BYTES: usize = PAGE_BYTES / BLOCK_BYTES / 8;

pub(super) type Mask = [u8; MASK_BYTES];
type Block = [u8; BLOCK_BYTES];

/// The base image's pages for runs of one memory, in order.
pub(super) fn base_pages<'a>(
    base: &'a BaseImage,
    memory: usize,
    runs: &'a [Run],
) -> impl Iterator<Item = &'a Page> {
    let numbers = runs.iter().flat_map(|run| (run.first..).take(run.count as usize));
    numbers.map(move |number| base.page(memory, number))
}

/// Appends the masks of pages, each of which comes with that of the base image, and returns how many blocks they name.
pub(super) fn write_masks<'a>(out: &mut Vec<u8>, pages: impl Iterator<Item = (&'a Page, &'a Page)>) -> usize {
    let mut count = 0;
    for (page, base) in pages {
        let mask = mask(page, base);
        count += mask.count_ones() as usize;
        out.extend_from_slice(&mask.to_le_bytes());
    }
    count
}

/// Appends the blocks that the mask names of a page, XORed with those of the base image.
pub(super) fn write_blocks(out: &mut Vec<u8>, mask: Mask, page: &Page, base: &Page) {
    let (blocks, bases): (&[Block], &[Block]) = (page.as_chunks().0, base.as_chunks().0);
    let mut left = u64::from_le_bytes(mask);
    while left != 0 {
        let bit = left.trailing_zeros() as usize;
        left &= left - 1;
        if let (Some(block), Some(base)) = (blocks.get(bit), bases.get(bit)) {
            let mut xored = *block;
            xor(&mut xored, base);
            out.extend_from_slice(&xored);
        }
    }
}

/// Which blocks of two pages differ.
fn mask(page: &Page, base: &Page) -> u64 {
    let (blocks, bases): (&[Block], &[Block]) = (page.as_chunks().0, base.as_chunks().0);
    let differ = blocks.iter().zip(bases).enumerate().filter(|(_, (block, base))| block != base);
    differ.fold(0, |mask, (bit, _)| mask | 1 << bit)
}

/// XORs one block with another, in place.
fn xor(block: &mut Block, with: &Block) {
    for (a, b) in block.iter_mut().zip(with) {
        *a ^= b;
    }
}

/// Masks, and the blocks that they name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packed<'a> {
    masks: &'a [Mask],
    blocks: &'a [Block],
}

impl<'a> Packed<'a> {
    /// Takes the bytes apart; `None` when they are not the blocks of `count` pages.
    pub(super) fn new(bytes: &'a [u8], count: usize) -> Option<Self> {
        let (masks, rest) = bytes.split_at_checked(count * MASK_BYTES)?;
        let (blocks, surplus) = rest.as_chunks();
        let packed = Self { masks: masks.as_chunks().0, blocks };
        (surplus.is_empty() && packed.blocks_before(count) == blocks.len()).then_some(packed)
    }

    /// How many blocks the first `pages` pages have.
    fn blocks_before(&self, pages: usize) -> usize {
        let masks = self.masks.iter().take(pages);
        masks.map(|mask| u64::from_le_bytes(*mask).count_ones() as usize).sum()
    }

    /// The blocks of these runs, of which the first page is number `first` among all pages.
    pub(super) fn of(&self, runs: &'a [Run], first: usize) -> Blocks<'a> {
        Blocks {
            runs: runs.iter(),
            run: Run { first: 0, count: 0 },
            masks: self.masks.get(first..).unwrap_or_default().iter(),
            page: 0,
            mask: 0,
            blocks: self.blocks.get(self.blocks_before(first)..).unwrap_or_default().iter(),
        }
    }
}

/// Blocks of a memory, each with its address: what XORs them onto the base image gets the image.
#[derive(Clone, Debug)]
pub struct Blocks<'a> {
    runs: std::slice::Iter<'a, Run>,
    /// What is left of the run.
    run: Run,
    masks: std::slice::Iter<'a, Mask>,
    page: u32,
    /// What is left of the page.
    mask: u64,
    blocks: std::slice::Iter<'a, Block>,
}

impl<'a> Iterator for Blocks<'a> {
    type Item = (usize, &'a Block);

    fn next(&mut self) -> Option<Self::Item> {
        while self.mask == 0 {
            if self.run.count == 0 {
                self.run = *self.runs.next()?;
            }
            self.page = self.run.first;
            self.run =
                Run { first: self.run.first.saturating_add(1), count: self.run.count.saturating_sub(1) };
            self.mask = u64::from_le_bytes(*self.masks.next()?);
        }
        let bit = self.mask.trailing_zeros() as usize;
        self.mask &= self.mask - 1;
        Some((self.page as usize * PAGE_BYTES + bit * BLOCK_BYTES, self.blocks.next()?))
    }
}

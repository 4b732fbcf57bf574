//! Reading an image. Never panics, whatever the bytes; allocates nothing before the lengths were checked.

use super::base::{BaseImage, check_counts};
use super::blocks::{Blocks, MASK_BYTES, Packed, base_pages};
use super::encode::{ImageCodec, check_run, packed};
use super::error::SnapshotError;
use super::format::{Codec, HEADER_BYTES, Header, Reader, check_prefix};
use super::{BLOCK_BYTES, Identity, PAGE_BYTES, Page, Run, SealKey, WASM_PAGES_MAX};

/// An image that was checked and unpacked: ready to be put into an instance that looks like the base image.
#[derive(Debug)]
pub struct GuestImage<'a> {
    /// The memories, in the order of the layout.
    pub memories: Vec<MemoryImage>,
    /// Values of all globals, as in [`BaseImage::globals`].
    pub globals: &'a [u8],
    body: Body<'a>,
}

/// The pages of all runs of all memories, in order.
#[derive(Debug)]
enum Body<'a> {
    Pages(&'a [u8]),
    Blocks(Packed<'a>),
}

/// What differs in one memory from the base image.
#[derive(Debug)]
pub enum Content<'a> {
    /// Runs of pages, each with its bytes.
    Pages(Vec<(Run, &'a [u8])>),
    /// Blocks to be XORed onto the base image.
    Blocks(Blocks<'a>),
}

/// One memory of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryImage {
    /// Its size, in WebAssembly pages.
    pub wasm_pages: u32,
    /// The pages that differ from the base image.
    pub runs: Vec<Run>,
    /// Where among all pages of the image those of this memory begin.
    first: usize,
}

impl GuestImage<'_> {
    /// What differs in one of the memories.
    pub fn content<'b>(&'b self, memory: &'b MemoryImage) -> Content<'b> {
        match &self.body {
            Body::Blocks(packed) => Content::Blocks(packed.of(&memory.runs, memory.first)),
            Body::Pages(pages) => {
                let mut rest = pages.get(memory.first * PAGE_BYTES..).unwrap_or_default();
                let runs = memory.runs.iter().map_while(|run| {
                    let (bytes, after) = rest.split_at_checked(run.count as usize * PAGE_BYTES)?;
                    rest = after;
                    Some((*run, bytes))
                });
                Content::Pages(runs.collect())
            }
        }
    }

    /// The pages of one memory of an image of which the base is all zero, each with its number.
    pub(super) fn pages_of(&self, memory: &MemoryImage) -> Vec<(Page, u32)> {
        let mut pages: Vec<(Page, u32)> = Vec::new();
        match self.content(memory) {
            Content::Pages(runs) => {
                for (run, bytes) in runs {
                    pages.extend(bytes.as_chunks().0.iter().copied().zip(run.first..));
                }
            }
            Content::Blocks(blocks) => {
                for (at, block) in blocks {
                    let number = u32::try_from(at / PAGE_BYTES).unwrap_or(u32::MAX);
                    if pages.last().is_none_or(|(_, last)| *last != number) {
                        pages.push(([0; PAGE_BYTES], number));
                    }
                    let page = pages.last_mut().map(|(page, _)| page.as_chunks_mut().0);
                    if let Some(place) = page.and_then(|page| page.get_mut(at % PAGE_BYTES / BLOCK_BYTES)) {
                        *place = *block;
                    }
                }
            }
        }
        pages
    }
}

impl ImageCodec {
    /// Reads an image, checks that it is what `expected` says, and unpacks its pages.
    ///
    /// The seal is checked before anything but magic and version is looked at. `base` is the base image that
    /// `expected.base` is the digest of. `bytes_max` bounds what the pages may take when they are unpacked.
    ///
    /// # Errors
    /// [`SnapshotError`] naming the first field that is not as expected.
    pub fn decode<'a>(
        &'a mut self,
        bytes: &'a [u8],
        expected: &Identity,
        base: &BaseImage,
        bytes_max: u64,
        key: &SealKey,
    ) -> Result<GuestImage<'a>, SnapshotError> {
        let image = self.decode_base(bytes, expected, base, bytes_max, key)?;
        let (memories, globals) = check_counts(base.memories(), base.globals().len())?;
        let (found_memories, found_globals) = check_counts(image.memories.len(), image.globals.len())?;
        if found_memories != memories {
            return Err(SnapshotError::Memories { found: found_memories, expected: memories });
        }
        if found_globals != globals {
            return Err(SnapshotError::Globals { found: found_globals, expected: globals });
        }
        Ok(image)
    }

    /// The same for images of which `base` does not say how many memories and globals they have.
    pub(super) fn decode_base<'a>(
        &'a mut self,
        bytes: &'a [u8],
        expected: &Identity,
        base: &BaseImage,
        bytes_max: u64,
        key: &SealKey,
    ) -> Result<GuestImage<'a>, SnapshotError> {
        check_prefix(bytes)?;
        let mut rest = Reader(key.open(bytes)?);
        let header = Header::read(&mut rest)?;
        check_identity(&header.identity, expected)?;
        check_counts(header.memories as usize, header.globals_bytes as usize)?;
        let head = rest.take(header.head_bytes as usize).map_err(|_| SnapshotError::Head {
            found: rest.0.len() as u64,
            expected: u64::from(header.head_bytes),
        })?;
        let (memories, globals) = read_head(head, &header)?;
        let counted: u64 = memories.iter().flat_map(|m| &m.runs).map(|run| u64::from(run.count)).sum();
        let page_bytes = counted * PAGE_BYTES as u64;
        if header.page_bytes != page_bytes {
            return Err(SnapshotError::PageBytes { found: header.page_bytes, expected: page_bytes });
        }
        if page_bytes > bytes_max {
            return Err(SnapshotError::TooLarge { found: page_bytes, at_most: bytes_max });
        }
        let body = self.unpack(header.codec, rest.0, page_bytes, &memories, base)?;
        Ok(GuestImage { memories, globals, body })
    }

    fn unpack<'a>(
        &'a mut self,
        codec: Codec,
        body: &'a [u8],
        page_bytes: u64,
        memories: &[MemoryImage],
        base: &BaseImage,
    ) -> Result<Body<'a>, SnapshotError> {
        let wrong = |found: usize| SnapshotError::PageBytes { found: found as u64, expected: page_bytes };
        if codec == Codec::Raw {
            return if body.len() as u64 == page_bytes {
                Ok(Body::Pages(body))
            } else {
                Err(wrong(body.len()))
            };
        }
        self.give_back_scratch();
        // Bounded by `bytes_max`. A frame that would unpack to more than this is an error of zstd's.
        let bytes = usize::try_from(page_bytes).unwrap_or(usize::MAX);
        let count = bytes / PAGE_BYTES;
        self.packed.clear();
        self.packed.reserve_exact(bytes + count * MASK_BYTES);
        self.decompressor.decompress_to_buffer(body, &mut self.packed).map_err(packed)?;
        if codec == Codec::BlocksZstd {
            let found = self.packed.len();
            let not_blocks =
                || SnapshotError::Packed(format!("{found} bytes are not the blocks of {count} pages"));
            return Packed::new(&self.packed, count).map(Body::Blocks).ok_or_else(not_blocks);
        }
        if self.packed.len() != bytes {
            return Err(wrong(self.packed.len()));
        }
        self.pages.clear();
        self.pages.reserve_exact(bytes);
        let bases = memories.iter().enumerate().flat_map(|(k, m)| base_pages(base, k, &m.runs));
        for (page, base) in self.packed.as_chunks::<PAGE_BYTES>().0.iter().zip(bases) {
            self.pages.extend(page.iter().zip(base).map(|(a, b)| a ^ b));
        }
        Ok(Body::Pages(&self.pages))
    }
}

/// Checks an image without unpacking it: its seal, what it is of, and how much it unpacks to.
///
/// An image with a good seal was written by [`ImageCodec::encode`] for this very run, so its inside needs no look
/// before somebody decides to use it. [`ImageCodec::decode`] looks at it all the same.
///
/// # Errors
/// [`SnapshotError`] naming the first field that is not as expected.
pub fn check(bytes: &[u8], expected: &Identity, bytes_max: u64, key: &SealKey) -> Result<(), SnapshotError> {
    check_prefix(bytes)?;
    let header = Header::read(&mut Reader(key.open(bytes)?))?;
    check_identity(&header.identity, expected)?;
    match header.page_bytes > bytes_max {
        true => Err(SnapshotError::TooLarge { found: header.page_bytes, at_most: bytes_max }),
        false => Ok(()),
    }
}

fn check_identity(found: &Identity, expected: &Identity) -> Result<(), SnapshotError> {
    if found.component != expected.component {
        return Err(SnapshotError::Component { found: found.component, expected: expected.component });
    }
    if found.layout != expected.layout {
        return Err(SnapshotError::Layout { found: found.layout, expected: expected.layout });
    }
    if found.base != expected.base {
        return Err(SnapshotError::Base { found: found.base, expected: expected.base });
    }
    Ok(())
}

/// Reads the table of runs and the globals, which together must fill the head exactly.
fn read_head<'a>(head: &'a [u8], header: &Header) -> Result<(Vec<MemoryImage>, &'a [u8]), SnapshotError> {
    let mut rest = Reader(head);
    let mut memories = Vec::with_capacity(header.memories as usize);
    let mut first = 0;
    for memory in 0..header.memories {
        let image = read_memory(&mut rest, memory, first).map_err(|error| match error {
            SnapshotError::TooShort { found, expected } => {
                SnapshotError::Head { found: found as u64, expected: expected as u64 }
            }
            other => other,
        })?;
        first += image.runs.iter().map(|run| run.count as usize).sum::<usize>();
        memories.push(image);
    }
    if rest.0.len() != header.globals_bytes as usize {
        return Err(SnapshotError::Head {
            found: head.len() as u64,
            expected: (head.len() - rest.0.len()) as u64 + u64::from(header.globals_bytes),
        });
    }
    Ok((memories, rest.0))
}

fn read_memory(rest: &mut Reader<'_>, memory: u32, first: usize) -> Result<MemoryImage, SnapshotError> {
    let wasm_pages = rest.u32()?;
    if wasm_pages > WASM_PAGES_MAX {
        return Err(SnapshotError::MemorySize { memory, found: wasm_pages, at_most: WASM_PAGES_MAX });
    }
    let count = rest.u32()?;
    // The table is in the file, so that its length is known to be there before room for the runs is made.
    let mut table = Reader(rest.take((count as usize).saturating_mul(8))?);
    let mut runs = Vec::with_capacity(count as usize);
    let mut from = 0;
    for number in 0..count {
        let run = Run { first: table.u32()?, count: table.u32()? };
        from = check_run(memory, number, run, from, wasm_pages)?;
        runs.push(run);
    }
    Ok(MemoryImage { wasm_pages, runs, first })
}

/// The shortest image there can be.
const _: () = assert!(HEADER_BYTES == 4 + 2 + 2 + 2 + 2 + 3 * 32 + 3 * 4 + 8);

//! The base image of a component: its memories and globals right after instantiation.

use super::decode::GuestImage;
use super::encode::{ImageCodec, MemoryState};
use super::error::SnapshotError;
use super::{
    BaseDigest, GLOBALS_BYTES_MAX, Identity, LayoutDigest, MEMORIES_MAX, PAGE_BYTES, PAGES_PER_WASM_PAGE,
    Page, Run, SealKey, WASM_PAGE_BYTES, WASM_PAGES_MAX,
};
use crate::digest::ComponentDigest;

static ZERO_PAGE: Page = [0; PAGE_BYTES];

/// Zeros, as many as one span of them may have.
static ZERO_PAGES: [Page; 16] = [[0; PAGE_BYTES]; 16];

/// Memories and globals of a freshly instantiated component, without the pages that are all zero.
#[derive(Clone, Debug)]
pub struct BaseImage {
    memories: Vec<BaseMemory>,
    globals: Vec<u8>,
    digest: BaseDigest,
}

#[derive(Clone, Debug)]
struct BaseMemory {
    wasm_pages: u32,
    /// For each page of the memory up to the last one that is not zero: where in `pages` it is, plus one; 0 for a
    /// zero page.
    index: Vec<u32>,
    pages: Vec<Page>,
}

impl BaseImage {
    /// The base image that has nothing in it: every page is zero.
    pub fn empty() -> Self {
        let digest = digest_of(&[], &[]);
        Self { memories: Vec::new(), globals: Vec::new(), digest }
    }

    /// Takes the memories and globals of a fresh instance.
    ///
    /// # Errors
    /// [`SnapshotError`] when there are more or larger memories or globals than an image may have.
    pub fn new(memories: &[&[u8]], globals: &[u8]) -> Result<Self, SnapshotError> {
        check_counts(memories.len(), globals.len())?;
        let memories = (0u32..)
            .zip(memories)
            .map(|(k, bytes)| {
                Ok(BaseMemory::new(wasm_pages(k, bytes)?, bytes.as_chunks().0.iter().zip(0u32..)))
            })
            .collect::<Result<Vec<_>, SnapshotError>>()?;
        let digest = digest_of(&memories, globals);
        Ok(Self { memories, globals: globals.to_vec(), digest })
    }

    /// BLAKE3 over sizes, pages that are not zero, and globals.
    pub fn digest(&self) -> BaseDigest {
        self.digest
    }

    /// How many memories there are.
    pub fn memories(&self) -> usize {
        self.memories.len()
    }

    /// Size of one memory in WebAssembly pages; 0 for one that there is not.
    pub fn wasm_pages(&self, memory: usize) -> u32 {
        self.memories.get(memory).map_or(0, |m| m.wasm_pages)
    }

    /// Sizes of all memories in WebAssembly pages.
    pub fn sizes(&self) -> Vec<u32> {
        self.memories.iter().map(|m| m.wasm_pages).collect()
    }

    /// The globals: raw bits, little-endian, 8 bytes each (16 for a v128), in the order of the layout.
    pub fn globals(&self) -> &[u8] {
        &self.globals
    }

    /// One page of one memory; a page of zeros for one that there is not.
    #[inline]
    pub fn page(&self, memory: usize, page: u32) -> &Page {
        self.memories.get(memory).map_or(&ZERO_PAGE, |m| m.page(page))
    }

    /// The content of a run of pages in few pieces, each with the number of its first page. Memory that there is not
    /// is zero.
    pub fn spans(&self, memory: usize, run: Run) -> Vec<(u32, &[u8])> {
        let Some(memory) = self.memories.get(memory) else { return Vec::new() };
        let mut spans = Vec::new();
        let mut done = 0;
        while done < run.count {
            let first = run.first.saturating_add(done);
            let pages = memory.span(first, (run.count - done) as usize);
            spans.push((first, pages.as_flattened()));
            done = done.saturating_add(u32::try_from(pages.len()).unwrap_or(u32::MAX));
        }
        spans
    }

    /// Bytes that this image takes in the host's memory.
    pub fn resident_bytes(&self) -> usize {
        self.memories.iter().map(|m| m.pages.len() * PAGE_BYTES + m.index.len() * 4).sum::<usize>()
            + self.globals.len()
    }

    /// Writes the image, so that it can be read in another process.
    ///
    /// # Errors
    /// [`SnapshotError::Packed`] when zstd fails.
    pub fn encode(
        &self,
        component: ComponentDigest,
        layout: LayoutDigest,
        key: &SealKey,
    ) -> Result<Vec<u8>, SnapshotError> {
        let identity = Identity { component, base: Self::empty().digest, layout };
        let dense: Vec<(Vec<u8>, Vec<Run>)> = self.memories.iter().map(BaseMemory::dense).collect();
        let states: Vec<MemoryState<'_>> =
            dense.iter().map(|(bytes, runs)| MemoryState { bytes, runs }).collect();
        ImageCodec::new()?.encode(&identity, &states, &self.globals, &Self::empty(), key)
    }

    /// Reads an image that was written by [`Self::encode`].
    ///
    /// `bytes_max` bounds what the pages may take when they are unpacked.
    ///
    /// # Errors
    /// [`SnapshotError`] naming the field that is not as expected.
    pub fn decode(
        bytes: &[u8],
        component: ComponentDigest,
        layout: LayoutDigest,
        bytes_max: u64,
        key: &SealKey,
    ) -> Result<Self, SnapshotError> {
        let empty = Self::empty();
        let identity = Identity { component, base: empty.digest, layout };
        let mut codec = ImageCodec::new()?;
        let image = codec.decode_base(bytes, &identity, &empty, bytes_max, key)?;
        Ok(Self::from_image(&image))
    }

    fn from_image(image: &GuestImage<'_>) -> Self {
        let memories: Vec<BaseMemory> = image
            .memories
            .iter()
            .map(|memory| {
                let pages = image.pages_of(memory);
                BaseMemory::new(memory.wasm_pages, pages.iter().map(|(page, number)| (page, *number)))
            })
            .collect();
        let digest = digest_of(&memories, image.globals);
        Self { memories, globals: image.globals.to_vec(), digest }
    }
}

impl BaseMemory {
    /// `pages` gives pages with their numbers, in order; those left out are zero.
    fn new<'a>(wasm_pages: u32, pages: impl Iterator<Item = (&'a Page, u32)>) -> Self {
        let mut memory = Self { wasm_pages, index: Vec::new(), pages: Vec::new() };
        for (page, number) in pages.filter(|(page, _)| **page != ZERO_PAGE) {
            memory.pages.push(*page);
            memory.index.resize(number as usize, 0);
            // A memory has less than 2^20 pages, so that their count fits.
            memory.index.push(u32::try_from(memory.pages.len()).unwrap_or(0));
        }
        memory.index.shrink_to_fit();
        memory.pages.shrink_to_fit();
        memory
    }

    #[inline]
    fn page(&self, page: u32) -> &Page {
        let slot = self.index.get(page as usize).copied().unwrap_or(0) as usize;
        slot.checked_sub(1).and_then(|at| self.pages.get(at)).unwrap_or(&ZERO_PAGE)
    }

    /// The pages from this one on that lie side by side: at least one, at most `at_most`.
    fn span(&self, first: u32, at_most: usize) -> &[Page] {
        let slots = self.index.get(first as usize..).unwrap_or_default();
        let start = slots.first().copied().unwrap_or(0);
        if start == 0 {
            let zeros = slots.iter().take_while(|slot| **slot == 0).count();
            // Behind the end of the index all is zero.
            let zeros = if zeros == slots.len() { at_most } else { zeros };
            return ZERO_PAGES.get(..zeros.min(at_most)).unwrap_or(&ZERO_PAGES);
        }
        let count = slots.iter().zip(start..).take(at_most).take_while(|(slot, next)| *slot == next).count();
        let at = start as usize - 1;
        self.pages.get(at..at + count).unwrap_or(&ZERO_PAGES)
    }

    /// The memory as plain bytes, and the runs of pages that are not zero.
    fn dense(&self) -> (Vec<u8>, Vec<Run>) {
        let mut bytes = Vec::with_capacity(self.wasm_pages as usize * WASM_PAGE_BYTES);
        let mut runs: Vec<Run> = Vec::new();
        for page in 0..self.wasm_pages * PAGES_PER_WASM_PAGE {
            let content = self.page(page);
            bytes.extend_from_slice(content);
            match runs.last_mut() {
                _ if *content == ZERO_PAGE => {}
                Some(run) if run.end() == u64::from(page) => run.count += 1,
                _ => runs.push(Run { first: page, count: 1 }),
            }
        }
        (bytes, runs)
    }
}

fn digest_of(memories: &[BaseMemory], globals: &[u8]) -> BaseDigest {
    let mut hasher = blake3::Hasher::new_derive_key("reentry 2026-11 base image");
    hasher.update(&(memories.len() as u64).to_le_bytes());
    for memory in memories {
        hasher.update(&u64::from(memory.wasm_pages).to_le_bytes());
        hasher.update(&(memory.pages.len() as u64).to_le_bytes());
        for (slot, page) in memory.index.iter().zip(0u64..).filter(|(slot, _)| **slot != 0) {
            hasher.update(&page.to_le_bytes());
            hasher.update(memory.pages.get(*slot as usize - 1).unwrap_or(&ZERO_PAGE));
        }
    }
    hasher.update(globals);
    BaseDigest(*hasher.finalize().as_bytes())
}

/// Checks what bounds the header's counts, on the writing side and on the reading side.
pub(super) fn check_counts(memories: usize, globals: usize) -> Result<(u32, u32), SnapshotError> {
    let memories = u32::try_from(memories).unwrap_or(u32::MAX);
    let globals = u32::try_from(globals).unwrap_or(u32::MAX);
    if memories > MEMORIES_MAX {
        return Err(SnapshotError::TooManyMemories { found: memories, at_most: MEMORIES_MAX });
    }
    if globals > GLOBALS_BYTES_MAX {
        return Err(SnapshotError::TooManyGlobals { found: globals, at_most: GLOBALS_BYTES_MAX });
    }
    Ok((memories, globals))
}

/// The size of a memory in WebAssembly pages.
pub(super) fn wasm_pages(memory: u32, bytes: &[u8]) -> Result<u32, SnapshotError> {
    if !bytes.len().is_multiple_of(WASM_PAGE_BYTES) {
        return Err(SnapshotError::MemoryBytes { memory, found: bytes.len() });
    }
    let found = u32::try_from(bytes.len() / WASM_PAGE_BYTES).unwrap_or(u32::MAX);
    if found > WASM_PAGES_MAX {
        return Err(SnapshotError::MemorySize { memory, found, at_most: WASM_PAGES_MAX });
    }
    Ok(found)
}

//! Writing an image.

use zstd::bulk::{Compressor, Decompressor};

use super::base::{BaseImage, check_counts, wasm_pages};
use super::error::SnapshotError;
use super::format::{Codec, HEADER_BYTES, Header};
use super::pieces::{self, PIECE_BYTES};
use super::seal::{SEAL_BYTES, SealKey};
use super::{BLOCK_BYTES, Identity, PAGE_BYTES, PAGES_PER_WASM_PAGE, Page, Run, blocks};

/// Level of zstd. Higher levels take several times as long for a few hundredths of the size.
const ZSTD_LEVEL: i32 = 1;

/// Largest scratch buffer that a codec keeps between two images; larger ones are given back.
const SCRATCH_BYTES_KEPT: usize = 4 << 20;

/// Writes and reads images, with buffers that are used again.
///
/// One codec serves one image at a time. Making one costs far more than using it, so keep it.
pub struct ImageCodec {
    compressor: Compressor<'static>,
    pub(super) decompressor: Decompressor<'static>,
    /// Pages of the image being worked on: as they are when one is read, their blocks when one is written.
    pub(super) pages: Vec<u8>,
    /// What is packed, or unpacked so far.
    pub(super) packed: Vec<u8>,
}

/// A memory as it is now, and which of its pages differ from the base image.
#[derive(Clone, Copy, Debug)]
pub struct MemoryState<'a> {
    /// The whole memory.
    pub bytes: &'a [u8],
    /// Pages to keep: ordered, disjoint, within the memory.
    pub runs: &'a [Run],
}

impl<'a> MemoryState<'a> {
    /// The pages of all runs.
    fn pages(&self) -> impl Iterator<Item = &'a Page> + use<'a> {
        let bytes = self.bytes;
        let chunks = |bytes: &'a [u8]| bytes.as_chunks::<PAGE_BYTES>().0;
        self.runs.iter().flat_map(move |run| chunks(bytes.get(run.bytes()).unwrap_or_default()))
    }
}

impl ImageCodec {
    /// Makes a codec.
    ///
    /// # Errors
    /// [`SnapshotError::Packed`] when zstd cannot get its memory.
    pub fn new() -> Result<Self, SnapshotError> {
        Ok(Self {
            compressor: Compressor::new(ZSTD_LEVEL).map_err(packed)?,
            decompressor: Decompressor::new().map_err(packed)?,
            pages: Vec::new(),
            packed: Vec::new(),
        })
    }

    /// Writes an image of `memories` and `globals`, as difference to `base`.
    ///
    /// `identity.base` must be the digest of `base`. `globals` are raw bits as in [`BaseImage::globals`].
    ///
    /// # Errors
    /// [`SnapshotError`] when a run or a size is impossible, or zstd fails.
    pub fn encode(
        &mut self,
        identity: &Identity,
        memories: &[MemoryState<'_>],
        globals: &[u8],
        base: &BaseImage,
        key: &SealKey,
    ) -> Result<Vec<u8>, SnapshotError> {
        let (count, globals_bytes) = check_counts(memories.len(), globals.len())?;
        let mut head = Vec::with_capacity(memories.len() * 64 + globals.len());
        self.give_back_scratch();
        for (k, memory) in (0u32..).zip(memories) {
            write_runs(&mut head, k, memory)?;
        }
        head.extend_from_slice(globals);

        let count_pages: usize = memories.iter().flat_map(|m| m.runs).map(|run| run.count as usize).sum();
        let page_bytes = count_pages * PAGE_BYTES;
        let begin = |out: &mut Vec<u8>, codec: Codec| {
            let header = Header {
                codec,
                identity: *identity,
                memories: count,
                globals_bytes,
                // At most 256 tables of at most 2^19 runs of 8 bytes: below 2^31.
                head_bytes: u32::try_from(head.len()).unwrap_or(u32::MAX),
                page_bytes: page_bytes as u64,
            };
            out.clear();
            header.write(out);
            out.extend_from_slice(&head);
        };
        let bytes_of = |body: usize| HEADER_BYTES + head.len() + body + SEAL_BYTES;
        let pages = || memories.iter().flat_map(MemoryState::pages);
        let bases = || memories.iter().enumerate().flat_map(|(k, m)| blocks::base_pages(base, k, m.runs));

        self.pages.clear();
        self.pages.reserve(count_pages * blocks::MASK_BYTES);
        let blocks = blocks::write_masks(&mut self.pages, pages().zip(bases()));
        let mut out = Vec::new();
        let is_packed = if self.pages.len() + blocks * BLOCK_BYTES > PIECE_BYTES {
            // No more than the pages take: where they are not packed to less, they are kept as they are.
            out.reserve_exact(bytes_of(page_bytes));
            begin(&mut out, Codec::BlocksZstd);
            let Self { compressor, pages: masks, packed: piece, .. } = self;
            let fits = pieces::pack(compressor, &mut out, piece, (masks, blocks), pages().zip(bases()))?;
            fits && out.len() < bytes_of(page_bytes) - SEAL_BYTES
        } else {
            // Small images are packed too: it costs microseconds here, and saves more where it is made durable.
            for (number, (page, base)) in pages().zip(bases()).enumerate() {
                let mask = self.pages.as_chunks().0.get(number).copied().unwrap_or_default();
                blocks::write_blocks(&mut self.pages, mask, page, base);
            }
            self.packed.clear();
            self.packed.reserve(zstd::zstd_safe::compress_bound(self.pages.len()));
            self.compressor.compress_to_buffer(&self.pages, &mut self.packed).map_err(packed)?;
            let is_packed = self.packed.len() < page_bytes;
            out.reserve_exact(bytes_of(self.packed.len().min(page_bytes)));
            begin(&mut out, Codec::BlocksZstd);
            if is_packed {
                out.extend_from_slice(&self.packed);
            }
            is_packed
        };
        if !is_packed {
            begin(&mut out, Codec::Raw);
            pages().for_each(|page| out.extend_from_slice(page));
        }
        key.seal(&mut out);
        out.shrink_to_fit();
        Ok(out)
    }

    /// Gives back the memory of large buffers. For codecs that are put aside.
    pub fn give_back_scratch(&mut self) {
        for buffer in [&mut self.pages, &mut self.packed] {
            if buffer.capacity() > SCRATCH_BYTES_KEPT {
                *buffer = Vec::new();
            }
        }
    }
}

/// Appends `{ size, number of runs, runs }` of one memory, having checked them.
fn write_runs(head: &mut Vec<u8>, memory: u32, state: &MemoryState<'_>) -> Result<(), SnapshotError> {
    let size = wasm_pages(memory, state.bytes)?;
    // A memory has less than 2^20 pages, hence fewer runs.
    let count = u32::try_from(state.runs.len()).unwrap_or(u32::MAX);
    head.extend_from_slice(&size.to_le_bytes());
    head.extend_from_slice(&count.to_le_bytes());
    let mut from = 0;
    for (number, run) in (0u32..).zip(state.runs) {
        from = check_run(memory, number, *run, from, size)?;
        head.extend_from_slice(&run.first.to_le_bytes());
        head.extend_from_slice(&run.count.to_le_bytes());
    }
    Ok(())
}

/// Checks that a run is not empty, begins at page `from` or later, and ends within the memory. Returns its end.
pub(super) fn check_run(
    memory: u32,
    number: u32,
    run: Run,
    from: u64,
    wasm_pages: u32,
) -> Result<u64, SnapshotError> {
    let Run { first, count } = run;
    let to = u64::from(wasm_pages) * u64::from(PAGES_PER_WASM_PAGE);
    if count == 0 || u64::from(first) < from || run.end() > to {
        return Err(SnapshotError::Run { memory, run: number, first, count, from, to });
    }
    Ok(run.end())
}

pub(super) fn packed(error: std::io::Error) -> SnapshotError {
    SnapshotError::Packed(error.to_string())
}

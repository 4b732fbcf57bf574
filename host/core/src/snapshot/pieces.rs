//! Packing piece by piece: a large memory is never there a second time.

use zstd::bulk::Compressor;
use zstd::zstd_safe::{CCtx, InBuffer, OutBuffer, ResetDirective, get_error_name};

use super::blocks::{MASK_BYTES, write_blocks};
use super::error::SnapshotError;
use super::{BLOCK_BYTES, Page};

/// Bytes that are packed at once. What has no more is packed as a whole, which is faster.
pub(super) const PIECE_BYTES: usize = 1 << 20;

/// Packs masks and the blocks that they name, so many, as one frame into what is left of the capacity of `out`. Uses
/// `piece` on the way. Returns whether there was enough room; otherwise what was written is of no use.
///
/// # Errors
/// [`SnapshotError::Packed`] when zstd fails.
pub(super) fn pack<'a>(
    compressor: &mut Compressor<'static>,
    out: &mut Vec<u8>,
    piece: &mut Vec<u8>,
    (masks, blocks): (&[u8], usize),
    pages: impl Iterator<Item = (&'a Page, &'a Page)>,
) -> Result<bool, SnapshotError> {
    let context = compressor.context_mut();
    let bytes = (masks.len() + blocks * BLOCK_BYTES) as u64;
    context.reset(ResetDirective::SessionOnly).map_err(failed)?;
    context.set_pledged_src_size(Some(bytes)).map_err(failed)?;
    if !feed(context, out, masks)? {
        return Ok(false);
    }
    piece.clear();
    for ((page, base), mask) in pages.zip(masks.as_chunks::<MASK_BYTES>().0) {
        write_blocks(piece, *mask, page, base);
        if piece.len() >= PIECE_BYTES {
            if !feed(context, out, piece)? {
                return Ok(false);
            }
            piece.clear();
        }
    }
    Ok(feed(context, out, piece)? && end(context, out)?)
}

fn feed(context: &mut CCtx<'_>, out: &mut Vec<u8>, bytes: &[u8]) -> Result<bool, SnapshotError> {
    let mut input = InBuffer::around(bytes);
    while input.pos < bytes.len() {
        let at = out.len();
        if at == out.capacity() {
            return Ok(false);
        }
        context.compress_stream(&mut OutBuffer::around_pos(out, at), &mut input).map_err(failed)?;
    }
    Ok(true)
}

fn end(context: &mut CCtx<'_>, out: &mut Vec<u8>) -> Result<bool, SnapshotError> {
    loop {
        let at = out.len();
        if context.end_stream(&mut OutBuffer::around_pos(out, at)).map_err(failed)? == 0 {
            return Ok(true);
        }
        if out.len() == out.capacity() {
            return Ok(false);
        }
    }
}

fn failed(code: usize) -> SnapshotError {
    SnapshotError::Packed(get_error_name(code).to_owned())
}

//! From a guest image back into an instance that looks like the base image.

use reentry_core::snapshot::{BaseImage, Blocks, Content, GuestImage};

use super::access::{Access, Live, Patch};
use super::{dirty, handles, reset};

/// Why a fresh instance did not become the suspended one. The instance must not be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RestoreError {
    #[error(transparent)]
    Guest(#[from] wasmtime::Error),
    #[error(
        "memory {memory} of the fresh instance has {fresh} pages of 64 KiB, more than the {kept} of the image"
    )]
    Larger { memory: usize, fresh: u32, kept: u32 },
    #[error("memory {memory} cannot grow from {fresh} to {kept} pages of 64 KiB")]
    Grow { memory: usize, fresh: u32, kept: u32 },
    #[error("handle {handle} of a standard stream, which the guest knows, did not come up again")]
    Handle { handle: u32 },
}

/// Makes an instance the one that the image was taken of. It is fresh, or was reset and has memories of the sizes
/// `grown`.
///
/// `repair` says that the instance is fresh, and fresh ones differ from each other: then every page that differs from
/// the base image is first made the same, as the image says nothing of it.
pub(crate) async fn image(
    live: &mut Live,
    access: &Access,
    image: &GuestImage<'_>,
    base: &BaseImage,
    grown: Option<Vec<u32>>,
    repair: bool,
) -> Result<(), RestoreError> {
    let held = handles::held(live, access).await?;
    let sizes = match (grown, repair) {
        (Some(sizes), _) => sizes,
        (None, false) => base.sizes(),
        (None, true) => access.state(live).await?.wasm_pages().collect(),
    };
    for ((memory, kept), fresh) in image.memories.iter().enumerate().zip(sizes) {
        let kept = kept.wasm_pages;
        if fresh > kept {
            return Err(RestoreError::Larger { memory, fresh, kept });
        }
        if fresh < kept && !access.grow(live, memory, kept - fresh).await? {
            return Err(RestoreError::Grow { memory, fresh, kept });
        }
    }
    if repair {
        let changed = dirty::look(live, access, base, None).await?.changed;
        reset::pages_to_base(live, access, base, &changed).await?;
    }
    let mut patch = Patch::new();
    for (memory, kept) in image.memories.iter().enumerate() {
        match image.content(kept) {
            Content::Pages(runs) => {
                let runs: Vec<_> = runs.iter().map(|(run, bytes)| (run.bytes().start, *bytes)).collect();
                access.write(live, memory, &runs).await?;
            }
            Content::Blocks(blocks) => patch_all(live, access, memory, blocks, &mut patch).await?,
        }
    }
    access.set_globals(live, image.globals).await?;
    handles::give(live, access, &held).await
}

/// XORs all blocks onto one memory. The patch is empty before and after.
async fn patch_all(
    live: &mut Live,
    access: &Access,
    memory: usize,
    blocks: Blocks<'_>,
    patch: &mut Patch,
) -> wasmtime::Result<()> {
    for (at, block) in blocks {
        patch.add(at, block);
        if patch.is_full() {
            access.patch(live, memory, patch).await?;
        }
    }
    if patch.is_empty() { Ok(()) } else { access.patch(live, memory, patch).await }
}

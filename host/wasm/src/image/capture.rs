//! From a live instance to a base image or a guest image.

use reentry_core::snapshot::{BaseImage, Identity, ImageCodec, MemoryState, SealKey, SnapshotError};

use super::access::{Access, Live};
use super::dirty::{self, Changed, Looked};
use super::pagemap::PageMap;

/// Why an image could not be taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CaptureError {
    #[error(transparent)]
    Guest(#[from] wasmtime::Error),
    #[error(transparent)]
    Image(#[from] SnapshotError),
}

/// An image, and how much there was to it.
pub(crate) struct Captured {
    pub(crate) image: Vec<u8>,
    /// What is in it.
    pub(crate) changed: Changed,
}

/// Takes the base image of a fresh instance.
pub(crate) async fn base(live: &mut Live, access: &Access) -> Result<BaseImage, CaptureError> {
    let state = access.state(live).await?;
    let views = access.views(live, &state).await?;
    let memories: Vec<&[u8]> = views.iter().map(|view| view.bytes(&live.store)).collect();
    Ok(BaseImage::new(&memories, state.globals())?)
}

/// Takes the image of an instance in which no call is in progress.
pub(crate) async fn image(
    live: &mut Live,
    access: &Access,
    identity: &Identity,
    base: &BaseImage,
    map: Option<&PageMap>,
    codec: &mut ImageCodec,
    key: &SealKey,
) -> Result<Captured, CaptureError> {
    let Looked { state, views, changed } = dirty::look(live, access, base, map).await?;
    let memories = views.iter().map(|view| view.bytes(&live.store)).zip(&changed.dirty);
    let states: Vec<MemoryState<'_>> =
        memories.map(|(bytes, dirty)| MemoryState { bytes, runs: &dirty.runs }).collect();
    let image = codec.encode(identity, &states, state.globals(), base, key)?;
    Ok(Captured { image, changed })
}

//! Makes an instance that has served a call as good as new.
//!
//! What a call can change in an instance is what a guest image holds: linear memories and globals. Components with
//! tables that change are not kept in images at all ([`crate::instrument::Obstacle`]); those that drop data segments
//! or were granted WASI get a new instance for each call, and those whose fresh instances differ for each start.

use reentry_core::snapshot::{BaseImage, PAGE_BYTES};

use super::access::{Access, Live};
use super::dirty::Changed;

/// Writes the base image over all that differs from it: pages, those of memory that has grown among them, and globals.
pub(crate) async fn to_base(
    live: &mut Live,
    access: &Access,
    base: &BaseImage,
    changed: &Changed,
) -> wasmtime::Result<()> {
    pages_to_base(live, access, base, changed).await?;
    access.set_globals(live, base.globals()).await
}

/// Writes the base image over all pages that differ from it.
pub(super) async fn pages_to_base(
    live: &mut Live,
    access: &Access,
    base: &BaseImage,
    changed: &Changed,
) -> wasmtime::Result<()> {
    for (memory, dirty) in changed.dirty.iter().enumerate() {
        let spans = dirty.runs.iter().flat_map(|run| base.spans(memory, *run));
        let writes: Vec<_> = spans.map(|(page, bytes)| (page as usize * PAGE_BYTES, bytes)).collect();
        access.write(live, memory, &writes).await?;
    }
    Ok(())
}

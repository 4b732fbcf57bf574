//! Handles of standard streams that a guest holds over a suspension: let go of with the old instance, given to the
//! new one.
//!
//! `instrument/handles.rs` says how they are noted. Handles of one instance come from a table with a list of free
//! places, so that asking again and again comes to each place in the end.

use std::collections::BTreeSet;

use wasmtime::component::{ComponentExportIndex, WasmList};

use super::access::{Access, Live};
use super::restore::RestoreError;

/// The functions with which instrumentation lets the host see the notes, and get and drop handles.
pub(super) struct HandleAccess {
    pub(super) list: ComponentExportIndex,
    pub(super) get: ComponentExportIndex,
    pub(super) drop: ComponentExportIndex,
}

/// A handle of a standard stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Held {
    source: u32,
    handle: u32,
}

impl HandleAccess {
    async fn list(&self, live: &mut Live) -> wasmtime::Result<BTreeSet<Held>> {
        let (list,): (WasmList<u8>,) = live.call(&self.list, ()).await?;
        let (pairs, _) = list.as_le_slice(&live.store).as_chunks::<8>();
        Ok(pairs
            .iter()
            .map(|[s0, s1, s2, s3, h0, h1, h2, h3]| Held {
                source: u32::from_le_bytes([*s0, *s1, *s2, *s3]),
                handle: u32::from_le_bytes([*h0, *h1, *h2, *h3]),
            })
            .collect())
    }

    async fn get(&self, live: &mut Live, source: u32) -> wasmtime::Result<Held> {
        let (handle,) = live.call(&self.get, (source,)).await?;
        Ok(Held { source, handle })
    }

    async fn drop(&self, live: &mut Live, held: Held) -> wasmtime::Result<()> {
        live.call(&self.drop, (held.source, held.handle)).await
    }

    /// Makes an instance that holds `has` hold `wanted` instead.
    async fn exchange(
        &self,
        live: &mut Live,
        has: &BTreeSet<Held>,
        wanted: &BTreeSet<Held>,
    ) -> Result<(), RestoreError> {
        for held in has.difference(wanted) {
            self.drop(live, *held).await?;
        }
        let mut missing: BTreeSet<Held> = wanted.difference(has).copied().collect();
        // Each handle that is not wanted takes a place, so that all places up to the last one that is wanted come up.
        let places = has.iter().chain(wanted).map(|held| held.handle).max().unwrap_or_default();
        let mut spare = Vec::new();
        for _ in 0..=places {
            let Some(next) = missing.first().copied() else { break };
            let mut got = self.get(live, next.source).await?;
            if let Some(other) = missing.iter().find(|held| held.handle == got.handle).copied()
                && other.source != got.source
            {
                // The place that was freed last is the first to be used again.
                self.drop(live, got).await?;
                got = self.get(live, other.source).await?;
            }
            if !missing.remove(&got) {
                spare.push(got);
            }
        }
        if let Some(held) = missing.first() {
            return Err(RestoreError::Handle { handle: held.handle });
        }
        for held in spare {
            self.drop(live, held).await?;
        }
        Ok(())
    }
}

/// What an instance holds, for each accessor that has notes.
pub(crate) async fn held(live: &mut Live, access: &Access) -> wasmtime::Result<Vec<BTreeSet<Held>>> {
    let mut held = Vec::new();
    for handles in access.handles() {
        held.push(handles.list(live).await?);
    }
    Ok(held)
}

/// Gives an instance whose memory was put back the handles that its notes tell of. `has` is what it held before.
pub(crate) async fn give(
    live: &mut Live,
    access: &Access,
    has: &[BTreeSet<Held>],
) -> Result<(), RestoreError> {
    for (handles, has) in access.handles().zip(has) {
        let wanted = handles.list(live).await?;
        handles.exchange(live, has, &wanted).await?;
    }
    Ok(())
}

/// Drops all handles that are noted, of an instance that is not used any more.
pub(crate) async fn drop_all(live: &mut Live, access: &Access) -> wasmtime::Result<()> {
    for handles in access.handles() {
        for held in handles.list(live).await? {
            handles.drop(live, held).await?;
        }
    }
    Ok(())
}

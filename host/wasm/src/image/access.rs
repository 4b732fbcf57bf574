//! Calls to the accessors that instrumentation added to a component.

use reentry_core::snapshot::{BLOCK_BYTES, WASM_PAGE_BYTES};
use wasmtime::component::{
    Component, ComponentExportIndex, ComponentNamedList, Instance, Lift, Lower, TypedFunc, WasmList,
};

use super::handles::HandleAccess;
use crate::guest::Guest;
use crate::instrument::{ACCESS, Layout, PATCH_BYTES_MAX, RECORD_BYTES, sizes_bytes};

/// Where the accessors' functions are among the exports of a compiled component.
pub(crate) struct Access {
    parts: Vec<PartAccess>,
    memories: Vec<MemoryAccess>,
}

/// What one accessor sees: a component without those inside it.
struct PartAccess {
    state: ComponentExportIndex,
    set_globals: ComponentExportIndex,
    /// There when the component takes handles of standard streams.
    handles: Option<HandleAccess>,
    memories: usize,
    sizes_bytes: usize,
    globals_bytes: usize,
}

struct MemoryAccess {
    read: ComponentExportIndex,
    write: ComponentExportIndex,
    patch: ComponentExportIndex,
    grow: ComponentExportIndex,
}

/// Sizes of all memories, and the values of all globals.
#[derive(Default)]
pub(crate) struct State {
    wasm_pages: Vec<u32>,
    globals: Vec<u8>,
}

impl State {
    /// Sizes of the memories, in WebAssembly pages.
    pub(crate) fn wasm_pages(&self) -> impl Iterator<Item = u32> {
        self.wasm_pages.iter().copied()
    }

    /// Raw bits of the globals, as images hold them.
    pub(crate) fn globals(&self) -> &[u8] {
        &self.globals
    }
}

/// An instance and the store it lives in.
pub(crate) struct Live {
    pub(crate) store: wasmtime::Store<Guest>,
    pub(crate) instance: Instance,
}

impl Live {
    pub(super) async fn call<P, R>(
        &mut self,
        function: &ComponentExportIndex,
        params: P,
    ) -> wasmtime::Result<R>
    where
        P: ComponentNamedList + Lower + Send + Sync,
        R: ComponentNamedList + Lift + Send + Sync + 'static,
    {
        let function: TypedFunc<P, R> = self.instance.get_typed_func(&mut self.store, function)?;
        // Nothing is copied by it, but wasmtime counts a list that is read against what a guest may hand to the host.
        let guest_fuel = self.store.hostcall_fuel();
        self.store.set_hostcall_fuel(usize::MAX);
        let result = function.call_async(&mut self.store, params).await;
        self.store.set_hostcall_fuel(guest_fuel);
        result
    }
}

impl Access {
    /// Finds the accessor in an instrumented component.
    ///
    /// Returns `None` when it is not there, or not complete: the component was compiled from other bytes.
    pub(crate) fn find(component: &Component, layout: &Layout) -> Option<Self> {
        let access = component.get_export_index(None, ACCESS)?;
        let function = |name: &str| component.get_export_index(Some(&access), name);
        let memories = (0..layout.memory_count())
            .map(|k| {
                Some(MemoryAccess {
                    read: function(&format!("read{k}"))?,
                    write: function(&format!("write{k}"))?,
                    patch: function(&format!("patch{k}"))?,
                    grow: function(&format!("grow{k}"))?,
                })
            })
            .collect::<Option<Vec<_>>>()?;
        let parts = layout.parts().into_iter().enumerate().map(|(k, part)| {
            Some(PartAccess {
                state: function(&format!("state{k}"))?,
                set_globals: function(&format!("set-globals{k}"))?,
                handles: match part.noting {
                    0 => None,
                    _ => Some(HandleAccess {
                        list: function(&format!("handles{k}"))?,
                        get: function(&format!("get-handle{k}"))?,
                        drop: function(&format!("drop-handle{k}"))?,
                    }),
                },
                memories: part.memories.len(),
                sizes_bytes: sizes_bytes(part),
                globals_bytes: part.own_globals_bytes(),
            })
        });
        Some(Self { parts: parts.collect::<Option<Vec<_>>>()?, memories })
    }

    /// The accessors' functions for handles, of those that have any.
    pub(super) fn handles(&self) -> impl Iterator<Item = &HandleAccess> {
        self.parts.iter().filter_map(|part| part.handles.as_ref())
    }

    /// Reads sizes and globals.
    pub(crate) async fn state(&self, live: &mut Live) -> wasmtime::Result<State> {
        let mut state = State::default();
        for part in &self.parts {
            let (list,): (WasmList<u8>,) = live.call(&part.state, ()).await?;
            let bytes = list.as_le_slice(&live.store);
            let (sizes, globals) = bytes.split_at_checked(part.sizes_bytes).unwrap_or((bytes, &[]));
            let sizes = sizes.as_chunks().0.iter().take(part.memories);
            state.wasm_pages.extend(sizes.map(|size| u32::from_le_bytes(*size)));
            state.globals.extend_from_slice(globals);
        }
        Ok(state)
    }

    /// Writes all globals.
    pub(crate) async fn set_globals(&self, live: &mut Live, mut globals: &[u8]) -> wasmtime::Result<()> {
        for part in &self.parts {
            let (own, rest) = globals.split_at_checked(part.globals_bytes).unwrap_or((globals, &[]));
            globals = rest;
            if !own.is_empty() {
                live.call::<_, ()>(&part.set_globals, (own,)).await?;
            }
        }
        Ok(())
    }

    /// The whole of each memory, in place. Memories of size 0 have no room for a return area and are left out.
    pub(crate) async fn views(&self, live: &mut Live, state: &State) -> wasmtime::Result<Vec<View>> {
        let mut views = Vec::with_capacity(self.memories.len());
        for (memory, size) in self.memories.iter().zip(state.wasm_pages()) {
            let list = match size {
                0 => None,
                _ => Some(live.call::<_, (WasmList<u8>,)>(&memory.read, ()).await?.0),
            };
            views.push(View(list));
        }
        Ok(views)
    }

    /// Grows one memory.
    ///
    /// Returns false when the memory, or the limits of the store, do not allow it.
    pub(crate) async fn grow(
        &self,
        live: &mut Live,
        memory: usize,
        wasm_pages: u32,
    ) -> wasmtime::Result<bool> {
        let Some(access) = self.memories.get(memory) else { return Ok(false) };
        let (before,): (i32,) = live.call(&access.grow, (wasm_pages,)).await?;
        Ok(before >= 0)
    }

    /// XORs the blocks onto one memory, and empties the patch.
    pub(crate) async fn patch(
        &self,
        live: &mut Live,
        memory: usize,
        patch: &mut Patch,
    ) -> wasmtime::Result<()> {
        let Some(access) = self.memories.get(memory) else { return Ok(()) };
        live.call::<_, ()>(&access.patch, (patch.0.as_slice(),)).await?;
        patch.0.clear();
        Ok(())
    }

    /// Writes runs of bytes, each to its address, into one memory.
    ///
    /// The runs come as a slice because an iterator made of closures, held over an `await`, would keep the future
    /// from being `Send`.
    pub(crate) async fn write(
        &self,
        live: &mut Live,
        memory: usize,
        runs: &[(usize, &[u8])],
    ) -> wasmtime::Result<()> {
        let mut runs = runs.iter().peekable();
        let (Some(access), Some((first, _))) = (self.memories.get(memory), runs.peek()) else {
            return Ok(());
        };
        let function: TypedFunc<(&[u8], u32), ()> =
            live.instance.get_typed_func(&mut live.store, access.write)?;
        // Each call names the address of the one after it; the first one has nothing to write yet.
        function.call_async(&mut live.store, (&[], address(*first))).await?;
        while let Some((_, bytes)) = runs.next() {
            let next = runs.peek().map_or(0, |(at, _)| address(*at));
            function.call_async(&mut live.store, (*bytes, next)).await?;
        }
        Ok(())
    }
}

/// Records for the `patch` function of a memory: blocks, and where they are XORed onto it.
pub(crate) struct Patch(Vec<u8>);

impl Patch {
    pub(crate) fn new() -> Self {
        Self(Vec::with_capacity(PATCH_BYTES_MAX))
    }

    /// Whether there is no room for another block.
    pub(crate) fn is_full(&self) -> bool {
        self.0.len() + RECORD_BYTES > PATCH_BYTES_MAX
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn add(&mut self, at: usize, block: &[u8; BLOCK_BYTES]) {
        self.0.extend_from_slice(&address(at).to_le_bytes());
        self.0.extend_from_slice(block);
    }
}

/// A whole memory, as the accessor handed it over.
pub(crate) struct View(Option<WasmList<u8>>);

impl View {
    /// The bytes, as they are now.
    pub(crate) fn bytes<'a>(&self, store: &'a wasmtime::Store<Guest>) -> &'a [u8] {
        let bytes = self.0.as_ref().map_or::<&[u8], _>(&[], |list| list.as_le_slice(store));
        debug_assert!(bytes.len().is_multiple_of(WASM_PAGE_BYTES));
        bytes
    }
}

/// Memories are smaller than 4 GiB, so that every address fits.
fn address(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

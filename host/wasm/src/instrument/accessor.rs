//! The accessor: a core module added to a component, through which the host reads and writes all of its state.
//!
//! Its functions, for memory `k`:
//!
//! - `read<k>`: returns the whole memory as one list, without copying it. The eight bytes at address 0 serve as return
//!   area; `post<k>` puts them back after the host has read the area, and before it gets to see the list.
//! - `write<k>`: takes a list, which is lowered straight to its place, because `realloc` answers with the address that
//!   the previous call named. Its second argument names the address of the next list.
//! - `patch<k>`: takes records of an address and a block ([`RECORD_BYTES`] each), and XORs each block onto the bytes
//!   at its address.
//! - `grow<k>`: grows the memory.
//!
//! And for all together, through a memory of the accessor's own: `state`, which returns the sizes of the memories and
//! the bits of all globals, and `set-globals`.
//!
//! It sees one component only. Components inside that have state have accessors of their own.

use reentry_core::snapshot::BLOCK_BYTES;
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, EntityType, ExportKind, ExportSection, Function, FunctionSection,
    GlobalSection, GlobalType, ImportSection, InstructionSink, MemArg, MemorySection, MemoryType, Module,
    TypeSection, ValType,
};

use super::layout::{GlobalKind, Layout};
use super::module::{global_name, memory_name};

/// Bytes at the start of the accessor's own memory that serve as return area.
const RETURN_AREA_BYTES: usize = 16;

/// Bytes of a WebAssembly page.
const WASM_PAGE_BYTES: usize = 65_536;

/// Bytes of a record for `patch<k>`: an address of four bytes, and the block.
pub(crate) const RECORD_BYTES: usize = 4 + BLOCK_BYTES;

/// Most bytes of records that `patch<k>` takes at once.
pub(crate) const PATCH_BYTES_MAX: usize = WASM_PAGE_BYTES / RECORD_BYTES * RECORD_BYTES;

/// Name of the accessor's own memory among its exports.
pub(super) const OWN_MEMORY: &str = "own";

/// Name of the function that lowering a list into a guest's memory asks for an address.
pub(super) const REALLOC: &str = "realloc";

/// Name of the function that lowering the globals asks for an address.
pub(super) const GLOBALS_REALLOC: &str = "globals-realloc";

/// Name of the function that lowering records asks for an address.
pub(super) const PATCH_REALLOC: &str = "patch-realloc";

/// Bytes that the sizes of the memories take at the start of what `state` returns: four each, rounded up to 16.
pub(crate) fn sizes_bytes(layout: &Layout) -> usize {
    (layout.memories.len() * 4).next_multiple_of(16)
}

/// Pages of the accessor's own memory: those for sizes and globals, and one for records.
pub(crate) fn own_wasm_pages(layout: &Layout) -> u64 {
    (patch_at(layout) / WASM_PAGE_BYTES) as u64 + 1
}

/// Where in the accessor's own memory records are.
fn patch_at(layout: &Layout) -> usize {
    (RETURN_AREA_BYTES + sizes_bytes(layout) + layout.own_globals_bytes()).next_multiple_of(WASM_PAGE_BYTES)
}

/// Builds the module. It imports from a namespace for each core instance, named by the instance's index.
pub(super) fn build(layout: &Layout) -> Module {
    let mut builder = Builder::default();
    let mut imports = ImportSection::new();
    for global in &layout.globals {
        let ty = GlobalType { val_type: val_type(global.kind), mutable: true, shared: false };
        imports.import(&global.core_instance.to_string(), &global_name(global.index), ty);
    }
    for memory in &layout.memories {
        let ty = memory_type(memory.minimum, memory.maximum);
        let name = memory_name(memory.index);
        imports.import(&memory.core_instance.to_string(), &name, EntityType::Memory(ty));
    }

    // The accessor's own globals follow the imported ones: where the next list goes, and the bytes that `read`
    // borrowed.
    let destination = index(layout.globals.len());
    let saved = destination + 1;
    let mut globals = GlobalSection::new();
    globals.global(own_global(ValType::I32), &ConstExpr::i32_const(0));
    globals.global(own_global(ValType::I64), &ConstExpr::i64_const(0));

    builder.function(REALLOC, &[ValType::I32; 4], &[ValType::I32], |body| {
        body.global_get(destination);
    });
    builder.function(PATCH_REALLOC, &[ValType::I32; 4], &[ValType::I32], |body| {
        body.i32_const(small(patch_at(layout)));
    });
    let own = index(layout.memories.len());
    for memory in 0..own {
        memory_functions(&mut builder, memory, destination, saved);
        patch_function(&mut builder, memory, own);
    }
    state_functions(&mut builder, layout);

    let mut memories = MemorySection::new();
    let own_pages = own_wasm_pages(layout);
    memories.memory(memory_type(own_pages, Some(own_pages)));
    builder.exports.export(OWN_MEMORY, ExportKind::Memory, index(layout.memories.len()));

    let mut module = Module::new();
    module
        .section(&builder.types)
        .section(&imports)
        .section(&builder.functions)
        .section(&memories)
        .section(&globals)
        .section(&builder.exports)
        .section(&builder.code);
    module
}

fn memory_functions(builder: &mut Builder, memory: u32, destination: u32, saved: u32) {
    let at = |offset| MemArg { offset, align: 0, memory_index: memory };
    builder.function(&format!("read{memory}"), &[], &[ValType::I32], |body| {
        body.i32_const(0).i64_load(at(0)).global_set(saved);
        body.i32_const(0).i32_const(0).i32_store(at(0));
        body.i32_const(0).memory_size(memory).i32_const(16).i32_shl().i32_store(at(4));
        body.i32_const(0);
    });
    builder.function(&format!("post{memory}"), &[ValType::I32], &[], |body| {
        body.i32_const(0).global_get(saved).i64_store(at(0));
    });
    builder.function(&format!("write{memory}"), &[ValType::I32; 3], &[], |body| {
        body.local_get(2).global_set(destination);
    });
    builder.function(&format!("grow{memory}"), &[ValType::I32], &[ValType::I32], |body| {
        body.local_get(0).memory_grow(memory);
    });
}

/// `patch<k>`: the parameters are where the records are, and their length; the local is where the block goes.
fn patch_function(builder: &mut Builder, memory: u32, own: u32) {
    const VECTOR_BYTES: usize = 16;
    let at = |memory_index, offset: usize| MemArg { offset: offset as u64, align: 0, memory_index };
    builder.function_with(&format!("patch{memory}"), &[ValType::I32; 2], &[], &[(1, ValType::I32)], |body| {
        body.block(BlockType::Empty).loop_(BlockType::Empty);
        body.local_get(1).i32_eqz().br_if(1);
        body.local_get(0).i32_load(at(own, 0)).local_set(2);
        for offset in (0..BLOCK_BYTES).step_by(VECTOR_BYTES) {
            body.local_get(2);
            body.local_get(2).v128_load(at(memory, offset));
            body.local_get(0).v128_load(at(own, 4 + offset));
            body.v128_xor().v128_store(at(memory, offset));
        }
        body.local_get(0).i32_const(small(RECORD_BYTES)).i32_add().local_set(0);
        body.local_get(1).i32_const(small(RECORD_BYTES)).i32_sub().local_set(1);
        body.br(0).end().end();
    });
}

fn state_functions(builder: &mut Builder, layout: &Layout) {
    let own = index(layout.memories.len());
    let at = |offset: usize| MemArg { offset: offset as u64, align: 0, memory_index: own };
    let globals_at = RETURN_AREA_BYTES + sizes_bytes(layout);
    let length = sizes_bytes(layout) + layout.own_globals_bytes();
    let placed = || {
        layout.globals.iter().scan(globals_at, |offset, global| {
            let place = *offset;
            *offset += global.kind.bytes();
            Some((place, global.kind))
        })
    };
    builder.function("state0", &[], &[ValType::I32], |body| {
        for memory in 0..own {
            let place = RETURN_AREA_BYTES + memory as usize * 4;
            body.i32_const(0).memory_size(memory).i32_store(at(place));
        }
        for (global, (place, kind)) in (0u32..).zip(placed()) {
            body.i32_const(0).global_get(global);
            match kind {
                GlobalKind::I32 => body.i32_store(at(place)),
                GlobalKind::I64 => body.i64_store(at(place)),
                GlobalKind::F32 => body.f32_store(at(place)),
                GlobalKind::F64 => body.f64_store(at(place)),
                GlobalKind::V128 => body.v128_store(at(place)),
            };
        }
        body.i32_const(0).i32_const(small(RETURN_AREA_BYTES)).i32_store(at(0));
        body.i32_const(0).i32_const(small(length)).i32_store(at(4));
        body.i32_const(0);
    });
    builder.function(GLOBALS_REALLOC, &[ValType::I32; 4], &[ValType::I32], |body| {
        body.i32_const(small(globals_at));
    });
    builder.function("set-globals0", &[ValType::I32; 2], &[], |body| {
        for (global, (place, kind)) in (0u32..).zip(placed()) {
            body.i32_const(0);
            match kind {
                GlobalKind::I32 => body.i32_load(at(place)),
                GlobalKind::I64 => body.i64_load(at(place)),
                GlobalKind::F32 => body.f32_load(at(place)),
                GlobalKind::F64 => body.f64_load(at(place)),
                GlobalKind::V128 => body.v128_load(at(place)),
            };
            body.global_set(global);
        }
    });
}

/// Types, functions, exports and code that grow together.
#[derive(Default)]
struct Builder {
    types: TypeSection,
    functions: FunctionSection,
    exports: ExportSection,
    code: CodeSection,
}

impl Builder {
    fn function(
        &mut self,
        name: &str,
        params: &[ValType],
        results: &[ValType],
        write: impl FnOnce(&mut InstructionSink<'_>),
    ) {
        self.function_with(name, params, results, &[], write);
    }

    fn function_with(
        &mut self,
        name: &str,
        params: &[ValType],
        results: &[ValType],
        locals: &[(u32, ValType)],
        write: impl FnOnce(&mut InstructionSink<'_>),
    ) {
        let ty = self.types.len();
        self.types.ty().function(params.iter().copied(), results.iter().copied());
        self.exports.export(name, ExportKind::Func, self.functions.len());
        self.functions.function(ty);
        let mut function = Function::new(locals.iter().copied());
        let mut body = function.instructions();
        write(&mut body);
        body.end();
        self.code.function(&function);
    }
}

fn own_global(val_type: ValType) -> GlobalType {
    GlobalType { val_type, mutable: true, shared: false }
}

fn memory_type(minimum: u64, maximum: Option<u64>) -> MemoryType {
    MemoryType { minimum, maximum, memory64: false, shared: false, page_size_log2: None }
}

fn val_type(kind: GlobalKind) -> ValType {
    match kind {
        GlobalKind::I32 => ValType::I32,
        GlobalKind::I64 => ValType::I64,
        GlobalKind::F32 => ValType::F32,
        GlobalKind::F64 => ValType::F64,
        GlobalKind::V128 => ValType::V128,
    }
}

/// An index or a count. Layouts are bounded far below 2^31 before an accessor is built.
fn index(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn small(offset: usize) -> i32 {
    i32::try_from(offset).unwrap_or(i32::MAX)
}

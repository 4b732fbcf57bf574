//! One core module: what state it has, what stands in the way of keeping it, and its bytes with that state exported.

use std::collections::BTreeSet;
use std::ops::Range;

use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{ExportKind, ExportSection, Module, RawSection, SectionId};
use wasmparser::{BinaryReaderError, ConstExpr, ElementItems, Operator, Parser, Payload, TypeRef, ValType};

use super::layout::GlobalKind;
use super::obstacle::{Obstacle, note};

/// How the names begin under which hidden state is exported.
const RESERVED: &str = "__reentry_";

/// What was found in a module, and the module with its state exported.
#[derive(Debug, Default)]
pub(super) struct Exposed {
    pub(super) bytes: Vec<u8>,
    pub(super) memories: Vec<ExposedMemory>,
    pub(super) globals: Vec<ExposedGlobal>,
    /// Whether the module drops data segments: `memory.init` works on a restored instance where it would have trapped.
    pub(super) drops_data: bool,
    /// Imported functions that the module calls, or hands on in any way.
    used_imports: BTreeSet<(String, String)>,
}

impl Exposed {
    /// Whether the module does anything with a function that it imports.
    pub(super) fn uses(&self, namespace: &str, name: &str) -> bool {
        self.used_imports.iter().any(|(from, what)| from == namespace && what == name)
    }
}

#[derive(Debug)]
pub(super) struct ExposedMemory {
    pub(super) index: u32,
    pub(super) minimum: u64,
    pub(super) maximum: Option<u64>,
}

#[derive(Debug)]
pub(super) struct ExposedGlobal {
    pub(super) index: u32,
    pub(super) kind: GlobalKind,
}

/// The name under which a memory is exported.
pub(super) fn memory_name(index: u32) -> String {
    format!("{RESERVED}m{index}")
}

/// The name under which a global is exported.
pub(super) fn global_name(index: u32) -> String {
    format!("{RESERVED}g{index}")
}

/// Looks through a module and exports each memory and mutable global that it defines.
///
/// Only the export section changes, so that no index of the module moves. Everything else stays byte for byte.
pub(super) fn expose(
    wasm: &[u8],
    module: u32,
    obstacles: &mut Vec<Obstacle>,
) -> Result<Exposed, BinaryReaderError> {
    let mut scan = Scan {
        module,
        obstacles,
        exposed: Exposed::default(),
        imports: Vec::new(),
        used: BTreeSet::new(),
        memories: 0,
        globals: 0,
    };
    let mut exports = ExportSection::new();
    let mut sections: Vec<(u8, Range<usize>)> = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        match payload.as_section() {
            Some((id, _)) if id == u8::from(SectionId::Export) => {}
            // Entries of the code section; the section itself is taken where it starts.
            Some((id, _)) if id == u8::from(SectionId::Code) => {}
            Some((id, range)) => sections.push((id, range)),
            None => {}
        }
        match payload {
            Payload::CodeSectionStart { range, .. } => sections.push((SectionId::Code.into(), range)),
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    scan.reserved_name(export.name);
                    if matches!(
                        export.kind,
                        wasmparser::ExternalKind::Func | wasmparser::ExternalKind::FuncExact
                    ) {
                        scan.uses(export.index);
                    }
                    if let Ok(kind) = RoundtripReencoder.export_kind(export.kind) {
                        exports.export(export.name, kind, export.index);
                    }
                }
            }
            other => scan.payload(other)?,
        }
    }
    let mut exposed = scan.finish();
    for memory in &exposed.memories {
        exports.export(&memory_name(memory.index), ExportKind::Memory, memory.index);
    }
    for global in &exposed.globals {
        exports.export(&global_name(global.index), ExportKind::Global, global.index);
    }
    exposed.bytes = assemble(wasm, &sections, &exports);
    Ok(exposed)
}

/// Puts the sections together again, with the new export section where the format wants it.
fn assemble(wasm: &[u8], sections: &[(u8, Range<usize>)], exports: &ExportSection) -> Vec<u8> {
    const AFTER_EXPORTS: [SectionId; 5] =
        [SectionId::Start, SectionId::Element, SectionId::DataCount, SectionId::Code, SectionId::Data];
    let mut out = Module::new();
    let comes_after = |id: u8| AFTER_EXPORTS.iter().any(|after| u8::from(*after) == id);
    let split = sections.iter().position(|(id, _)| comes_after(*id)).unwrap_or(sections.len());
    let (before, after) = sections.split_at_checked(split).unwrap_or((sections, &[]));
    let copy = |out: &mut Module, part: &[(u8, Range<usize>)]| {
        for (id, range) in part {
            let data = wasm.get(range.clone()).unwrap_or_default();
            out.section(&RawSection { id: *id, data });
        }
    };
    copy(&mut out, before);
    out.section(exports);
    copy(&mut out, after);
    out.finish()
}

struct Scan<'a> {
    module: u32,
    obstacles: &'a mut Vec<Obstacle>,
    exposed: Exposed,
    /// The functions that the module imports, which are its first ones.
    imports: Vec<(String, String)>,
    /// Those of them that it uses.
    used: BTreeSet<u32>,
    /// Memories so far, imported and defined.
    memories: u32,
    /// Globals so far, imported and defined.
    globals: u32,
}

impl Scan<'_> {
    fn payload(&mut self, payload: Payload<'_>) -> Result<(), BinaryReaderError> {
        match payload {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import?;
                    match import.ty {
                        TypeRef::Func(_) | TypeRef::FuncExact(_) => {
                            self.imports.push((import.module.to_owned(), import.name.to_owned()));
                        }
                        TypeRef::Memory(ty) => {
                            self.check_memory(ty);
                            self.memories += 1;
                        }
                        TypeRef::Global(_) => self.globals += 1,
                        _ => {}
                    }
                }
            }
            Payload::MemorySection(section) => {
                for ty in section {
                    let ty = ty?;
                    self.check_memory(ty);
                    self.exposed.memories.push(ExposedMemory {
                        index: self.memories,
                        minimum: ty.initial,
                        maximum: ty.maximum,
                    });
                    self.memories += 1;
                }
            }
            Payload::GlobalSection(section) => {
                for global in section {
                    let global = global?;
                    self.global(global.ty);
                    self.constant(global.init_expr)?;
                }
            }
            Payload::StartSection { func, .. } => self.uses(func),
            Payload::ElementSection(section) => {
                for element in section {
                    self.element(element?.items)?;
                }
            }
            Payload::CodeSectionEntry(body) => {
                let mut operators = body.get_operators_reader()?;
                while !operators.eof() {
                    self.operator(&operators.read()?);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The functions of an element segment.
    fn element(&mut self, items: ElementItems<'_>) -> Result<(), BinaryReaderError> {
        match items {
            ElementItems::Functions(functions) => {
                for function in functions {
                    self.uses(function?);
                }
            }
            ElementItems::Expressions(_, expressions) => {
                for expression in expressions {
                    self.constant(expression?)?;
                }
            }
        }
        Ok(())
    }

    fn constant(&mut self, expression: ConstExpr<'_>) -> Result<(), BinaryReaderError> {
        let mut operators = expression.get_operators_reader();
        while !operators.eof() {
            self.operator(&operators.read()?);
        }
        Ok(())
    }

    fn uses(&mut self, function: u32) {
        if (function as usize) < self.imports.len() {
            self.used.insert(function);
        }
    }

    /// What was found. Imports come before all that may use them, but only the end of the module says what is used.
    fn finish(mut self) -> Exposed {
        let used = self.used.iter().filter_map(|index| self.imports.get(*index as usize).cloned());
        self.exposed.used_imports = used.collect();
        self.exposed
    }

    fn check_memory(&mut self, ty: wasmparser::MemoryType) {
        let module = self.module;
        if ty.shared {
            note(self.obstacles, Obstacle::Threads { module, what: "shared memory".into() });
        }
        if ty.memory64 {
            note(self.obstacles, Obstacle::Memory64 { module });
        }
        if ty.page_size_log2.is_some_and(|log2| log2 != 16) {
            note(self.obstacles, Obstacle::PageSize { module });
        }
    }

    fn global(&mut self, ty: wasmparser::GlobalType) {
        let index = self.globals;
        self.globals += 1;
        if !ty.mutable {
            return;
        }
        let kind = match ty.content_type {
            ValType::I32 => GlobalKind::I32,
            ValType::I64 => GlobalKind::I64,
            ValType::F32 => GlobalKind::F32,
            ValType::F64 => GlobalKind::F64,
            ValType::V128 => GlobalKind::V128,
            ValType::Ref(_) => {
                note(self.obstacles, Obstacle::ReferenceGlobal { module: self.module });
                return;
            }
        };
        self.exposed.globals.push(ExposedGlobal { index, kind });
    }

    fn operator(&mut self, operator: &Operator<'_>) {
        let instruction = match operator {
            Operator::TableSet { .. } => "table.set",
            Operator::TableGrow { .. } => "table.grow",
            Operator::TableFill { .. } => "table.fill",
            Operator::TableCopy { .. } => "table.copy",
            Operator::TableInit { .. } => "table.init",
            Operator::ElemDrop { .. } => "elem.drop",
            Operator::DataDrop { .. } => {
                self.exposed.drops_data = true;
                return;
            }
            Operator::Call { function_index }
            | Operator::ReturnCall { function_index }
            | Operator::RefFunc { function_index } => {
                self.uses(*function_index);
                return;
            }
            Operator::AtomicFence => {
                note(self.obstacles, Obstacle::Threads { module: self.module, what: "atomic.fence".into() });
                return;
            }
            Operator::MemoryAtomicWait32 { .. } | Operator::MemoryAtomicWait64 { .. } => {
                note(
                    self.obstacles,
                    Obstacle::Threads { module: self.module, what: "memory.atomic.wait".into() },
                );
                return;
            }
            _ => return,
        };
        note(self.obstacles, Obstacle::TableChange { module: self.module, instruction: instruction.into() });
    }

    fn reserved_name(&mut self, name: &str) {
        if name.starts_with(RESERVED) {
            let name = name.to_owned();
            note(self.obstacles, Obstacle::ReservedExport { module: self.module, name });
        }
    }
}

//! What is added to a component: the accessor's module and instance, its lifted functions, and one export with them.

use std::collections::BTreeSet;

use wasm_encoder::{
    Alias, CanonicalFunctionSection, CanonicalOption, Component, ComponentAliasSection, ComponentExportKind,
    ComponentExportSection, ComponentInstanceSection, ComponentTypeSection, ComponentValType, ExportKind,
    InstanceSection, ModuleArg, ModuleSection, PrimitiveValType,
};

use super::ACCESS;
use super::accessor::{self, GLOBALS_REALLOC, OWN_MEMORY, REALLOC};
use super::layout::Layout;
use super::module::memory_name;
use super::walk::Spaces;

/// Appends the accessor to a component of which `spaces` says how many items it has.
pub(super) fn append(out: &mut Component, spaces: &Spaces, layout: &Layout) {
    out.section(&ModuleSection(&accessor::build(layout)));

    let owners: BTreeSet<u32> = (layout.memories.iter().map(|memory| memory.core_instance))
        .chain(layout.globals.iter().map(|global| global.core_instance))
        .collect();
    let owners: Vec<(String, u32)> = owners.into_iter().map(|owner| (owner.to_string(), owner)).collect();
    let mut instances = InstanceSection::new();
    let arguments = owners.iter().map(|(name, owner)| (name.as_str(), ModuleArg::Instance(*owner)));
    instances.instantiate(spaces.core_modules, arguments);
    out.section(&instances);

    let mut lifter = Lifter::new(spaces, layout);
    for memory in (0u32..).take(layout.memories.len()) {
        lifter.memory(memory);
    }
    lifter.state();
    lifter.finish(out, spaces);
}

/// The sections that lift the accessor's functions, and the indices in them.
struct Lifter {
    accessor: u32,
    aliases: ComponentAliasSection,
    types: ComponentTypeSection,
    functions: CanonicalFunctionSection,
    /// Lifted functions by the name under which they are exported.
    exports: Vec<(String, u32)>,
    next_core_function: u32,
    next_type: u32,
    next_function: u32,
    first_memory: u32,
    own_memory: u32,
    realloc: u32,
    bytes: ComponentValType,
}

impl Lifter {
    fn new(spaces: &Spaces, layout: &Layout) -> Self {
        let accessor = spaces.core_instances;
        let mut aliases = ComponentAliasSection::new();
        for memory in &layout.memories {
            let name = memory_name(memory.index);
            aliases.alias(Alias::CoreInstanceExport {
                instance: memory.core_instance,
                kind: ExportKind::Memory,
                name: &name,
            });
        }
        aliases.alias(Alias::CoreInstanceExport {
            instance: accessor,
            kind: ExportKind::Memory,
            name: OWN_MEMORY,
        });
        let mut types = ComponentTypeSection::new();
        types.defined_type().list(PrimitiveValType::U8);
        let memories = u32::try_from(layout.memories.len()).unwrap_or(u32::MAX);
        let mut lifter = Self {
            accessor,
            aliases,
            types,
            functions: CanonicalFunctionSection::new(),
            exports: Vec::new(),
            next_core_function: spaces.core_functions,
            next_type: spaces.types + 1,
            next_function: spaces.functions,
            first_memory: spaces.core_memories,
            own_memory: spaces.core_memories + memories,
            realloc: 0,
            bytes: ComponentValType::Type(spaces.types),
        };
        lifter.realloc = lifter.alias(REALLOC);
        lifter
    }

    /// `read`, `write` and `grow` of one memory.
    fn memory(&mut self, k: u32) {
        const U32: ComponentValType = ComponentValType::Primitive(PrimitiveValType::U32);
        const S32: ComponentValType = ComponentValType::Primitive(PrimitiveValType::S32);
        let memory = CanonicalOption::Memory(self.first_memory + k);
        let post_return = CanonicalOption::PostReturn(self.alias(&format!("post{k}")));
        let realloc = CanonicalOption::Realloc(self.realloc);
        let bytes = self.bytes;
        self.lift(&format!("read{k}"), &[], Some(bytes), &[memory, post_return]);
        self.lift(&format!("write{k}"), &[("data", bytes), ("next", U32)], None, &[memory, realloc]);
        self.lift(&format!("grow{k}"), &[("delta", U32)], Some(S32), &[]);
    }

    /// `state` and `set-globals`.
    fn state(&mut self) {
        let memory = CanonicalOption::Memory(self.own_memory);
        let realloc = CanonicalOption::Realloc(self.alias(GLOBALS_REALLOC));
        let bytes = self.bytes;
        self.lift("state", &[], Some(bytes), &[memory]);
        self.lift("set-globals", &[("data", bytes)], None, &[memory, realloc]);
    }

    fn alias(&mut self, name: &str) -> u32 {
        self.aliases.alias(Alias::CoreInstanceExport {
            instance: self.accessor,
            kind: ExportKind::Func,
            name,
        });
        self.next_core_function += 1;
        self.next_core_function - 1
    }

    fn lift(
        &mut self,
        name: &str,
        params: &[(&str, ComponentValType)],
        result: Option<ComponentValType>,
        options: &[CanonicalOption],
    ) {
        let core = self.alias(name);
        self.types.function().params(params.iter().copied()).result(result);
        self.functions.lift(core, self.next_type, options.iter().copied());
        self.exports.push((name.to_owned(), self.next_function));
        self.next_type += 1;
        self.next_function += 1;
    }

    fn finish(self, out: &mut Component, spaces: &Spaces) {
        let mut instances = ComponentInstanceSection::new();
        let items = self.exports.iter().map(|(name, k)| (name.as_str(), ComponentExportKind::Func, *k));
        instances.export_items(items);
        let mut exports = ComponentExportSection::new();
        exports.export(ACCESS, ComponentExportKind::Instance, spaces.instances, None);
        out.section(&self.aliases)
            .section(&self.types)
            .section(&self.functions)
            .section(&instances)
            .section(&exports);
    }
}

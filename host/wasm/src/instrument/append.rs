//! What is added to a component: the accessor's module and instance, its lifted functions, and one export with them.

use std::collections::BTreeSet;

use wasm_encoder::{
    Alias, CanonicalFunctionSection, CanonicalOption, Component, ComponentAliasSection, ComponentExportKind,
    ComponentExportSection, ComponentInstanceSection, ComponentTypeSection, ComponentValType, ExportKind,
    InstanceSection, ModuleArg, ModuleSection, PrimitiveValType,
};

use super::ACCESS;
use super::accessor::{self, GLOBALS_REALLOC, OWN_MEMORY, PATCH_REALLOC, REALLOC};
use super::handles::{self, HANDLE_FUNCTIONS, Notes};
use super::layout::Layout;
use super::module::memory_name;
use super::walk::Spaces;

/// Appends the accessor to a component of which `spaces` says how many items it has, and hands on the accessors of the
/// components inside.
///
/// All functions come under one export: those of memories numbered through, and those for all that an accessor sees
/// numbered by accessor, the component's own before those inside.
pub(super) fn append(out: &mut Component, mut spaces: Spaces, layout: &Layout, notes: Option<&Notes>) {
    let mut exports = hand_on(out, &mut spaces, layout);
    if let Some(notes) = notes {
        let functions = handles::append(out, &mut spaces, notes);
        exports.extend(HANDLE_FUNCTIONS.iter().map(|name| format!("{name}0")).zip(functions));
    }
    let mut lifter = Lifter::new(&spaces, layout, exports);
    if layout.has_accessor() {
        instantiate(out, &spaces, layout);
        for memory in (0u32..).take(layout.memories.len()) {
            lifter.memory(memory);
        }
        lifter.state();
    }
    lifter.finish(out, &spaces, layout);
}

/// The accessor's module and its instance.
fn instantiate(out: &mut Component, spaces: &Spaces, layout: &Layout) {
    out.section(&ModuleSection(&accessor::build(layout)));
    let owners: BTreeSet<u32> = (layout.memories.iter().map(|memory| memory.core_instance))
        .chain(layout.globals.iter().map(|global| global.core_instance))
        .collect();
    let owners: Vec<(String, u32)> = owners.into_iter().map(|owner| (owner.to_string(), owner)).collect();
    let mut instances = InstanceSection::new();
    let arguments = owners.iter().map(|(name, owner)| (name.as_str(), ModuleArg::Instance(*owner)));
    instances.instantiate(spaces.core_modules, arguments);
    out.section(&instances);
}

/// Aliases the functions of the accessors inside. Returns them by the names under which they are exported here.
fn hand_on(out: &mut Component, spaces: &mut Spaces, layout: &Layout) -> Vec<(String, u32)> {
    let mut aliases = ComponentAliasSection::new();
    let mut functions = Vec::new();
    let mut first_memory = layout.memories.len();
    let mut first_part = usize::from(layout.has_accessor());
    for inner in &layout.nested {
        aliases.alias(Alias::InstanceExport {
            instance: inner.instance,
            kind: ComponentExportKind::Instance,
            name: ACCESS,
        });
        let (memories, parts) = (inner.layout.memory_count(), inner.layout.parts());
        let numbered = (0..memories).flat_map(|k| MEMORY_FUNCTIONS.map(|name| (name, k, first_memory + k)));
        let of_parts = parts.iter().enumerate().flat_map(|(k, part)| {
            let handles = if part.noting > 0 { HANDLE_FUNCTIONS.as_slice() } else { &[] };
            PART_FUNCTIONS.iter().chain(handles).map(move |name| (*name, k, first_part + k))
        });
        for (name, there, here) in numbered.chain(of_parts) {
            let there = format!("{name}{there}");
            aliases.alias(Alias::InstanceExport {
                instance: spaces.instances,
                kind: ComponentExportKind::Func,
                name: &there,
            });
            functions.push((format!("{name}{here}"), spaces.functions));
            spaces.functions += 1;
        }
        spaces.instances += 1;
        first_memory += memories;
        first_part += parts.len();
    }
    if !aliases.is_empty() {
        out.section(&aliases);
    }
    functions
}

/// Functions of an accessor for each memory.
const MEMORY_FUNCTIONS: [&str; 4] = ["read", "write", "patch", "grow"];

/// Functions of an accessor for all that it sees.
const PART_FUNCTIONS: [&str; 2] = ["state", "set-globals"];

/// A count. Layouts are bounded far below 2^31 before anything is appended.
fn small(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
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
    patch_realloc: u32,
    bytes: ComponentValType,
}

impl Lifter {
    /// Begins with functions that are there already.
    fn new(spaces: &Spaces, layout: &Layout, exports: Vec<(String, u32)>) -> Self {
        let accessor = spaces.core_instances;
        let mut lifter = Self {
            accessor,
            aliases: ComponentAliasSection::new(),
            types: ComponentTypeSection::new(),
            functions: CanonicalFunctionSection::new(),
            next_core_function: spaces.core_functions,
            next_type: spaces.types + 1,
            next_function: spaces.functions,
            exports,
            first_memory: spaces.core_memories,
            own_memory: spaces.core_memories + small(layout.memories.len()),
            realloc: 0,
            patch_realloc: 0,
            bytes: ComponentValType::Type(spaces.types),
        };
        if layout.has_accessor() {
            lifter.begin(layout);
        }
        lifter
    }

    /// Brings the accessor's memories, and what lists are made of, into scope.
    fn begin(&mut self, layout: &Layout) {
        for memory in &layout.memories {
            let name = memory_name(memory.index);
            self.aliases.alias(Alias::CoreInstanceExport {
                instance: memory.core_instance,
                kind: ExportKind::Memory,
                name: &name,
            });
        }
        self.aliases.alias(Alias::CoreInstanceExport {
            instance: self.accessor,
            kind: ExportKind::Memory,
            name: OWN_MEMORY,
        });
        self.types.defined_type().list(PrimitiveValType::U8);
        self.realloc = self.alias(REALLOC);
        self.patch_realloc = self.alias(PATCH_REALLOC);
    }

    /// `read`, `write`, `patch` and `grow` of one memory.
    fn memory(&mut self, k: u32) {
        const U32: ComponentValType = ComponentValType::Primitive(PrimitiveValType::U32);
        const S32: ComponentValType = ComponentValType::Primitive(PrimitiveValType::S32);
        let memory = CanonicalOption::Memory(self.first_memory + k);
        let post_return = CanonicalOption::PostReturn(self.alias(&format!("post{k}")));
        let realloc = CanonicalOption::Realloc(self.realloc);
        let bytes = self.bytes;
        self.lift("read", k, &[], Some(bytes), &[memory, post_return]);
        self.lift("write", k, &[("data", bytes), ("next", U32)], None, &[memory, realloc]);
        let own_memory = CanonicalOption::Memory(self.own_memory);
        let patch_realloc = CanonicalOption::Realloc(self.patch_realloc);
        self.lift("patch", k, &[("records", bytes)], None, &[own_memory, patch_realloc]);
        self.lift("grow", k, &[("delta", U32)], Some(S32), &[]);
    }

    /// `state` and `set-globals`.
    fn state(&mut self) {
        let memory = CanonicalOption::Memory(self.own_memory);
        let realloc = CanonicalOption::Realloc(self.alias(GLOBALS_REALLOC));
        let bytes = self.bytes;
        self.lift("state", 0, &[], Some(bytes), &[memory]);
        self.lift("set-globals", 0, &[("data", bytes)], None, &[memory, realloc]);
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
        function: &str,
        number: u32,
        params: &[(&str, ComponentValType)],
        result: Option<ComponentValType>,
        options: &[CanonicalOption],
    ) {
        let name = format!("{function}{number}");
        let core = self.alias(&name);
        self.types.function().params(params.iter().copied()).result(result);
        self.functions.lift(core, self.next_type, options.iter().copied());
        self.exports.push((name, self.next_function));
        self.next_type += 1;
        self.next_function += 1;
    }

    fn finish(self, out: &mut Component, spaces: &Spaces, layout: &Layout) {
        let mut instances = ComponentInstanceSection::new();
        let items = self.exports.iter().map(|(name, k)| (name.as_str(), ComponentExportKind::Func, *k));
        instances.export_items(items);
        let mut exports = ComponentExportSection::new();
        exports.export(ACCESS, ComponentExportKind::Instance, spaces.instances, None);
        if layout.has_accessor() {
            out.section(&self.aliases).section(&self.types).section(&self.functions);
        }
        out.section(&instances).section(&exports);
    }
}

//! What is added to a component so that the host can read its notes, and get handles and drop them in its place.

use std::fmt::Write as _;

use wasm_encoder::{
    Alias, CanonicalFunctionSection, CanonicalOption, Component, ComponentAliasSection, ComponentExportKind,
    ComponentTypeSection, ComponentValType, ExportKind, InstanceSection, ModuleArg, PrimitiveValType,
};

use super::super::walk::Spaces;
use super::{Notes, module};

/// The functions that [`append`] adds, by name: `handles` lists the notes, two numbers of 32 bits each; `get-handle`
/// takes a place in [`Notes::sources`], `drop-handle` a place and a handle.
pub(in super::super) const HANDLE_FUNCTIONS: [&str; 3] = ["handles", "get-handle", "drop-handle"];

/// Adds the functions to a component of which `spaces` says how many items it has. Returns their indices.
///
/// What these functions get and drop is not noted: the notes are the guest's.
pub(in super::super) fn append(out: &mut Component, spaces: &mut Spaces, notes: &Notes) -> [u32; 3] {
    const U32: ComponentValType = ComponentValType::Primitive(PrimitiveValType::U32);
    let mut aliases = ComponentAliasSection::new();
    let mut raw = CanonicalFunctionSection::new();
    let mut names = Vec::new();
    for (k, source) in notes.sources.iter().enumerate() {
        raw.lower(source.function, []);
        raw.resource_drop(spaces.types);
        aliases.alias(Alias::InstanceExport {
            instance: source.instance,
            kind: ComponentExportKind::Type,
            name: source.stream,
        });
        names.extend([format!("get{k}"), format!("drop{k}")]);
        spaces.types += 1;
    }
    out.section(&aliases).section(&raw).section(&module(&dispatching(notes)));
    let mut instances = InstanceSection::new();
    let functions: Vec<_> = (names.iter().zip(spaces.core_functions..))
        .map(|(name, function)| (name.as_str(), ExportKind::Func, function))
        .collect();
    instances.export_items(functions);
    instances.instantiate(spaces.core_modules, [("", ModuleArg::Instance(spaces.core_instances))]);
    out.section(&instances);
    let dispatcher = spaces.core_instances + 1;

    let first = spaces.core_functions + u32::try_from(names.len()).unwrap_or(u32::MAX);
    let mut aliases = ComponentAliasSection::new();
    let mut alias = |instance, kind, name| {
        aliases.alias(Alias::CoreInstanceExport { instance, kind, name });
    };
    alias(notes.core_instance, ExportKind::Memory, "memory");
    alias(notes.core_instance, ExportKind::Func, "list");
    alias(dispatcher, ExportKind::Func, "get");
    alias(dispatcher, ExportKind::Func, "drop");
    let mut types = ComponentTypeSection::new();
    types.defined_type().list(PrimitiveValType::U8);
    types.function().params([("", U32); 0]).result(Some(ComponentValType::Type(spaces.types)));
    types.function().params([("source", U32)]).result(Some(U32));
    types.function().params([("source", U32), ("handle", U32)]).result(None);
    let mut lifted = CanonicalFunctionSection::new();
    lifted.lift(first, spaces.types + 1, [CanonicalOption::Memory(spaces.core_memories)]);
    lifted.lift(first + 1, spaces.types + 2, []);
    lifted.lift(first + 2, spaces.types + 3, []);
    out.section(&aliases).section(&types).section(&lifted);

    let functions = spaces.functions;
    spaces.core_modules += 1;
    spaces.core_instances += 2;
    spaces.core_functions = first + 3;
    spaces.core_memories += 1;
    spaces.types += 4;
    spaces.functions += 3;
    [functions, functions + 1, functions + 2]
}

/// A module that finds the function by its number.
fn dispatching(notes: &Notes) -> String {
    let mut imports = String::new();
    let mut get = String::new();
    let mut drop = String::new();
    for k in 0..notes.sources.len() {
        // Writing to a text cannot fail.
        let _ = write!(
            imports,
            r#"(import "" "get{k}" (func $get{k} (result i32))) (import "" "drop{k}" (func $drop{k} (param i32)))"#
        );
        let is = format!("(if (i32.eq (local.get $source) (i32.const {k}))");
        let _ = write!(get, "{is} (then (return (call $get{k}))))");
        let _ = write!(drop, "{is} (then (return (call $drop{k} (local.get $handle)))))");
    }
    format!(
        r#"(module {imports}
             (func (export "get") (param $source i32) (result i32) {get} unreachable)
             (func (export "drop") (param $source i32) (param $handle i32) {drop} unreachable))"#
    )
}

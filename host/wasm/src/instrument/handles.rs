//! Handles of the standard streams: noted as a component gets and drops them, so that a restored instance can be
//! given the same ones again.
//!
//! A guest that prints through WASI keeps the handle of the stream, a number, in its memory. What the number stands
//! for is in a table of the instance's that can be neither read nor written. So each function that gives out such a
//! handle, and each that drops one, is replaced by one that also writes it down, in the memory of a small core module
//! beside the guest's own ([`NOTES`]). That memory is kept like any other. After a restore the host reads it, and
//! asks for streams until the handles that the guest knows are there again: see `image/handles.rs`.
//!
//! Nothing is known here of components inside the component; each is treated by itself.

mod again;
mod items;

use std::fmt::Write as _;

use wasm_encoder::reencode::{Error, ReencodeComponent};
use wasm_encoder::{
    Alias, CanonicalFunctionSection, Component, ComponentAliasSection, ComponentExportSection,
    ComponentInstanceSection, ExportKind, InstanceSection, ModuleArg, RawSection,
};
use wasmparser::{BinaryReaderError, CanonicalFunction, Payload};

use super::sections::{self, Section};

pub(super) use again::{HANDLE_FUNCTIONS, append};
use items::{Items, Moved, Source};

/// The module that writes down which handles there are.
const NOTES: &str = include_str!("handles/notes.wat");

/// Bytes of memory that the notes take.
pub(crate) const NOTES_BYTES: u64 = 65_536;

/// A component in which the handles of standard streams are noted.
pub(super) struct Noted {
    pub(super) bytes: Vec<u8>,
    pub(super) notes: Notes,
}

/// Where the notes are, and where the streams come from.
#[derive(Debug)]
pub(super) struct Notes {
    /// The core instance that holds them.
    core_instance: u32,
    /// Core instances that were added, that one included.
    added: u32,
    /// The functions that give out handles. Notes name them by their place here.
    sources: Vec<Source>,
}

impl Notes {
    /// Core instances that note handles, or give them to the host.
    pub(super) fn core_instances(&self) -> u32 {
        // One more comes with `append`.
        self.added + 1
    }
}

/// Has the handles of standard streams noted that a component gets and drops.
///
/// Returns `None` when it asks for none: then there is nothing to do. Only indices of core functions, core instances
/// and core modules change.
///
/// # Errors
/// When the bytes are not those of a component.
pub(super) fn note(wasm: &[u8]) -> Result<Option<Noted>, BinaryReaderError> {
    let mut pass = Pass::default();
    sections::each(wasm, |section| pass.section(section))?;
    let Pass { out, sources, core_instance, added, unwritable, .. } = pass;
    Ok(match core_instance {
        Some(core_instance) if !sources.is_empty() && !unwritable => {
            Some(Noted { bytes: out.finish(), notes: Notes { core_instance, added, sources } })
        }
        _ => None,
    })
}

/// A core function that is replaced.
struct Replaced {
    /// Its index in the component as it was.
    was: u32,
    /// The index it would have now.
    raw: u32,
    /// Where a handle comes from that it gives out; it drops one if there is none.
    source: Option<u32>,
}

#[derive(Default)]
struct Pass {
    out: Component,
    items: Items,
    moved: Moved,
    sources: Vec<Source>,
    core_instance: Option<u32>,
    added: u32,
    /// Whether there was something that cannot be written again. The component then stays as it is.
    unwritable: bool,
}

impl Pass {
    fn section(&mut self, section: Section<'_>) -> Result<(), BinaryReaderError> {
        let raw = RawSection { id: section.id, data: section.data };
        match section.payload {
            Payload::InstanceSection(section) => {
                let mut instances = InstanceSection::new();
                for instance in section {
                    let written = self.moved.parse_instance(&mut instances, instance?);
                    self.check(written)?;
                    self.moved.core_instance();
                }
                self.out.section(&instances);
            }
            Payload::ComponentInstanceSection(section) => {
                let mut instances = ComponentInstanceSection::new();
                for instance in section {
                    let written = self.moved.parse_component_instance(&mut instances, instance?);
                    self.check(written)?;
                    self.items.instance();
                }
                self.out.section(&instances);
            }
            Payload::ComponentAliasSection(section) => {
                let mut aliases = ComponentAliasSection::new();
                for alias in section {
                    let alias = alias?;
                    let written = self.moved.component_alias(alias.clone());
                    self.check(written.map(|alias| {
                        aliases.alias(alias);
                    }))?;
                    self.items.alias(&alias);
                    self.moved.alias(&alias);
                }
                self.out.section(&aliases);
            }
            Payload::ComponentExportSection(section) => {
                let mut exports = ComponentExportSection::new();
                for export in section {
                    let export = export?;
                    let written = self.moved.parse_component_export(&mut exports, export.clone());
                    self.check(written)?;
                    self.items.export(&export);
                    self.moved.export(&export);
                }
                self.out.section(&exports);
            }
            Payload::ComponentCanonicalSection(section) => {
                let mut functions = CanonicalFunctionSection::new();
                let mut replaced = Vec::new();
                for function in section {
                    let function = function?;
                    replaced.extend(self.canonical(&function));
                    let written = self.moved.parse_component_canonical(&mut functions, function);
                    self.check(written)?;
                }
                self.out.section(&functions);
                self.replace(&replaced);
            }
            Payload::ComponentImportSection(section) => {
                self.out.section(&raw);
                for import in section {
                    let import = import?;
                    self.items.import(&import);
                    self.moved.import(&import);
                }
            }
            Payload::ModuleSection { .. } => {
                self.out.section(&raw);
                self.moved.module();
            }
            // It names items by indices that have changed.
            Payload::CustomSection(section) if section.name() == "component-name" => {}
            _ => {
                self.out.section(&raw);
            }
        }
        Ok(())
    }

    fn check(&mut self, written: Result<(), Error>) -> Result<(), BinaryReaderError> {
        match written {
            Ok(()) => Ok(()),
            Err(Error::ParseError(error)) => Err(error),
            Err(_) => {
                self.unwritable = true;
                Ok(())
            }
        }
    }

    /// Says whether a canonical function is to be replaced.
    fn canonical(&mut self, function: &CanonicalFunction) -> Option<Replaced> {
        if let CanonicalFunction::Lift { .. } = function {
            self.items.function();
            return None;
        }
        let (was, raw) = self.moved.core_function();
        match function {
            CanonicalFunction::Lower { func_index, .. } => {
                let source = self.items.source(*func_index)?;
                let place = self.sources.iter().position(|known| *known == source);
                let place = place.unwrap_or_else(|| {
                    self.sources.push(source);
                    self.sources.len() - 1
                });
                Some(Replaced { was, raw, source: u32::try_from(place).ok() })
            }
            // Handles of all types share one table, so that a number is enough to know which is dropped.
            CanonicalFunction::ResourceDrop { .. } if self.items.has_streams() => {
                Some(Replaced { was, raw, source: None })
            }
            _ => None,
        }
    }

    /// Puts functions that note what they do in the place of others.
    fn replace(&mut self, replaced: &[Replaced]) {
        if replaced.is_empty() {
            return;
        }
        let notes = self.notes();
        self.out.section(&module(&noting(replaced)));
        let names: Vec<String> = (0..replaced.len()).map(|k| k.to_string()).collect();
        let raw = names.iter().zip(replaced).map(|(name, one)| (name.as_str(), ExportKind::Func, one.raw));
        let mut instances = InstanceSection::new();
        instances.export_items(raw);
        let raw = self.moved.added_core_instance();
        instances.instantiate(
            self.moved.added_module(),
            [("raw", ModuleArg::Instance(raw)), ("notes", ModuleArg::Instance(notes))],
        );
        let instance = self.moved.added_core_instance();
        self.added += 1;
        let mut aliases = ComponentAliasSection::new();
        for (name, one) in names.iter().zip(replaced) {
            aliases.alias(Alias::CoreInstanceExport { instance, kind: ExportKind::Func, name });
            self.moved.core_function_replaced(one.was);
        }
        self.out.section(&instances).section(&aliases);
    }

    /// The core instance that holds the notes. It comes before the first function that needs it.
    fn notes(&mut self) -> u32 {
        if let Some(core_instance) = self.core_instance {
            return core_instance;
        }
        self.out.section(&module(NOTES));
        let mut instances = InstanceSection::new();
        instances.instantiate(self.moved.added_module(), [("", ModuleArg::Instance(0)); 0]);
        self.out.section(&instances);
        let core_instance = self.moved.added_core_instance();
        self.core_instance = Some(core_instance);
        self.added += 1;
        core_instance
    }
}

/// A module with functions that do what others do, and note it.
fn noting(replaced: &[Replaced]) -> String {
    let mut imports = String::new();
    let mut functions = String::new();
    for (k, one) in replaced.iter().enumerate() {
        // Writing to a text cannot fail.
        let _ = match one.source {
            Some(source) => {
                let _ = writeln!(imports, r#"(import "raw" "{k}" (func $raw{k} (result i32)))"#);
                writeln!(
                    functions,
                    r#"(func (export "{k}") (result i32) (local $handle i32)
                         (local.set $handle (call $raw{k}))
                         (call $note (i32.const {source}) (local.get $handle))
                         (local.get $handle))"#
                )
            }
            None => {
                let _ = writeln!(imports, r#"(import "raw" "{k}" (func $raw{k} (param i32)))"#);
                writeln!(
                    functions,
                    r#"(func (export "{k}") (param $handle i32)
                         (call $forget (local.get $handle)) (call $raw{k} (local.get $handle)))"#
                )
            }
        };
    }
    format!(
        r#"(module
             (import "notes" "note" (func $note (param i32 i32)))
             (import "notes" "forget" (func $forget (param i32)))
             {imports} {functions})"#
    )
}

/// A core module, as a section.
fn module(text: &str) -> RawModule {
    RawModule(wat::parse_str(text).expect("the text is written here, with nothing of a guest's in it"))
}

/// The bytes of a core module.
struct RawModule(Vec<u8>);

impl wasm_encoder::Encode for RawModule {
    fn encode(&self, sink: &mut Vec<u8>) {
        self.0.as_slice().encode(sink);
    }
}

impl wasm_encoder::ComponentSection for RawModule {
    fn id(&self) -> u8 {
        wasm_encoder::ComponentSectionId::CoreModule.into()
    }
}

//! The outermost component: its index spaces, its core modules with their state exported, and what stands in the way.

use std::collections::BTreeMap;

use wasm_encoder::{Component, ComponentSectionId, RawSection};
use wasmparser::{
    BinaryReaderError, CanonicalFunction, CanonicalOption, Chunk, ComponentAlias, ComponentExternalKind,
    ComponentOuterAliasKind, ExternalKind, Instance, Parser, Payload,
};

use super::ACCESS;
use super::layout::{GlobalSlot, Layout, MemorySlot};
use super::module::{Exposed, expose};
use super::obstacle::{Obstacle, note};

/// A component that was read through once.
#[derive(Default)]
pub(super) struct Walk {
    /// The same component, its core modules with their state exported.
    pub(super) out: Component,
    pub(super) spaces: Spaces,
    pub(super) obstacles: Vec<Obstacle>,
    modules: Vec<Exposed>,
    /// Which core instance is made of a module.
    instance_of: BTreeMap<u32, u32>,
}

/// How many items each index space of the component has. What is appended comes after them.
#[derive(Debug, Default)]
pub(super) struct Spaces {
    pub(super) types: u32,
    pub(super) functions: u32,
    pub(super) instances: u32,
    pub(super) core_modules: u32,
    pub(super) core_instances: u32,
    pub(super) core_functions: u32,
    pub(super) core_memories: u32,
}

impl Spaces {
    fn add(&mut self, kind: ComponentExternalKind) {
        match kind {
            ComponentExternalKind::Type => self.types += 1,
            ComponentExternalKind::Func => self.functions += 1,
            ComponentExternalKind::Instance => self.instances += 1,
            ComponentExternalKind::Module => self.core_modules += 1,
            ComponentExternalKind::Component | ComponentExternalKind::Value => {}
        }
    }
}

impl Walk {
    pub(super) fn through(wasm: &[u8]) -> Result<Self, BinaryReaderError> {
        let mut walk = Self::default();
        let mut parser = Parser::new(0);
        let mut rest = wasm;
        loop {
            let (payload, consumed) = match parser.parse(rest, true)? {
                Chunk::Parsed { payload, consumed } => (payload, consumed),
                Chunk::NeedMoreData(_) => return Ok(walk),
            };
            rest = rest.get(consumed..).unwrap_or_default();
            match payload {
                Payload::ModuleSection { unchecked_range, .. } => {
                    rest = rest.get(unchecked_range.len()..).unwrap_or_default();
                    walk.module(wasm.get(unchecked_range).unwrap_or_default())?;
                }
                Payload::ComponentSection { unchecked_range, .. } => {
                    rest = rest.get(unchecked_range.len()..).unwrap_or_default();
                    walk.component(wasm.get(unchecked_range).unwrap_or_default())?;
                }
                Payload::End(_) => return Ok(walk),
                other => {
                    if let Some((id, range)) = other.as_section() {
                        let data = wasm.get(range).unwrap_or_default();
                        walk.out.section(&RawSection { id, data });
                    }
                    walk.section(other)?;
                }
            }
        }
    }

    /// The layout of the component, by the rules of [`super::layout`].
    pub(super) fn layout(&self) -> Layout {
        let mut made: Vec<(u32, &Exposed)> = self
            .instance_of
            .iter()
            .filter_map(|(module, instance)| Some((*instance, self.modules.get(*module as usize)?)))
            .collect();
        made.sort_by_key(|(instance, _)| *instance);
        let memories = made.iter().flat_map(|(core_instance, module)| {
            module.memories.iter().map(|memory| MemorySlot {
                core_instance: *core_instance,
                index: memory.index,
                minimum: memory.minimum,
                maximum: memory.maximum,
            })
        });
        let globals = made.iter().flat_map(|(core_instance, module)| {
            module.globals.iter().map(|global| GlobalSlot {
                core_instance: *core_instance,
                index: global.index,
                kind: global.kind,
            })
        });
        Layout { memories: memories.collect(), globals: globals.collect() }
    }

    /// Whether some core module drops data segments.
    pub(super) fn drops_data(&self) -> bool {
        self.modules.iter().any(|module| module.drops_data)
    }

    fn module(&mut self, wasm: &[u8]) -> Result<(), BinaryReaderError> {
        let module = expose(wasm, self.spaces.core_modules, &mut self.obstacles)?;
        self.out.section(&RawSection { id: ComponentSectionId::CoreModule.into(), data: &module.bytes });
        self.spaces.core_modules += 1;
        self.modules.push(module);
        Ok(())
    }

    /// A component inside this one. Those that only regroup functions and types are common; they have no state.
    fn component(&mut self, wasm: &[u8]) -> Result<(), BinaryReaderError> {
        self.out.section(&RawSection { id: ComponentSectionId::Component.into(), data: wasm });
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::ModuleSection { .. } => note(&mut self.obstacles, Obstacle::NestedModules),
                Payload::InstanceSection(section) => {
                    for instance in section {
                        if let Instance::Instantiate { .. } = instance? {
                            note(&mut self.obstacles, Obstacle::NestedModules);
                        }
                    }
                }
                Payload::ComponentCanonicalSection(section) => {
                    for function in section {
                        self.check_builtin(&function?);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn section(&mut self, payload: Payload<'_>) -> Result<(), BinaryReaderError> {
        match payload {
            Payload::InstanceSection(section) => {
                for instance in section {
                    let number = self.spaces.core_instances;
                    self.spaces.core_instances += 1;
                    if let Instance::Instantiate { module_index, .. } = instance?
                        && self.instance_of.insert(module_index, number).is_some()
                    {
                        note(&mut self.obstacles, Obstacle::InstantiatedTwice { module: module_index });
                    }
                }
            }
            Payload::ComponentInstanceSection(section) => self.spaces.instances += section.count(),
            Payload::ComponentTypeSection(section) => self.spaces.types += section.count(),
            Payload::ComponentAliasSection(section) => {
                for alias in section {
                    self.alias(&alias?);
                }
            }
            Payload::ComponentImportSection(section) => {
                for import in section {
                    let import = import?;
                    let kind = import.ty.kind();
                    if kind == ComponentExternalKind::Module {
                        self.modules.push(Exposed::default());
                        let name = import.name.name.to_owned();
                        note(&mut self.obstacles, Obstacle::ImportedModule { name });
                    }
                    self.spaces.add(kind);
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section {
                    let export = export?;
                    if export.name.name == ACCESS {
                        let name = ACCESS.to_owned();
                        note(&mut self.obstacles, Obstacle::ReservedName { name });
                    }
                    self.spaces.add(export.kind);
                }
            }
            Payload::ComponentCanonicalSection(section) => {
                for function in section {
                    self.canonical(&function?);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn alias(&mut self, alias: &ComponentAlias<'_>) {
        match alias {
            ComponentAlias::InstanceExport { kind, name, .. } => {
                if *kind == ComponentExternalKind::Module {
                    self.modules.push(Exposed::default());
                    let name = (*name).to_owned();
                    note(&mut self.obstacles, Obstacle::ImportedModule { name });
                }
                self.spaces.add(*kind);
            }
            ComponentAlias::CoreInstanceExport { kind, .. } => match kind {
                ExternalKind::Func | ExternalKind::FuncExact => self.spaces.core_functions += 1,
                ExternalKind::Memory => self.spaces.core_memories += 1,
                ExternalKind::Table | ExternalKind::Global | ExternalKind::Tag => {}
            },
            ComponentAlias::Outer { kind: ComponentOuterAliasKind::Type, .. } => self.spaces.types += 1,
            ComponentAlias::Outer { .. } => {}
        }
    }

    fn canonical(&mut self, function: &CanonicalFunction) {
        match function {
            CanonicalFunction::Lift { .. } => self.spaces.functions += 1,
            _ => self.spaces.core_functions += 1,
        }
        self.check_builtin(function);
    }

    fn check_builtin(&mut self, function: &CanonicalFunction) {
        match function {
            CanonicalFunction::Lift { options, .. } | CanonicalFunction::Lower { options, .. } => {
                if options.contains(&CanonicalOption::Async) {
                    note(&mut self.obstacles, Obstacle::Async { what: "async option".to_owned() });
                }
            }
            CanonicalFunction::ResourceDrop { .. } => {}
            CanonicalFunction::ResourceNew { .. } | CanonicalFunction::ResourceRep { .. } => {
                note(&mut self.obstacles, Obstacle::OwnResources);
            }
            other => {
                // The name of the case is the name of the built-in, in another spelling.
                let text = format!("{other:?}");
                let what = text.split([' ', '(', '{']).next().unwrap_or_default().to_owned();
                note(&mut self.obstacles, Obstacle::Async { what });
            }
        }
    }
}

//! One component: its index spaces, its core modules and inner components with their state exported, and what stands in
//! the way.

use std::collections::BTreeMap;

use reentry_core::snapshot::{GLOBALS_BYTES_MAX, MEMORIES_MAX};
use wasm_encoder::{Component, ComponentSectionId, RawSection};
use wasmparser::{
    BinaryReaderError, CanonicalFunction, CanonicalOption, ComponentAlias, ComponentExternalKind,
    ComponentInstance, ComponentOuterAliasKind, ExternalKind, Instance, Payload,
};

use super::ACCESS;
use super::append::append;
use super::handles::{self, Notes};
use super::layout::{GlobalSlot, Layout, MemorySlot, Nested};
use super::module::{Exposed, expose};
use super::obstacle::{Obstacle, note};
use super::resources::Resources;
use super::sections::{self, Section};

/// How deep components may be nested. Composing wraps a component once more each time; three levels are common.
const DEPTH_MAX: u32 = 16;

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
    /// What an instance of each component in here holds; none for a component from outside.
    components: Vec<Option<Layout>>,
    /// Instances of components in here, those that have state.
    nested: Vec<Nested>,
    resources: Resources,
    /// There when it takes handles of standard streams.
    notes: Option<Notes>,
    /// Whether a component inside drops data segments.
    drops_data: bool,
    depth: u32,
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
        Self::at_depth(wasm, 0)
    }

    fn at_depth(wasm: &[u8], depth: u32) -> Result<Self, BinaryReaderError> {
        let noted = handles::note(wasm)?;
        let wasm = noted.as_ref().map_or(wasm, |noted| noted.bytes.as_slice());
        let mut walk = Self { depth, ..Self::default() };
        sections::each(wasm, |section| walk.each(section))?;
        walk.notes = noted.map(|noted| noted.notes);
        Ok(walk)
    }

    fn each(&mut self, section: Section<'_>) -> Result<(), BinaryReaderError> {
        match section.payload {
            Payload::ModuleSection { .. } => self.module(section.data),
            Payload::ComponentSection { .. } => self.component(section.data),
            payload => {
                self.out.section(&RawSection { id: section.id, data: section.data });
                self.section(payload)
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
        Layout {
            memories: memories.collect(),
            globals: globals.collect(),
            noting: self.notes.as_ref().map_or(0, Notes::core_instances),
            nested: self.nested.clone(),
        }
    }

    /// Whether some core module drops data segments.
    pub(super) fn drops_data(&self) -> bool {
        self.drops_data || self.modules.iter().any(|module| module.drops_data)
    }

    /// The component with its state within reach.
    pub(super) fn finish(mut self, layout: &Layout) -> Vec<u8> {
        append(&mut self.out, self.spaces, layout, self.notes.as_ref());
        self.out.finish()
    }

    fn module(&mut self, wasm: &[u8]) -> Result<(), BinaryReaderError> {
        let module = expose(wasm, self.spaces.core_modules, &mut self.obstacles)?;
        self.out.section(&RawSection { id: ComponentSectionId::CoreModule.into(), data: &module.bytes });
        self.spaces.core_modules += 1;
        self.modules.push(module);
        Ok(())
    }

    /// A component inside this one. Those that only regroup functions and types are common; they stay as they are.
    fn component(&mut self, wasm: &[u8]) -> Result<(), BinaryReaderError> {
        let id = ComponentSectionId::Component.into();
        if self.depth == DEPTH_MAX {
            note(&mut self.obstacles, Obstacle::NestedTooDeep { at_most: DEPTH_MAX });
            self.out.section(&RawSection { id, data: wasm });
            self.components.push(None);
            return Ok(());
        }
        let mut inner = Self::at_depth(wasm, self.depth + 1)?;
        for obstacle in inner.obstacles.drain(..) {
            let obstacle = obstacle.inside(self.components.len());
            note(&mut self.obstacles, obstacle);
        }
        self.drops_data |= inner.drops_data();
        let layout = inner.layout();
        match layout.is_empty() {
            true => self.out.section(&RawSection { id, data: wasm }),
            false => self.out.section(&RawSection { id, data: &inner.finish(&layout) }),
        };
        self.components.push(Some(layout));
        Ok(())
    }

    /// An instance of a component.
    fn component_instance(&mut self, instance: &ComponentInstance<'_>) {
        let number = self.spaces.instances;
        self.spaces.instances += 1;
        let ComponentInstance::Instantiate { component_index, .. } = instance else { return };
        let Some(Some(layout)) = self.components.get(*component_index as usize) else {
            note(&mut self.obstacles, Obstacle::OutsideComponent);
            return;
        };
        if layout.is_empty() {
            return;
        }
        // Instances of instances multiply, so this cannot wait until all are collected.
        let memories = self.nested.iter().map(|inner| inner.layout.memory_count()).sum::<usize>();
        let globals = self.nested.iter().map(|inner| inner.layout.globals_bytes()).sum::<usize>();
        let (memories, globals) = (memories + layout.memory_count(), globals + layout.globals_bytes());
        if memories > MEMORIES_MAX as usize {
            let obstacle = Obstacle::TooManyMemories { found: memories, at_most: MEMORIES_MAX };
            note(&mut self.obstacles, obstacle);
        } else if globals > GLOBALS_BYTES_MAX as usize {
            let obstacle = Obstacle::TooManyGlobals { found: globals, at_most: GLOBALS_BYTES_MAX };
            note(&mut self.obstacles, obstacle);
        } else {
            self.nested.push(Nested { instance: number, layout: layout.clone() });
        }
    }

    /// An instance of a core module, or one put together from items.
    fn core_instance(&mut self, instance: &Instance<'_>) {
        let number = self.spaces.core_instances;
        self.spaces.core_instances += 1;
        if let Instance::Instantiate { module_index, .. } = instance
            && self.instance_of.insert(*module_index, number).is_some()
        {
            note(&mut self.obstacles, Obstacle::InstantiatedTwice { module: *module_index });
        }
        let used = |module: u32, namespace: &str, name: &str| {
            self.modules.get(module as usize).is_none_or(|module| module.uses(namespace, name))
        };
        if self.resources.instance(instance, used) {
            note(&mut self.obstacles, Obstacle::OwnResources);
        }
    }

    fn section(&mut self, payload: Payload<'_>) -> Result<(), BinaryReaderError> {
        match payload {
            Payload::InstanceSection(section) => {
                for instance in section {
                    self.core_instance(&instance?);
                }
            }
            Payload::ComponentInstanceSection(section) => {
                for instance in section {
                    self.component_instance(&instance?);
                }
            }
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
                    self.take_in(kind, import.name.name);
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
                    if export.kind == ComponentExternalKind::Component {
                        let exported = self.components.get(export.index as usize).cloned();
                        self.components.push(exported.flatten());
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
                self.take_in(*kind, name);
                self.spaces.add(*kind);
            }
            ComponentAlias::CoreInstanceExport { kind, instance_index, name } => match kind {
                ExternalKind::Func | ExternalKind::FuncExact => {
                    self.resources.alias(*instance_index, name, self.spaces.core_functions);
                    self.spaces.core_functions += 1;
                }
                ExternalKind::Memory => self.spaces.core_memories += 1,
                ExternalKind::Table | ExternalKind::Global | ExternalKind::Tag => {}
            },
            ComponentAlias::Outer { kind, .. } => match kind {
                ComponentOuterAliasKind::Type => self.spaces.types += 1,
                ComponentOuterAliasKind::CoreModule => {
                    self.take_in(ComponentExternalKind::Module, "alias outer");
                    self.spaces.core_modules += 1;
                }
                ComponentOuterAliasKind::Component => {
                    self.take_in(ComponentExternalKind::Component, "alias outer");
                }
                ComponentOuterAliasKind::CoreType => {}
            },
        }
    }

    /// Something that this component did not define. Core modules and components are code, which would have to be read.
    fn take_in(&mut self, kind: ComponentExternalKind, name: &str) {
        match kind {
            ComponentExternalKind::Module => {
                self.modules.push(Exposed::default());
                note(&mut self.obstacles, Obstacle::ImportedModule { name: name.to_owned() });
            }
            ComponentExternalKind::Component => self.components.push(None),
            _ => {}
        }
    }

    fn canonical(&mut self, function: &CanonicalFunction) {
        if self.resources.canonical(function, self.spaces.core_functions) {
            note(&mut self.obstacles, Obstacle::OwnResources);
        }
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
            CanonicalFunction::ResourceDrop { .. }
            | CanonicalFunction::ResourceNew { .. }
            | CanonicalFunction::ResourceRep { .. } => {}
            other => {
                // The name of the case is the name of the built-in, in another spelling.
                let text = format!("{other:?}");
                let what = text.split([' ', '(', '{']).next().unwrap_or_default().to_owned();
                note(&mut self.obstacles, Obstacle::Async { what });
            }
        }
    }
}

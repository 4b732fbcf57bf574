//! From section to section, through components and core modules inside one another.

use wasmparser::{
    BinaryReader, BinaryReaderError, ComponentAlias, ComponentExternalKind, ComponentInstance,
    ComponentOuterAliasKind, FunctionBody, Instance, Parser, Payload, TypeRef,
};

use super::bound::Bound;
use super::tally::Tally;
use super::{body, types};

/// Why the pass ended early.
#[derive(Debug)]
pub(super) enum Stop {
    /// A bound was passed.
    Exceeded(super::Exceeded),
    /// The bytes cannot be read on, and why.
    Unreadable(String),
}

impl From<BinaryReaderError> for Stop {
    fn from(error: BinaryReaderError) -> Self {
        Self::Unreadable(error.to_string())
    }
}

/// What one instance of a component comes to, with all that is instantiated inside of it.
#[derive(Clone, Copy, Debug, Default)]
struct Weight {
    core_instances: u64,
    instances: u64,
    definitions: u64,
}

/// A component that the pass is in.
#[derive(Debug, Default)]
struct Scope {
    weight: Weight,
    /// What an instance of each component that can be named here comes to; none for one that comes from outside.
    components: Vec<Option<Weight>>,
    modules: u32,
    /// How many components are defined here.
    defined: u32,
}

/// The core module that the pass is in.
#[derive(Debug, Default)]
struct Module {
    /// How many parameters each type has.
    parameters: Vec<u32>,
    /// The type of each function that has a body.
    functions: Vec<u32>,
    imported: u32,
    bodies: usize,
}

struct Walk<'t> {
    tally: &'t mut Tally,
    scopes: Vec<Scope>,
    module: Option<Module>,
}

/// Goes through a component.
pub(super) fn walk(wasm: &[u8], tally: &mut Tally) -> Result<(), Stop> {
    let mut walk = Walk { tally, scopes: vec![Scope::default()], module: None };
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        if payload.as_section().is_some() {
            walk.tally.look();
        }
        walk.payload(wasm, payload)?;
    }
    Ok(())
}

/// The bytes of a section, to be read without what the parser would make of them.
fn raw(wasm: &[u8], range: std::ops::Range<usize>) -> BinaryReader<'_> {
    let start = range.start;
    BinaryReader::new(wasm.get(range).unwrap_or_default(), start)
}

impl Walk<'_> {
    fn payload(&mut self, wasm: &[u8], payload: Payload<'_>) -> Result<(), Stop> {
        match payload {
            Payload::ModuleSection { unchecked_range, .. } => {
                self.tally.add(Bound::Parts, 1, unchecked_range.start)?;
                let scope = self.scope()?;
                let number = scope.modules;
                scope.modules += 1;
                self.module = Some(Module::default());
                self.tally.module = Some(number);
                Ok(())
            }
            Payload::ComponentSection { unchecked_range, .. } => {
                let at = unchecked_range.start;
                self.tally.add(Bound::Parts, 1, at)?;
                self.tally.most(Bound::Nesting, self.scopes.len() as u64, at)?;
                let scope = self.scope()?;
                let number = scope.defined;
                scope.defined += 1;
                self.tally.components.push(number);
                self.scopes.push(Scope::default());
                Ok(())
            }
            Payload::End(_) => {
                self.end();
                Ok(())
            }
            payload if self.module.is_some() => self.of_module(wasm, payload),
            payload => self.of_component(wasm, payload),
        }
    }

    fn scope(&mut self) -> Result<&mut Scope, Stop> {
        self.scopes.last_mut().ok_or_else(|| Stop::Unreadable("it goes on behind its end".to_owned()))
    }

    /// Leaves a module or component.
    fn end(&mut self) {
        if self.module.take().is_some() {
            self.tally.module = None;
            return;
        }
        self.tally.components.pop();
        let scope = self.scopes.pop();
        if let (Some(scope), Some(outer)) = (scope, self.scopes.last_mut()) {
            outer.components.push(Some(scope.weight));
        }
    }

    fn of_module(&mut self, wasm: &[u8], payload: Payload<'_>) -> Result<(), Stop> {
        let Some(module) = &mut self.module else { return Ok(()) };
        let tally = &mut *self.tally;
        match payload {
            Payload::TypeSection(section) => {
                module.parameters = types::core_section(raw(wasm, section.range()), tally)?;
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports_with_offsets() {
                    let (at, import) = import?;
                    tally.look();
                    tally.add(Bound::Imports, 1, at)?;
                    if matches!(import.ty, TypeRef::Func(_) | TypeRef::FuncExact(_)) {
                        tally.add(Bound::Functions, 1, at)?;
                        module.imported = module.imported.saturating_add(1);
                    }
                }
            }
            Payload::FunctionSection(section) => {
                tally.add(Bound::Functions, section.count().into(), section.range().start)?;
                for function in section {
                    tally.look();
                    module.functions.push(function?);
                }
            }
            Payload::GlobalSection(section) => {
                tally.add(Bound::Globals, section.count().into(), section.range().start)?;
            }
            Payload::ExportSection(section) => {
                tally.add(Bound::Exports, section.count().into(), section.range().start)?;
            }
            Payload::ElementSection(section) => {
                tally.add(Bound::Segments, section.count().into(), section.range().start)?;
            }
            Payload::DataSection(section) => {
                tally.add(Bound::Segments, section.count().into(), section.range().start)?;
            }
            Payload::CodeSectionEntry(code) => {
                tally.look();
                Self::function(module, tally, &code)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn function(module: &mut Module, tally: &mut Tally, code: &FunctionBody<'_>) -> Result<(), Stop> {
        let ty = module.functions.get(module.bodies).and_then(|ty| usize::try_from(*ty).ok());
        let parameters = ty.and_then(|ty| module.parameters.get(ty)).copied().unwrap_or(0);
        let number = u32::try_from(module.bodies).unwrap_or(u32::MAX);
        tally.function = Some(module.imported.saturating_add(number));
        module.bodies += 1;
        body::body(code, parameters, tally)?;
        tally.function = None;
        Ok(())
    }

    fn of_component(&mut self, wasm: &[u8], payload: Payload<'_>) -> Result<(), Stop> {
        match payload {
            Payload::ComponentTypeSection(section) => {
                types::component_section(raw(wasm, section.range()), self.tally)
            }
            Payload::CoreTypeSection(section) => {
                types::component_core_section(raw(wasm, section.range()), self.tally)
            }
            Payload::InstanceSection(section) => {
                for item in section.into_iter_with_offsets() {
                    let (at, instance) = item?;
                    let (core_instances, arguments) = match instance {
                        Instance::Instantiate { args, .. } => (1, args.len()),
                        Instance::FromExports(exports) => (0, exports.len()),
                    };
                    let definitions = 1 + arguments as u64;
                    self.weigh(Weight { core_instances, instances: 0, definitions }, at)?;
                }
                Ok(())
            }
            Payload::ComponentInstanceSection(section) => {
                for item in section.into_iter_with_offsets() {
                    let (at, instance) = item?;
                    self.instance(&instance, at)?;
                }
                Ok(())
            }
            Payload::ComponentAliasSection(section) => {
                for item in section.into_iter_with_offsets() {
                    let (at, alias) = item?;
                    self.define(at)?;
                    self.alias(&alias)?;
                }
                Ok(())
            }
            Payload::ComponentCanonicalSection(section) => {
                for item in section.into_iter_with_offsets() {
                    let (at, _) = item?;
                    self.define(at)?;
                    self.tally.add(Bound::Functions, 1, at)?;
                }
                Ok(())
            }
            Payload::ComponentImportSection(section) => {
                for item in section.into_iter_with_offsets() {
                    let (at, import) = item?;
                    self.define(at)?;
                    self.tally.add(Bound::Imports, 1, at)?;
                    if import.ty.kind() == ComponentExternalKind::Component {
                        self.scope()?.components.push(None);
                    }
                }
                Ok(())
            }
            Payload::ComponentExportSection(section) => {
                for item in section.into_iter_with_offsets() {
                    let (at, export) = item?;
                    self.define(at)?;
                    self.tally.add(Bound::Exports, 1, at)?;
                    if export.kind == ComponentExternalKind::Component {
                        let scope = self.scope()?;
                        let same = scope.components.get(export.index as usize).copied();
                        scope.components.push(same.flatten());
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn define(&mut self, at: usize) -> Result<(), Stop> {
        self.weigh(Weight { definitions: 1, ..Weight::default() }, at)
    }

    /// Adds to what an instance of the component comes to. Of one that is never instantiated that is held to the bounds
    /// all the same.
    fn weigh(&mut self, more: Weight, at: usize) -> Result<(), Stop> {
        self.tally.look();
        let weight = &mut self.scope()?.weight;
        weight.core_instances = weight.core_instances.saturating_add(more.core_instances);
        weight.instances = weight.instances.saturating_add(more.instances);
        weight.definitions = weight.definitions.saturating_add(more.definitions);
        let weight = *weight;
        self.tally.most(Bound::CoreInstances, weight.core_instances, at)?;
        self.tally.most(Bound::Instances, weight.instances, at)?;
        self.tally.most(Bound::Definitions, weight.definitions, at)
    }

    fn instance(&mut self, instance: &ComponentInstance<'_>, at: usize) -> Result<(), Stop> {
        let weight = match instance {
            ComponentInstance::FromExports(exports) => {
                Weight { definitions: 1 + exports.len() as u64, ..Weight::default() }
            }
            ComponentInstance::Instantiate { component_index, args } => {
                let known = self.scope()?.components.get(*component_index as usize).copied();
                // What comes from outside may be anything, so that it counts as more than is allowed.
                let of = known.flatten().unwrap_or(Weight { instances: u64::MAX, ..Weight::default() });
                Weight {
                    core_instances: of.core_instances,
                    instances: of.instances.saturating_add(1),
                    definitions: of.definitions.saturating_add(1 + args.len() as u64),
                }
            }
        };
        self.weigh(weight, at)
    }

    fn alias(&mut self, alias: &ComponentAlias<'_>) -> Result<(), Stop> {
        let named = match alias {
            ComponentAlias::InstanceExport { kind: ComponentExternalKind::Component, .. } => None,
            ComponentAlias::Outer { kind: ComponentOuterAliasKind::Component, count, index } => {
                let scope = self.scopes.iter().rev().nth(*count as usize);
                scope.and_then(|scope| scope.components.get(*index as usize).copied()).flatten()
            }
            _ => return Ok(()),
        };
        self.scope()?.components.push(named);
        Ok(())
    }
}

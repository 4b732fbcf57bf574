//! What must be known of a component's items to find the functions that give out standard streams, and where items
//! are once others were put between them.

use std::convert::Infallible;

use wasm_encoder::reencode::{Error, Reencode, ReencodeComponent};
use wasmparser::{
    ComponentAlias, ComponentExport, ComponentExternalKind, ComponentImport, ComponentOuterAliasKind,
    ExternalKind,
};

/// The interfaces of WASI 0.2 that give out a standard stream; of each, the function and the type of the stream.
const STREAMS: [(&str, &str, &str); 3] = [
    ("wasi:cli/stdin@0.2.", "get-stdin", "input-stream"),
    ("wasi:cli/stdout@0.2.", "get-stdout", "output-stream"),
    ("wasi:cli/stderr@0.2.", "get-stderr", "output-stream"),
];

/// A function that gives out handles of a standard stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Source {
    /// Its index among the functions of the component.
    pub(super) function: u32,
    /// The instance that it is from.
    pub(super) instance: u32,
    /// The type of the stream, by its name in that instance.
    pub(super) stream: &'static str,
}

/// The component's instances and functions, as far as they have to do with standard streams.
#[derive(Default)]
pub(super) struct Items {
    /// Of each instance, the function and the type to look for.
    instances: Vec<Option<(&'static str, &'static str)>>,
    functions: Vec<Option<Source>>,
}

impl Items {
    /// Whether there is an interface that gives out a standard stream.
    pub(super) fn has_streams(&self) -> bool {
        self.instances.iter().any(Option::is_some)
    }

    /// What is known of a function.
    pub(super) fn source(&self, function: u32) -> Option<Source> {
        self.functions.get(function as usize).copied().flatten()
    }

    /// An instance made here.
    pub(super) fn instance(&mut self) {
        self.instances.push(None);
    }

    /// A function made here.
    pub(super) fn function(&mut self) {
        self.functions.push(None);
    }

    pub(super) fn import(&mut self, import: &ComponentImport<'_>) {
        match import.ty.kind() {
            ComponentExternalKind::Instance => {
                let known = STREAMS.iter().find(|(prefix, ..)| import.name.name.starts_with(prefix));
                self.instances.push(known.map(|(_, function, stream)| (*function, *stream)));
            }
            ComponentExternalKind::Func => self.function(),
            _ => {}
        }
    }

    pub(super) fn export(&mut self, export: &ComponentExport<'_>) {
        match export.kind {
            ComponentExternalKind::Instance => self.instance(),
            ComponentExternalKind::Func => self.function(),
            _ => {}
        }
    }

    pub(super) fn alias(&mut self, alias: &ComponentAlias<'_>) {
        let ComponentAlias::InstanceExport { kind, instance_index, name } = alias else { return };
        match kind {
            ComponentExternalKind::Instance => self.instance(),
            ComponentExternalKind::Func => {
                let known = self.instances.get(*instance_index as usize).copied().flatten();
                let function = u32::try_from(self.functions.len()).unwrap_or(u32::MAX);
                let source = known.filter(|(getter, _)| getter == name);
                self.functions.push(source.map(|(_, stream)| Source {
                    function,
                    instance: *instance_index,
                    stream,
                }));
            }
            _ => {}
        }
    }
}

/// Where the core functions, core instances and core modules of a component are, by where they were.
#[derive(Default)]
pub(super) struct Moved {
    functions: Space,
    instances: Space,
    modules: Space,
}

/// One index space.
#[derive(Default)]
struct Space {
    moved: Vec<u32>,
    next: u32,
}

impl Space {
    fn old(&mut self) -> u32 {
        let index = self.added();
        self.moved.push(index);
        index
    }

    fn added(&mut self) -> u32 {
        self.next += 1;
        self.next - 1
    }

    /// An index that is out of bounds stays so.
    fn now(&self, was: u32) -> u32 {
        self.moved.get(was as usize).copied().unwrap_or(u32::MAX)
    }
}

impl Moved {
    /// A core function of the component. Returns its index as it was and as it is.
    pub(super) fn core_function(&mut self) -> (u32, u32) {
        let was = u32::try_from(self.functions.moved.len()).unwrap_or(u32::MAX);
        (was, self.functions.old())
    }

    /// A core function was added that stands for one of the component's from now on.
    pub(super) fn core_function_replaced(&mut self, was: u32) {
        let now = self.functions.added();
        if let Some(place) = self.functions.moved.get_mut(was as usize) {
            *place = now;
        }
    }

    pub(super) fn core_instance(&mut self) {
        self.instances.old();
    }

    pub(super) fn added_core_instance(&mut self) -> u32 {
        self.instances.added()
    }

    pub(super) fn module(&mut self) {
        self.modules.old();
    }

    pub(super) fn added_module(&mut self) -> u32 {
        self.modules.added()
    }

    pub(super) fn import(&mut self, import: &ComponentImport<'_>) {
        if import.ty.kind() == ComponentExternalKind::Module {
            self.module();
        }
    }

    pub(super) fn export(&mut self, export: &ComponentExport<'_>) {
        if export.kind == ComponentExternalKind::Module {
            self.module();
        }
    }

    pub(super) fn alias(&mut self, alias: &ComponentAlias<'_>) {
        match alias {
            ComponentAlias::CoreInstanceExport {
                kind: ExternalKind::Func | ExternalKind::FuncExact, ..
            } => {
                self.core_function();
            }
            ComponentAlias::InstanceExport { kind: ComponentExternalKind::Module, .. }
            | ComponentAlias::Outer { kind: ComponentOuterAliasKind::CoreModule, .. } => self.module(),
            _ => {}
        }
    }
}

impl Reencode for Moved {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, Error> {
        Ok(self.functions.now(function))
    }
}

impl ReencodeComponent for Moved {
    fn instance_index(&mut self, instance: u32) -> u32 {
        self.instances.now(instance)
    }

    fn module_index(&mut self, module: u32) -> u32 {
        self.modules.now(module)
    }

    /// A component around this one is treated by itself.
    fn outer_module_index(&mut self, count: u32, module: u32) -> u32 {
        if count == 0 { self.modules.now(module) } else { module }
    }
}

//! Components that have as much of something as is asked for, and little else.

use reentry_wasm::Bound;
use wasm_encoder::{
    Alias, CodeSection, Component, ComponentAliasSection, ComponentInstanceSection, ComponentType,
    ComponentTypeSection, ConstExpr, DataSection, ExportKind, ExportSection, Function, FunctionSection,
    GlobalSection, GlobalType, ImportSection, InstanceSection, InstanceType, Instruction, Module,
    ModuleSection, NestedComponentSection, TypeSection, ValType,
};

/// Makes a component that has as many of what is bounded.
type Make = fn(u32) -> Vec<u8>;

/// Each bound with what makes a component that uses so much of it.
pub(crate) const SHAPES: &[(Bound, Make)] = &[
    (Bound::Nesting, |levels| nested(levels, |_| {}).finish()),
    (Bound::Parts, |count| repeated(count, |component| component.section(&ModuleSection(&Module::new())))),
    (Bound::CoreInstances, |count| instances_of_modules(count).finish()),
    (Bound::Instances, |count| {
        let mut component = Component::new();
        component.section(&NestedComponentSection(&Component::new()));
        component.section(&instances(count, 0));
        component.finish()
    }),
    (Bound::Definitions, |count| {
        // The instance is one of them.
        let mut component = instances_of_modules(1);
        component.section(&aliases(count - 1));
        component.finish()
    }),
    (Bound::Functions, |count| of_module(functions(count, 0, &Function::new([])))),
    (Bound::Types, |count| {
        let mut types = TypeSection::new();
        (0..count).for_each(|_| types.ty().function([], []));
        of_module(with(|module| module.section(&types)))
    }),
    (Bound::TypeNesting, |levels| {
        let ty = (1..levels).fold(InstanceType::new(), |inner, _| {
            let mut outer = InstanceType::new();
            outer.ty().instance(&inner);
            outer
        });
        let mut types = ComponentTypeSection::new();
        types.instance(&ty);
        let mut component = Component::new();
        component.section(&types);
        component.finish()
    }),
    (Bound::Imports, |count| {
        let mut imports = ImportSection::new();
        for _ in 0..count {
            imports.import("", "", GlobalType { val_type: ValType::I32, mutable: false, shared: false });
        }
        of_module(with(|module| module.section(&imports)))
    }),
    (Bound::Exports, |count| {
        let mut exports = ExportSection::new();
        (0..count).for_each(|number| {
            exports.export(&number.to_string(), ExportKind::Global, 0);
        });
        of_module(with(|module| module.section(&exports)))
    }),
    (Bound::Globals, |count| {
        let (mut globals, ty) =
            (GlobalSection::new(), GlobalType { val_type: ValType::I32, mutable: true, shared: false });
        (0..count).for_each(|_| {
            globals.global(ty, &ConstExpr::i32_const(0));
        });
        of_module(with(|module| module.section(&globals)))
    }),
    (Bound::Segments, |count| {
        let mut data = DataSection::new();
        (0..count).for_each(|_| {
            data.passive([]);
        });
        of_module(with(|module| module.section(&data)))
    }),
    (Bound::BodyBytes, |bytes| {
        // The number of locals and the end are two of them.
        let mut function = Function::new([]);
        (2..bytes).for_each(|_| {
            function.instruction(&Instruction::Nop);
        });
        of_module(functions(1, 0, &ended(function)))
    }),
    (Bound::BlockDepth, |depth| of_module(functions(1, 0, &blocks(depth)))),
    (Bound::FunctionMerges, |merges| of_module(functions(1, 0, &merging(1_000, merges.div_ceil(1_000))))),
    (Bound::Merges, |merges| of_module(functions(merges.div_ceil(1_000_000), 0, &merging(1_000, 1_000)))),
];

pub(crate) fn with(make: impl FnOnce(&mut Module) -> &mut Module) -> Module {
    let mut module = Module::new();
    make(&mut module);
    module
}

/// A component that has only this core module.
pub(crate) fn of_module(module: Module) -> Vec<u8> {
    let mut component = Component::new();
    component.section(&ModuleSection(&module));
    component.finish()
}

fn repeated(count: u32, add: impl Fn(&mut Component) -> &mut Component) -> Vec<u8> {
    let mut component = Component::new();
    (0..count).for_each(|_| {
        add(&mut component);
    });
    component.finish()
}

/// Components inside one another; `each` adds to those that are around others, from the inside out.
pub(crate) fn nested(levels: u32, each: impl Fn(&mut Component)) -> Component {
    (0..levels).fold(Component::new(), |inner, _| {
        let mut outer = Component::new();
        outer.section(&NestedComponentSection(&inner));
        each(&mut outer);
        outer
    })
}

/// Instances of one component.
pub(crate) fn instances(count: u32, of: u32) -> ComponentInstanceSection {
    let mut instances = ComponentInstanceSection::new();
    for _ in 0..count {
        instances.instantiate(of, Vec::<(&str, wasm_encoder::ComponentExportKind, u32)>::new());
    }
    instances
}

/// A component that instantiates a module of its own that often.
pub(crate) fn instances_of_modules(count: u32) -> Component {
    let mut instances = InstanceSection::new();
    for _ in 0..count {
        instances.instantiate(0, Vec::<(&str, wasm_encoder::ModuleArg)>::new());
    }
    let mut component = Component::new();
    component.section(&ModuleSection(&Module::new())).section(&instances);
    component
}

/// Names for the same export of a core instance.
pub(crate) fn aliases(count: u32) -> ComponentAliasSection {
    let mut aliases = ComponentAliasSection::new();
    for _ in 0..count {
        aliases.alias(Alias::CoreInstanceExport { instance: 0, kind: ExportKind::Memory, name: "m" });
    }
    aliases
}

/// A module with functions of one body and so many parameters.
pub(crate) fn functions(count: u32, parameters: usize, body: &Function) -> Module {
    let (mut types, mut functions, mut code) =
        (TypeSection::new(), FunctionSection::new(), CodeSection::new());
    types.ty().function(vec![ValType::I32; parameters], []);
    for _ in 0..count {
        functions.function(0);
        code.function(body);
    }
    with(|module| module.section(&types).section(&functions).section(&code))
}

fn ended(mut function: Function) -> Function {
    function.instruction(&Instruction::End);
    function
}

/// Blocks inside one another.
fn blocks(depth: u32) -> Function {
    let mut function = Function::new([]);
    let empty = wasm_encoder::BlockType::Empty;
    (0..depth).for_each(|_| {
        function.instruction(&Instruction::Block(empty));
    });
    (0..depth).for_each(|_| {
        function.instruction(&Instruction::End);
    });
    ended(function)
}

/// Branches out of a function with many locals, one of which is set before each.
pub(crate) fn merging(locals: u32, branches: u32) -> Function {
    let mut function = Function::new([(locals, ValType::I32)]);
    for number in 0..branches {
        function.instruction(&Instruction::LocalGet(0)).instruction(&Instruction::BrIf(0));
        function.instruction(&Instruction::LocalGet(0)).instruction(&Instruction::LocalSet(number % locals));
    }
    ended(function)
}

/// Types inside one another, as bytes: to make them as values would need a stack of that depth.
pub(crate) fn nested_types(levels: usize, begin: &[u8]) -> Vec<u8> {
    let mut section = vec![1];
    for _ in 1..levels {
        section.extend(begin);
        section.push(1);
        section.push(1);
    }
    section.extend(begin);
    section.push(0);
    let mut component = Component::new();
    component.section(&wasm_encoder::RawSection { id: 7, data: &section });
    component.finish()
}

/// The same kind of type over and over, each component type around nothing.
pub(crate) fn component_types(count: u32) -> Vec<u8> {
    let mut types = ComponentTypeSection::new();
    (0..count).for_each(|_| {
        types.component(&ComponentType::new());
    });
    let mut component = Component::new();
    component.section(&types);
    component.finish()
}

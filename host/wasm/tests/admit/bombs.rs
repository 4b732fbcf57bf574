//! Components that are small, and would cost whoever looks into them gigabytes or minutes.

use wasm_encoder::{
    Alias, Component, ComponentAliasSection, ComponentExportKind, ComponentImportSection,
    ComponentInstanceSection, ComponentOuterAliasKind, ComponentTypeRef, ComponentTypeSection, CustomSection,
    Function, Instruction, Module, ModuleSection, NestedComponentSection, RawSection,
};

use crate::shapes::{
    aliases, component_types, functions, instances, instances_of_modules, merging, nested, nested_types,
    of_module, with,
};

/// Makes the bytes of a component.
type Make = fn() -> Vec<u8>;

/// Each with what refuses it: the name of a bound, `invalid`, or `admitted`.
pub(crate) const BOMBS: &[(&str, &str, Make)] = &[
    ("seven levels of 16 instances each", "core-instances", || {
        instances_of_instances(instances_of_modules(1))
    }),
    ("the same without any module", "instances", || instances_of_instances(Component::new())),
    ("50,000 nested components", "nesting", || nested_raw(50_000)),
    ("80,000 nested ifs", "block-depth", || of_module(functions(1, 0, &ifs(80_000)))),
    ("2,000 locals and 20,000 branches", "function-merges", || {
        of_module(functions(1, 0, &merging(2_000, 20_000)))
    }),
    ("the same, spread over 40 functions", "merges", || of_module(functions(40, 0, &merging(2_000, 1_000)))),
    ("parameters are locals", "function-merges", || of_module(functions(1, 1_000, &merging(1, 20_000)))),
    ("a table of a million branches", "body-bytes", || of_module(functions(1, 0, &table(2_000_000)))),
    ("a table of branches with many locals", "function-merges", || {
        of_module(functions(1, 1_000, &table(60_000)))
    }),
    ("100,000 empty functions", "functions", || of_module(functions(100_000, 0, &Function::new([])))),
    ("1,000 core modules", "parts", || {
        let mut component = Component::new();
        (0..1_000).for_each(|_| {
            component.section(&ModuleSection(&Module::new()));
        });
        component.finish()
    }),
    ("a million nested instance types", "type-nesting", || nested_types(1_000_000, &[0x42])),
    ("a million nested component types", "type-nesting", || nested_types(1_000_000, &[0x41])),
    ("100,000 component types", "types", || component_types(100_000)),
    ("a group of a million core types", "types", || group(1_000_000)),
    ("a group that says it has four billion types", "types", || {
        of_module(with(|module| {
            module.section(&RawSection { id: 1, data: &[1, 0x4e, 0xff, 0xff, 0xff, 0xff, 0x0f] })
        }))
    }),
    ("the type of a module that says it has four billion imports", "types", || {
        let mut component = Component::new();
        let data = &[1, 0x50, 0xff, 0xff, 0xff, 0xff, 0x0f];
        component.section(&RawSection { id: 3, data });
        component.finish()
    }),
    ("functions that are not there", "functions", || {
        of_module(with(|module| module.section(&RawSection { id: 3, data: &[0xff, 0xff, 0xff, 0xff, 0x0f] })))
    }),
    ("1,000 definitions, instantiated 200 times", "definitions", || {
        let mut inner = instances_of_modules(1);
        inner.section(&aliases(1_000));
        let mut outer = Component::new();
        outer.section(&NestedComponentSection(&inner)).section(&instances(200, 0));
        outer.finish()
    }),
    ("instances by names of components further out", "core-instances", by_outer_names),
    ("instances of a component that comes from outside", "instances", of_imported),
    ("instances of a component that another one exports", "instances", of_exported),
    ("an end in the middle", "invalid", || {
        let mut bytes = nested(3, |_| {}).finish();
        bytes.truncate(bytes.len() - 3);
        bytes
    }),
    ("nested types behind a module that cannot be read", "invalid", || {
        let mut bytes = of_module(with(|module| module.section(&RawSection { id: 10, data: &[1, 1, 0x80] })));
        bytes.extend(&nested_types(100_000, &[0x42])[8..]);
        bytes
    }),
    ("10,000 custom sections and one of 30 MB", "admitted", || {
        let mut component = Component::new();
        for _ in 0..10_000 {
            component.section(&CustomSection { name: "x".into(), data: (&[0; 16]).into() });
        }
        component.section(&CustomSection { name: "name".into(), data: vec![0xff; 30 << 20].into() });
        component.finish()
    }),
];

/// Levels each of which instantiates the one inside it 16 times.
pub(crate) fn instances_of_instances(innermost: Component) -> Vec<u8> {
    let component = (0..7).fold(innermost, |inner, _| {
        let mut outer = Component::new();
        outer.section(&NestedComponentSection(&inner)).section(&instances(16, 0));
        outer
    });
    component.finish()
}

/// Components inside one another, from the inside out: the encoder would copy each as often as it is deep.
fn nested_raw(levels: usize) -> Vec<u8> {
    let header = Component::new().finish();
    // What stands before the header of each, outermost last.
    let (mut before, mut length) = (Vec::with_capacity(levels), header.len());
    for _ in 0..levels {
        let mut section = vec![4];
        wasm_encoder::Encode::encode(&u32::try_from(length).unwrap(), &mut section);
        length += section.len() + header.len();
        before.push(section);
    }
    let mut bytes = header.clone();
    for section in before.iter().rev() {
        bytes.extend(section);
        bytes.extend(&header);
    }
    bytes
}

fn ifs(depth: usize) -> Function {
    let mut function = Function::new([]);
    for _ in 0..depth {
        function.instruction(&Instruction::I32Const(1));
        function.instruction(&Instruction::If(wasm_encoder::BlockType::Empty));
    }
    (0..=depth).for_each(|_| {
        function.instruction(&Instruction::End);
    });
    function
}

fn table(targets: usize) -> Function {
    let mut function = Function::new([]);
    function.instruction(&Instruction::I32Const(1));
    function.instruction(&Instruction::BrTable(vec![0; targets].into(), 0));
    function.instruction(&Instruction::End);
    function
}

fn group(count: u32) -> Vec<u8> {
    let mut section = vec![1, 0x4e];
    wasm_encoder::Encode::encode(&count, &mut section);
    (0..count).for_each(|_| section.extend([0x60, 0, 0]));
    of_module(with(|module| module.section(&RawSection { id: 1, data: &section })))
}

/// Each level instantiates the one before it, which stands beside it, by an outer alias.
fn by_outer_names() -> Vec<u8> {
    let mut outer = Component::new();
    outer.section(&NestedComponentSection(&instances_of_modules(1)));
    for before in 0..7 {
        let mut names = ComponentAliasSection::new();
        names.alias(Alias::Outer { kind: ComponentOuterAliasKind::Component, count: 1, index: before });
        let mut level = Component::new();
        level.section(&names).section(&instances(16, 0));
        outer.section(&NestedComponentSection(&level));
    }
    outer.finish()
}

fn of_imported() -> Vec<u8> {
    let mut types = ComponentTypeSection::new();
    types.component(&wasm_encoder::ComponentType::new());
    let mut imports = ComponentImportSection::new();
    imports.import("a", ComponentTypeRef::Component(0));
    let mut component = Component::new();
    component.section(&types).section(&imports).section(&instances(1, 0));
    component.finish()
}

fn of_exported() -> Vec<u8> {
    let mut exports = ComponentInstanceSection::new();
    exports.export_items([("a", ComponentExportKind::Component, 0)]);
    let mut names = ComponentAliasSection::new();
    names.alias(Alias::InstanceExport { instance: 0, kind: ComponentExportKind::Component, name: "a" });
    let mut component = Component::new();
    component.section(&NestedComponentSection(&Component::new()));
    component.section(&exports).section(&names).section(&instances(1, 1));
    component.finish()
}

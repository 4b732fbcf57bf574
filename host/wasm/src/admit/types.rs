//! Types: counted before they are read, and gone into without recursion.

use wasmparser::{
    BinaryReader, ComponentAlias, ComponentExternName, ComponentImport, ComponentType, ComponentTypeRef,
    CompositeInnerType, ModuleTypeDeclaration, RecGroup,
};

use super::bound::Bound;
use super::tally::Tally;
use super::walk::Stop;

/// Begins a group of core types that refer to one another.
const REC_GROUP: u8 = 0x4e;
/// Begins a type of a core module; before it, a byte may say that it does not.
const MODULE_TYPE: u8 = 0x50;
const COMPONENT_TYPE: u8 = 0x41;
const INSTANCE_TYPE: u8 = 0x42;

fn peek(reader: &BinaryReader<'_>) -> Result<u8, Stop> {
    Ok(reader.clone().read_u8()?)
}

/// Reads the type section of a core module. Gives how many parameters each type has, none for those that are no
/// function types.
pub(super) fn core_section(section: BinaryReader<'_>, tally: &mut Tally) -> Result<Vec<u32>, Stop> {
    let (mut reader, mut parameters) = (section, Vec::new());
    for _ in 0..reader.read_var_u32()? {
        group(&mut reader, tally, &mut parameters)?;
    }
    Ok(parameters)
}

/// Reads the core type section of a component.
pub(super) fn component_core_section(section: BinaryReader<'_>, tally: &mut Tally) -> Result<(), Stop> {
    let mut reader = section;
    for _ in 0..reader.read_var_u32()? {
        core_type(&mut reader, tally)?;
    }
    Ok(())
}

/// Reads one group of core types, which mostly is one type.
fn group(reader: &mut BinaryReader<'_>, tally: &mut Tally, parameters: &mut Vec<u32>) -> Result<(), Stop> {
    let count = match peek(reader)? {
        REC_GROUP => {
            let mut ahead = reader.clone();
            ahead.read_u8()?;
            ahead.read_var_u32()?
        }
        _ => 1,
    };
    tally.look();
    tally.add(Bound::Types, u64::from(count), reader.original_position())?;
    let group: RecGroup = reader.read()?;
    for ty in group.types() {
        tally.look();
        parameters.push(match &ty.composite_type.inner {
            CompositeInnerType::Func(function) => u32::try_from(function.params().len()).unwrap_or(u32::MAX),
            _ => 0,
        });
    }
    Ok(())
}

/// Reads a core type in a component: a group, or the type of a module, which holds no further ones.
fn core_type(reader: &mut BinaryReader<'_>, tally: &mut Tally) -> Result<(), Stop> {
    match peek(reader)? {
        MODULE_TYPE => {
            reader.read_u8()?;
            let count = reader.read_var_u32()?;
            tally.look();
            tally.add(Bound::Types, u64::from(count) + 1, reader.original_position())?;
            for _ in 0..count {
                tally.look();
                // A group of types may be one of them; what it holds counts as well.
                let mut ahead = reader.clone();
                if ahead.read_u8()? == 0x01 {
                    reader.read_u8()?;
                    group(reader, tally, &mut Vec::new())?;
                } else {
                    reader.read::<ModuleTypeDeclaration<'_>>()?;
                }
            }
            Ok(())
        }
        0x00 => {
            reader.read_u8()?;
            group(reader, tally, &mut Vec::new())
        }
        _ => group(reader, tally, &mut Vec::new()),
    }
}

/// Reads the type section of a component.
pub(super) fn component_section(section: BinaryReader<'_>, tally: &mut Tally) -> Result<(), Stop> {
    let mut reader = section;
    for _ in 0..reader.read_var_u32()? {
        component_type(&mut reader, tally)?;
    }
    Ok(())
}

/// Reads one type with all that is declared inside of it.
fn component_type(reader: &mut BinaryReader<'_>, tally: &mut Tally) -> Result<(), Stop> {
    // How many declarations are to come at each level.
    let mut open: Vec<u32> = Vec::new();
    one_type(reader, tally, &mut open)?;
    while let Some(left) = open.last_mut() {
        let Some(now) = left.checked_sub(1) else {
            open.pop();
            continue;
        };
        *left = now;
        tally.look();
        let at = reader.original_position();
        match reader.read_u8()? {
            0x00 => core_type(reader, tally)?,
            0x01 => one_type(reader, tally, &mut open)?,
            0x02 => {
                reader.read::<ComponentAlias<'_>>()?;
            }
            0x03 => {
                reader.read::<ComponentImport<'_>>()?;
            }
            0x04 => {
                reader.read::<ComponentExternName<'_>>()?;
                reader.read::<ComponentTypeRef>()?;
            }
            other => {
                return Err(Stop::Unreadable(format!(
                    "byte {other:#04x} begins no declaration of a type (at offset {at:#x})"
                )));
            }
        }
    }
    Ok(())
}

/// Reads one type, up to the declarations inside of it.
fn one_type(reader: &mut BinaryReader<'_>, tally: &mut Tally, open: &mut Vec<u32>) -> Result<(), Stop> {
    let at = reader.original_position();
    tally.look();
    tally.add(Bound::Types, 1, at)?;
    if matches!(peek(reader)?, COMPONENT_TYPE | INSTANCE_TYPE) {
        reader.read_u8()?;
        let count = reader.read_var_u32()?;
        tally.add(Bound::Types, u64::from(count), at)?;
        open.push(count);
        return tally.most(Bound::TypeNesting, open.len() as u64, at);
    }
    drop(reader.read::<ComponentType<'_>>()?);
    Ok(())
}

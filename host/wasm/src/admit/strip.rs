//! Custom sections: dropped before a component is compiled, except for the names of functions.

use wasm_encoder::{Component, ComponentSectionId, Module, RawSection};
use wasmparser::{BinaryReaderError, Parser, Payload};

use crate::instrument::sections::{self, Section};

/// Bytes of names that are kept, of all modules together. They stand in the messages of traps, and nowhere else.
const NAMES_BYTES_MAX: usize = 8 << 20;

/// The component without its custom sections, but for function names of at most [`NAMES_BYTES_MAX`]. The component must
/// have been admitted: this goes into components inside by recursion.
///
/// # Errors
/// When the bytes are not those of a component.
pub(crate) fn strip(wasm: &[u8]) -> Result<Vec<u8>, BinaryReaderError> {
    component(wasm, &mut { NAMES_BYTES_MAX })
}

fn component(wasm: &[u8], names_left: &mut usize) -> Result<Vec<u8>, BinaryReaderError> {
    let mut out = Component::new();
    sections::each(wasm, |Section { id, data, payload }| {
        match payload {
            Payload::CustomSection(_) => {}
            Payload::ModuleSection { .. } => {
                let data = &module(data, names_left)?;
                out.section(&RawSection { id: ComponentSectionId::CoreModule.into(), data });
            }
            Payload::ComponentSection { .. } => {
                let data = &component(data, names_left)?;
                out.section(&RawSection { id: ComponentSectionId::Component.into(), data });
            }
            _ => {
                out.section(&RawSection { id, data });
            }
        }
        Ok(())
    })?;
    Ok(out.finish())
}

fn module(wasm: &[u8], names_left: &mut usize) -> Result<Vec<u8>, BinaryReaderError> {
    let mut out = Module::new();
    let mut parser = Parser::new(0);
    let mut rest = wasm;
    loop {
        let wasmparser::Chunk::Parsed { payload, consumed } = parser.parse(rest, true)? else {
            return Ok(out.finish());
        };
        rest = rest.get(consumed..).unwrap_or_default();
        match payload {
            Payload::End(_) => return Ok(out.finish()),
            Payload::CustomSection(section) => {
                if section.name() == "name"
                    && let Some(left) = names_left.checked_sub(section.range().len())
                {
                    *names_left = left;
                    let data = wasm.get(section.range()).unwrap_or_default();
                    out.section(&RawSection { id: 0, data });
                }
            }
            Payload::CodeSectionStart { range, size, .. } => {
                parser.skip_section();
                rest = rest.get(size as usize..).unwrap_or_default();
                let data = wasm.get(range).unwrap_or_default();
                out.section(&RawSection { id: 10, data });
            }
            payload => {
                if let Some((id, range)) = payload.as_section() {
                    out.section(&RawSection { id, data: wasm.get(range).unwrap_or_default() });
                }
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use wasm_encoder::{CustomSection, ModuleSection, NestedComponentSection};

    use super::*;

    fn custom(name: &str, bytes: usize) -> CustomSection<'_> {
        CustomSection { name: name.into(), data: vec![0; bytes].into() }
    }

    /// A component with one inside that has a module, and custom sections everywhere.
    fn with_custom(names: usize) -> Vec<u8> {
        let mut types = wasm_encoder::TypeSection::new();
        types.ty().function([], []);
        let mut module = Module::new();
        module.section(&custom("producers", 10)).section(&types).section(&custom("name", names));
        let mut inner = Component::new();
        inner.section(&custom("component-name", 10)).section(&ModuleSection(&module));
        let mut outer = Component::new();
        outer.section(&NestedComponentSection(&inner)).section(&custom("notes", 1 << 20));
        outer.finish()
    }

    /// The custom sections that are left, and how many other ones.
    fn left(wasm: &[u8]) -> (Vec<String>, usize) {
        let (mut custom, mut others) = (Vec::new(), 0);
        for payload in Parser::new(0).parse_all(&strip(wasm).unwrap()) {
            match payload.unwrap() {
                Payload::CustomSection(section) => custom.push(section.name().to_owned()),
                payload => others += usize::from(payload.as_section().is_some()),
            }
        }
        (custom, others)
    }

    #[test]
    fn custom_sections_are_dropped_but_for_names_of_functions_within_bounds() {
        assert_eq!(left(&with_custom(100)), (vec!["name".to_owned()], 3));
        assert_eq!(left(&with_custom(NAMES_BYTES_MAX)), (Vec::new(), 3));
    }
}

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

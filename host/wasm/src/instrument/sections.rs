//! The sections of one component, those of what is inside it left closed.

use wasmparser::{BinaryReaderError, Chunk, Parser, Payload};

/// A section as it stands in the component.
pub(crate) struct Section<'a> {
    pub(crate) id: u8,
    /// All of it behind its length. Of a core module or a component inside, its bytes.
    pub(crate) data: &'a [u8],
    pub(crate) payload: Payload<'a>,
}

/// Reads a component's sections, in order.
///
/// # Errors
/// When the bytes are not those of a component, and when `visit` says so.
pub(crate) fn each<'a>(
    wasm: &'a [u8],
    mut visit: impl FnMut(Section<'a>) -> Result<(), BinaryReaderError>,
) -> Result<(), BinaryReaderError> {
    let mut parser = Parser::new(0);
    let mut rest = wasm;
    loop {
        let (payload, consumed) = match parser.parse(rest, true)? {
            Chunk::Parsed { payload, consumed } => (payload, consumed),
            Chunk::NeedMoreData(_) => return Ok(()),
        };
        rest = rest.get(consumed..).unwrap_or_default();
        if let Payload::End(_) = payload {
            return Ok(());
        }
        if let Payload::ModuleSection { unchecked_range, .. }
        | Payload::ComponentSection { unchecked_range, .. } = &payload
        {
            // The parser would go on inside; it is taken past it.
            rest = rest.get(unchecked_range.len()..).unwrap_or_default();
        }
        if let Some((id, range)) = payload.as_section() {
            visit(Section { id, data: wasm.get(range).unwrap_or_default(), payload })?;
        }
    }
}

//! Makes the state of a component reachable: every linear memory and every mutable global of every core instance.
//!
//! A component's inside is closed to its host. So once, at upload, the component gets an instance more
//! ([`accessor`]), which sees the memories and globals of the others, and exports functions to read and write them
//! under the name [`ACCESS`]. Components inside the component are treated the same way, and their exports are handed
//! on. The guest's own code is not touched, and runs no slower; only functions of WASI that give out standard
//! streams, or drop handles, are replaced by others that write it down ([`handles`]).
//!
//! What this module does not know: wasmtime. It turns bytes into bytes.

mod accessor;
mod append;
mod handles;
mod layout;
mod module;
mod obstacle;
mod resources;
pub(crate) mod sections;
#[cfg(test)]
mod tests;
mod walk;

use reentry_core::snapshot::{GLOBALS_BYTES_MAX, MEMORIES_MAX};
use wasmparser::{BinaryReaderError, Validator, WasmFeatures};

pub(crate) use accessor::{PATCH_BYTES_MAX, RECORD_BYTES, sizes_bytes};
pub(crate) use layout::Layout;
pub use obstacle::Obstacle;

use obstacle::note;
use walk::Walk;

/// Name of the export through which the host reaches the state of a component. Users never see it.
pub(crate) const ACCESS: &str = "reentry:snap/access";

/// Version of the code that is added. Compiled code of another version is not used. A new version must keep the
/// layout, or change the version of the layout rules as well.
pub(crate) const INSTRUMENTER_VERSION: u32 = 4;

/// What came of instrumenting a component.
#[derive(Debug)]
pub(crate) enum Instrumented {
    /// The component with its state within reach.
    Restorable {
        bytes: Vec<u8>,
        layout: Layout,
        /// Whether a module drops data segments. They are back after a restore, which no known compiler's code notices.
        drops_data: bool,
    },
    /// Everything that stands in the way.
    Refused(Vec<Obstacle>),
}

/// Instruments a component.
///
/// # Errors
/// When the bytes are not a valid component.
pub(crate) fn instrument(wasm: &[u8]) -> Result<Instrumented, BinaryReaderError> {
    let mut walk = Walk::through(wasm)?;
    let layout = walk.layout();
    let found = layout.memory_count();
    if found > MEMORIES_MAX as usize {
        note(&mut walk.obstacles, Obstacle::TooManyMemories { found, at_most: MEMORIES_MAX });
    }
    let found = layout.globals_bytes();
    if found > GLOBALS_BYTES_MAX as usize {
        note(&mut walk.obstacles, Obstacle::TooManyGlobals { found, at_most: GLOBALS_BYTES_MAX });
    }
    if !walk.obstacles.is_empty() {
        return Ok(Instrumented::Refused(walk.obstacles));
    }
    let drops_data = walk.drops_data();
    let bytes = walk.finish(&layout);
    // All features: which of them are allowed is wasmtime's to say, when it compiles.
    Validator::new_with_features(WasmFeatures::all()).validate_all(&bytes)?;
    Ok(Instrumented::Restorable { bytes, layout, drops_data })
}

//! The sample components, as `make guests` leaves them.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use reentry::wasm::{ComponentizeOptions, componentize};

/// The project's folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap_or_default()
}

/// A sample component: one in Rust from its core module, one in another language as its tools left it.
///
/// # Errors
/// When it is not built: `make guests` does that.
pub fn component(name: &str) -> Result<Vec<u8>> {
    let guests = root().join("target/guests");
    let core = guests.join(format!("{name}.core.wasm"));
    if core.exists() {
        let module = std::fs::read(&core).with_context(|| core.display().to_string())?;
        return componentize(&module, ComponentizeOptions::default()).context("making a component of it");
    }
    let path = guests.join(format!("{name}.wasm"));
    std::fs::read(&path).with_context(|| format!("{} is not there; `make guests` builds it", path.display()))
}

/// A file of a sample, beside its sources.
///
/// # Errors
/// When it is not there.
pub fn file(path: &str) -> Result<String> {
    let path = root().join("sample-steps").join(path);
    std::fs::read_to_string(&path).with_context(|| path.display().to_string())
}

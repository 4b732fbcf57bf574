//! The sample components, as `make guests` leaves them.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// The project's folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap_or_default()
}

/// A sample component.
///
/// # Errors
/// When it is not built: `make guests` does that.
pub fn component(name: &str) -> Result<Vec<u8>> {
    let path = root().join("target/guests").join(format!("{name}.wasm"));
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

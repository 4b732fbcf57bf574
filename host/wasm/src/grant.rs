//! What a component may have beyond the `host` interface, which every step has.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use wasmtime::component::Component;

use crate::error::LoadError;

/// What a component may import besides the interfaces of package `reentry:step`. Nothing unless it is granted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Grants {
    /// The WASI 0.2 command-line interfaces (`wasi:cli`, `wasi:clocks`, `wasi:filesystem`, `wasi:io`,
    /// `wasi:random`, `wasi:sockets`), with nothing behind them that reaches out: no files, no network, no
    /// arguments, no environment, an empty standard input. What is written to standard output and standard
    /// error goes to the log of the run, a line at a time.
    pub wasi: bool,
}

/// The packages of the WASI 0.2 command-line world.
const WASI_PACKAGES: [&str; 6] =
    ["wasi:cli/", "wasi:clocks/", "wasi:filesystem/", "wasi:io/", "wasi:random/", "wasi:sockets/"];

/// The interfaces that every step may import, whatever was granted.
const STEP_INTERFACES: [&str; 2] = ["reentry:step/host@0.1.", "reentry:step/types@0.1."];

/// An import that a component must not have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefusedImport {
    /// The import's name, as the component gives it.
    pub name: String,
    /// The grant that would allow it, if one does.
    pub grant: Option<Cow<'static, str>>,
}

impl std::fmt::Display for RefusedImport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.grant {
            Some(grant) => write!(f, "`{}` (needs the grant `{grant}`)", self.name),
            None => write!(f, "`{}` (no grant allows it: build the component without it)", self.name),
        }
    }
}

impl Grants {
    /// Nothing but the interfaces of package `reentry:step`.
    pub fn none() -> Self {
        Self::default()
    }

    /// The same with the WASI command-line interfaces.
    pub fn with_wasi(self) -> Self {
        Self { wasi: true }
    }

    /// Checks all imports of a component and returns their names.
    ///
    /// # Errors
    /// [`LoadError::Imports`] with every import that is not granted.
    pub(crate) fn check(self, component: &Component) -> Result<Vec<String>, LoadError> {
        let names: Vec<String> =
            component.component_type().imports(component.engine()).map(|(name, _)| name.to_owned()).collect();
        let refused: Vec<RefusedImport> = names.iter().filter_map(|name| self.refuses(name)).collect();
        if refused.is_empty() { Ok(names) } else { Err(LoadError::Imports { refused }) }
    }

    fn refuses(self, name: &str) -> Option<RefusedImport> {
        let is_wasi = WASI_PACKAGES.iter().any(|package| name.starts_with(package));
        let allowed = (is_wasi && self.wasi) || STEP_INTERFACES.iter().any(|known| name.starts_with(known));
        (!allowed).then(|| RefusedImport { name: name.to_owned(), grant: is_wasi.then_some("wasi".into()) })
    }
}

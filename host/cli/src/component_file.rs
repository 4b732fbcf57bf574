//! Components from files: read, made components if they are core modules, and added to a host.

use std::path::Path;

use reentry::wasm::{ComponentizeError, ComponentizeOptions, componentize};
use reentry::{Component, Tenant};

use crate::args::unreadable;
use crate::failure::{Failure, Report};
use crate::progress::Progress;
use crate::session::Session;

/// How WebAssembly begins.
const MAGIC: [u8; 4] = *b"\0asm";

/// The layer field of a core module's preamble; components have 1.
const CORE_LAYER: [u8; 2] = [0, 0];

/// What is in a file, as far as its first bytes tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contents {
    Component,
    CoreModule,
    Other,
}

impl Contents {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        match (bytes.starts_with(&MAGIC), bytes.get(6..8)) {
            (true, Some(layer)) if layer == CORE_LAYER => Self::CoreModule,
            (true, Some(_)) => Self::Component,
            _ => Self::Other,
        }
    }
}

/// Reads a file of which the command line or a workflow speaks.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| unreadable(format!("cannot read {}", path.display()), &error).into())
}

/// The name under which a file is added when none is said: that of the file, without its endings.
pub(crate) fn name_of(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let name = name.strip_suffix(".wasm").unwrap_or(&name);
    name.strip_suffix(".core").or_else(|| name.strip_suffix(".component")).unwrap_or(name).to_owned()
}

/// The component in these bytes of a file. One is made of a core module that implements the contract.
pub(crate) fn component(session: &Session, path: &Path, bytes: Vec<u8>) -> Result<Vec<u8>, Failure> {
    match Contents::of(&bytes) {
        Contents::Component => Ok(bytes),
        Contents::CoreModule => {
            session.ui.note(&format!("{} is a core module; making it a component", path.display()));
            made_component(path, &bytes, ComponentizeOptions::default())
        }
        Contents::Other => {
            let message = format!("{} is not WebAssembly: it does not begin with `\\0asm`", path.display());
            let report = Report::refused("not-wasm", message);
            Err(match bytes.trim_ascii_start().starts_with(b"(") {
                true => report
                    .hint("it looks like the text format; make it binary first (`wasm-tools parse`)")
                    .into(),
                false => report.into(),
            })
        }
    }
}

/// Makes a core module a component.
pub(crate) fn made_component(
    path: &Path,
    module: &[u8],
    options: ComponentizeOptions<'_>,
) -> Result<Vec<u8>, Failure> {
    componentize(module, options).map_err(|error| {
        let path = path.display();
        let report = match error {
            ComponentizeError::Component => {
                Report::refused("is-component", format!("{path} is a component already"))
                    .hint("it can be used as it is: `reentry components add` it, or `reentry run` it")
            }
            ComponentizeError::NotWasm => {
                Report::refused("not-wasm", format!("{path} is not a WebAssembly module"))
            }
            ComponentizeError::World(_) => Report::refused("no-world", error.to_string()),
            other => Report::new(
                reentry::core::error::ErrorKind::Guest,
                "component-refused",
                format!("{path} cannot be made a component"),
            )
            .cause(other),
        };
        report.into()
    })
}

/// Adds the component in a file to a host, and shows on a terminal how far it is.
pub(crate) async fn add(
    session: &Session,
    tenant: &Tenant,
    path: &Path,
    bytes: Vec<u8>,
    name: &str,
) -> Result<Component, Failure> {
    let bytes = component(session, path, bytes)?;
    let progress = Progress::new(name);
    Ok(tenant.add_component_with(name, &bytes, &|phase| progress.phase(phase)).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell_modules_from_components() {
        assert_eq!(Contents::of(b"\0asm\x01\0\0\0"), Contents::CoreModule);
        assert_eq!(Contents::of(b"\0asm\x0d\0\x01\0"), Contents::Component);
        for other in [&b""[..], b"\0asm", b"\0asm\x01\0\0", b"(component)", b"{\"id\": 1}"] {
            assert_eq!(Contents::of(other), Contents::Other);
        }
    }

    #[test]
    fn a_component_is_named_after_its_file() {
        let names = ["a/counter.core.wasm", "import-csv.component.wasm", "x.wasm", "plain", ".wasm"];
        assert_eq!(names.map(|name| name_of(Path::new(name))), ["counter", "import-csv", "x", "plain", ""]);
    }
}

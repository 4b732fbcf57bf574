//! From a core module to a component.

mod preview1;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// The contract, as it was when this host was built.
const STEP_WIT: &str = include_str!("../../../wit/step.wit");

/// How a guest writes its strings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// Nearly all languages.
    #[default]
    Utf8,
    /// AssemblyScript, for one.
    Utf16,
}

/// How a core module is made a component.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct ComponentizeOptions<'a> {
    /// World of `wit/step.wit` that the module implements. `None` is `step`. Looked at only for a module that does
    /// not say which world it implements.
    pub world: Option<&'a str>,
    /// How the module writes its strings. Looked at only for a module that does not say.
    pub encoding: Encoding,
}

reentry_core::setters!(ComponentizeOptions<'a> { world: Option<&'a str>, encoding: Encoding, });

/// Why a core module was not made a component.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ComponentizeError {
    /// The bytes are a component already.
    #[error("this is a component already")]
    Component,
    /// The bytes are not WebAssembly.
    #[error("this is not a WebAssembly module")]
    NotWasm,
    /// The contract has no such world.
    #[error("the contract has no world `{0}`; it has `step` and `migratable-step`")]
    World(String),
    /// The module uses functions of WASI preview 1 that a step cannot have.
    #[error(
        "the module uses {} of WASI preview 1, which a step cannot have: it has no sockets and no signals",
        .functions.join(", ")
    )]
    Preview1 {
        /// Their names.
        functions: Vec<String>,
    },
    /// The module does not fit the world: a missing export, an import that the world has not, a wrong type.
    #[error("the module cannot be made a component of package `reentry:step`: {0}")]
    Module(String),
}

/// Makes a core module a component.
///
/// A module that was built with bindings carries the description of its world in a custom section; others are taken
/// to implement the world of `options`. A module that was linked against WASI preview 1 gets what stands in for it:
/// standard output and error go to the log, clock and randomness come from the host, and there are no files.
///
/// # Errors
/// [`ComponentizeError`].
pub fn componentize(
    core_module: &[u8],
    options: ComponentizeOptions<'_>,
) -> Result<Vec<u8>, ComponentizeError> {
    if wasmparser::Parser::is_component(core_module) {
        return Err(ComponentizeError::Component);
    }
    if !wasmparser::Parser::is_core_wasm(core_module) {
        return Err(ComponentizeError::NotWasm);
    }
    let mut module = core_module.to_vec();
    if !says_its_world(core_module)? {
        let mut resolve = Resolve::default();
        let package = resolve.push_str("step.wit", STEP_WIT).map_err(bad)?;
        let name = options.world.unwrap_or("step");
        let world = resolve
            .select_world(&[package], Some(name))
            .map_err(|_| ComponentizeError::World(name.to_owned()))?;
        let encoding = match options.encoding {
            Encoding::Utf8 => StringEncoding::UTF8,
            Encoding::Utf16 => StringEncoding::UTF16,
        };
        embed_component_metadata(&mut module, &resolve, world, encoding).map_err(bad)?;
    }
    let encoder = ComponentEncoder::default().validate(true).module(&module).map_err(bad)?;
    preview1::adapt(encoder, core_module)?.encode().map_err(bad)
}

fn bad(error: impl std::fmt::Display) -> ComponentizeError {
    // The alternate form has the whole chain of causes.
    ComponentizeError::Module(format!("{error:#}"))
}

/// Whether a module has the custom section in which bindings describe its world.
fn says_its_world(core_module: &[u8]) -> Result<bool, ComponentizeError> {
    for payload in wasmparser::Parser::new(0).parse_all(core_module) {
        match payload {
            Ok(wasmparser::Payload::CustomSection(section))
                if section.name().starts_with("component-type") =>
            {
                return Ok(true);
            }
            Ok(_) => {}
            Err(error) => return Err(ComponentizeError::Module(error.to_string())),
        }
    }
    Ok(false)
}

//! WASI preview 1 for core modules that link against it: a module of our own that answers with the contract alone.

use std::collections::BTreeSet;

use wasmparser::{Parser, Payload};
use wit_component::{ComponentEncoder, LibraryInfo, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use super::{ComponentizeError, STEP_WIT, bad};

/// The module that preview 1 functions are imported from.
const MODULE: &str = "wasi_snapshot_preview1";

/// What the adapter imports, beside the memory of the guest.
const WORLD: &str = "package reentry:preview1; world preview1 { import reentry:step/host@0.1.0; }";

/// Adds the adapter to `encoder` if `core_module` asks for preview 1.
///
/// # Errors
/// [`ComponentizeError::Preview1`] when it asks for functions that the adapter has not.
pub(super) fn adapt(
    encoder: ComponentEncoder,
    core_module: &[u8],
) -> Result<ComponentEncoder, ComponentizeError> {
    let wanted = imports(core_module)?;
    if wanted.is_empty() {
        return Ok(encoder);
    }
    let mut adapter = wat::parse_str(include_str!("preview1.wat")).map_err(bad)?;
    let offered = exports(&adapter)?;
    let missing: Vec<String> = wanted.difference(&offered).cloned().collect();
    if !missing.is_empty() {
        return Err(ComponentizeError::Preview1 { functions: missing });
    }
    let mut resolve = Resolve::default();
    resolve.push_str("step.wit", STEP_WIT).map_err(bad)?;
    let package = resolve.push_str("preview1.wit", WORLD).map_err(bad)?;
    let world = resolve.select_world(&[package], None).map_err(bad)?;
    embed_component_metadata(&mut adapter, &resolve, world, StringEncoding::UTF8).map_err(bad)?;
    // A library and not an adapter, in the words of wit-component: those may not have a memory of their own.
    let library = LibraryInfo { instantiate_after_shims: false, arguments: Vec::new() };
    encoder.library(MODULE, &adapter, library).map_err(bad)
}

/// Names of the preview 1 functions that a module imports.
fn imports(module: &[u8]) -> Result<BTreeSet<String>, ComponentizeError> {
    let mut names = BTreeSet::new();
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::ImportSection(section) = payload.map_err(bad)? {
            for import in section.into_imports() {
                let import = import.map_err(bad)?;
                if import.module == MODULE {
                    names.insert(import.name.to_owned());
                }
            }
        }
    }
    Ok(names)
}

fn exports(module: &[u8]) -> Result<BTreeSet<String>, ComponentizeError> {
    let mut names = BTreeSet::new();
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::ExportSection(section) = payload.map_err(bad)? {
            for export in section {
                names.insert(export.map_err(bad)?.name.to_owned());
            }
        }
    }
    Ok(names)
}

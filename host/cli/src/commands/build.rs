//! `reentry build`: a component from a core module.

use std::path::{Path, PathBuf};

use reentry::core::digest::ComponentDigest;
use reentry::wasm::{ComponentizeOptions, Encoding};
use serde_json::json;

use crate::component_file::{made_component, name_of, read};
use crate::exit::Exit;
use crate::failure::{Failure, Report};
use crate::humane::bytes;
use crate::session::Session;

/// Make a component of a core module
///
/// The module must implement a world of the contract, `reentry:step`. One that was built with bindings says which; others are taken
/// to implement `step`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The core module
    #[arg(value_name = "CORE.wasm")]
    module: PathBuf,

    /// Where the component goes [default: beside the module, NAME.wasm]
    #[arg(short = 'O', long = "out", value_name = "OUT.wasm")]
    out: Option<PathBuf>,

    /// World that the module implements, if it does not say so itself
    #[arg(long, value_name = "NAME")]
    world: Option<String>,

    /// The module writes its strings in UTF-16 (AssemblyScript does), if it does not say so itself
    #[arg(long)]
    utf16: bool,
}

pub(super) fn perform(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let module = read(&args.module)?;
    let encoding = if args.utf16 { Encoding::Utf16 } else { Encoding::Utf8 };
    let options = ComponentizeOptions { world: args.world.as_deref(), encoding };
    let component = made_component(&args.module, &module, options)?;
    let out = args.out.clone().unwrap_or_else(|| beside(&args.module));
    std::fs::write(&out, &component).map_err(|error| {
        Report::unavailable("file-unavailable", format!("cannot write {}", out.display())).cause(error)
    })?;
    let digest = ComponentDigest::of(&component);
    match session.ui.is_json() {
        true => session.ui.print_json(&json!({"path": out, "bytes": component.len(), "digest": digest}))?,
        false => {
            let size = bytes(u64::try_from(component.len()).unwrap_or(u64::MAX));
            session.ui.print(&format!("{}  {size}  {digest}\n", out.display()))?;
        }
    }
    Ok(Exit::Done)
}

/// `dir/name.core.wasm` gives `dir/name.wasm`; a module that is called that already gives `dir/name.component.wasm`.
fn beside(module: &Path) -> PathBuf {
    let name = name_of(module);
    let out = module.with_file_name(format!("{name}.wasm"));
    if out == module { module.with_file_name(format!("{name}.component.wasm")) } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_module_is_never_overwritten() {
        let outs = ["a/x.core.wasm", "x.wasm", "x"].map(|module| beside(Path::new(module)));
        assert_eq!(outs, ["a/x.wasm", "x.component.wasm", "x.wasm"].map(PathBuf::from));
    }
}

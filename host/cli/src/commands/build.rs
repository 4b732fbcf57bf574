//! `reentry build`: components from a project in any of the languages, or from a core module.

use std::path::{Path, PathBuf};

use reentry::core::digest::ComponentDigest;
use reentry::wasm::{ComponentizeOptions, Encoding};
use serde::Serialize;
use serde_json::json;

use crate::component_file::{Contents, made_component, name_of, read};
use crate::exit::Exit;
use crate::failure::{Failure, Report};
use crate::humane::bytes;
use crate::languages::{Engine, Language, Project, detect, language_parser};
use crate::session::Session;

/// Make components of a project, or of a core module
///
/// A project is a folder with the manifest of its language: Cargo.toml, package.json, tsconfig.json, pyproject.toml, go.mod,
/// asconfig.json; or, for C, C++ and Zig, with a reentry.json: {"language": "c"}. The language's own tools build it; `reentry doctor`
/// tells which those are, and whether they are there.
///
/// A core module must implement a world of the contract, `reentry:step`. One that was built with bindings says which; others are taken
/// to implement `step`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A project's folder, or a core module
    #[arg(value_name = "PATH", default_value = ".", hide_default_value = true)]
    path: PathBuf,

    /// Where the component goes, a file or a folder that is there [default: NAME.wasm in the project's folder, or beside the module]
    #[arg(short = 'O', long = "out", value_name = "PATH")]
    out: Option<PathBuf>,

    /// The language of a project that does not say it itself
    #[arg(long, value_name = "LANGUAGE", value_parser = language_parser())]
    lang: Option<&'static Language>,

    /// The engine that a step in JavaScript or TypeScript runs on
    #[arg(long, value_enum, default_value_t)]
    engine: Engine,

    /// World that a core module implements, if it does not say so itself
    #[arg(long, value_name = "NAME")]
    world: Option<String>,

    /// A core module writes its strings in UTF-16 (AssemblyScript does), if it does not say so itself
    #[arg(long)]
    utf16: bool,
}

impl Args {
    /// Where a component goes: where the caller said, or else to its own place.
    fn place(&self, own: PathBuf) -> PathBuf {
        match &self.out {
            Some(folder) if folder.is_dir() => folder.join(own.file_name().unwrap_or_default()),
            Some(file) => file.clone(),
            None => own,
        }
    }
}

/// A component that was made.
#[derive(Debug, Serialize)]
struct Built {
    path: PathBuf,
    bytes: usize,
    digest: ComponentDigest,
}

pub(super) fn perform(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let built = match args.path.is_dir() {
        true => project(args, session)?,
        false => {
            let encoding = if args.utf16 { Encoding::Utf16 } else { Encoding::Utf8 };
            let options = ComponentizeOptions { world: args.world.as_deref(), encoding };
            let component = made_component(&args.path, &read(&args.path)?, options)?;
            vec![written(args.place(beside(&args.path)), &component)?]
        }
    };
    if session.ui.is_json() {
        session.ui.print_json(&json!({ "components": built }))?;
        return Ok(Exit::Done);
    }
    let line = |one: &Built| {
        let size = bytes(u64::try_from(one.bytes).unwrap_or(u64::MAX));
        format!("{}  {size}  {}\n", one.path.display(), one.digest)
    };
    session.ui.print(&built.iter().map(line).collect::<String>())?;
    Ok(Exit::Done)
}

fn project(args: &Args, session: &Session) -> Result<Vec<Built>, Failure> {
    let language = args.lang.map_or_else(|| detect(&args.path), Ok)?;
    let project = Project::open(&args.path, language, args.engine, session.ui)?;
    project.check_tools()?;
    let made = (language.build)(&project)?;
    if made.len() > 1 && args.out.as_ref().is_some_and(|out| !out.is_dir()) {
        let names: Vec<&str> = made.iter().map(|one| one.name.as_str()).collect();
        let message =
            format!("--out names one file, but the project has several components: {}", names.join(", "));
        return Err(Report::refused("several-components", message)
            .hint("a folder that is there takes them all")
            .into());
    }
    let mut built = Vec::new();
    for one in made {
        let bytes = read(&one.file)?;
        let component = match Contents::of(&bytes) {
            Contents::Component => bytes,
            _ => made_component(
                &one.file,
                &bytes,
                ComponentizeOptions { world: None, encoding: one.encoding },
            )?,
        };
        let own = args.path.join(format!("{}.wasm", one.name));
        built.push(written(args.place(own), &component)?);
    }
    Ok(built)
}

fn written(path: PathBuf, component: &[u8]) -> Result<Built, Failure> {
    std::fs::write(&path, component).map_err(|error| {
        Report::unavailable("file-unavailable", format!("cannot write {}", path.display())).cause(error)
    })?;
    Ok(Built { path, bytes: component.len(), digest: ComponentDigest::of(component) })
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
    fn a_folder_takes_components_under_their_own_names() {
        let folder = std::env::temp_dir();
        let place = |out: Option<&Path>| {
            let args = Args {
                path: PathBuf::from("."),
                out: out.map(Path::to_owned),
                lang: None,
                engine: Engine::default(),
                world: None,
                utf16: false,
            };
            args.place(PathBuf::from("a/buy.wasm"))
        };
        assert_eq!(place(Some(&folder)), folder.join("buy.wasm"));
        assert_eq!(place(Some(Path::new("none/out.wasm"))), Path::new("none/out.wasm"));
        assert_eq!(place(None), Path::new("a/buy.wasm"));
    }

    #[test]
    fn the_module_is_never_overwritten() {
        let outs = ["a/x.core.wasm", "x.wasm", "x"].map(|module| beside(Path::new(module)));
        assert_eq!(outs, ["a/x.wasm", "x.component.wasm", "x.wasm"].map(PathBuf::from));
    }
}

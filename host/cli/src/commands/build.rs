//! `reentry build`: components from a project in any of the languages, or from a core module.

mod look;
mod places;

use std::path::{Path, PathBuf};

use reentry::core::digest::ComponentDigest;
use reentry::wasm::{ComponentizeOptions, Encoding};
use reentry_wire::{Built, BuiltComponent};

use crate::codes;
use crate::component_file::{Contents, made_component, name_of, read};
use crate::exit::Exit;
use crate::failure::{Failure, Report};
use crate::humane::bytes;
use crate::languages::{Engine, Language, Project, detect, language_parser};
use crate::session::Session;
use places::Author;

/// File among those that building leaves with the names of the components that were made.
const MADE: &str = "made.txt";

/// Make components of a project, or of a core module, and say which steps they have
///
/// What was made is opened as a host would open it: a component that no host would take is an error here. A build
/// that fails removes the component that an earlier one made. With --verbose the calls of tools are shown.
///
/// A project is a folder with the manifest of its language: Cargo.toml, package.json, tsconfig.json, pyproject.toml,
/// go.mod, asconfig.json; or, for C, C++ and Zig, with a reentry.json: {"language": "c"}. The language's own tools
/// build it; `reentry doctor` tells which those are, and whether they are there. The same sources make the same
/// component, in whatever folder they lie. What slow tools made is kept in $XDG_CACHE_HOME/reentry/built (~/.cache if
/// that is not set) and used again for the same sources.
///
/// A core module must implement a world of the contract, `reentry:step`. One that was built with bindings says which;
/// others are taken to implement `step`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A project's folder, or a core module
    #[arg(value_name = "PATH", default_value = ".", hide_default_value = true)]
    path: PathBuf,

    /// Where the component goes, a file or a folder that is there [default: NAME.wasm in the project's folder, or
    /// beside the module]
    #[arg(short = 'O', long = "out", value_name = "PATH")]
    out: Option<PathBuf>,

    /// The language of a project that does not say it itself
    #[arg(long, value_name = "LANGUAGE", value_parser = language_parser())]
    lang: Option<&'static Language>,

    /// The engine that a step in JavaScript or TypeScript runs on
    #[arg(long, value_enum, default_value_t)]
    engine: Engine,

    /// Make everything anew, whatever is kept of earlier builds
    #[arg(long)]
    force: bool,

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

pub(super) fn perform(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let built = match args.path.is_dir() {
        true => project(args, session)?,
        false => vec![module(args, session)?],
    };
    if session.ui.is_json() {
        session.ui.print_json(&Built { components: &built })?;
        return Ok(Exit::Done);
    }
    let told = |one: &BuiltComponent| {
        let size = bytes(u64::try_from(one.bytes).unwrap_or(u64::MAX));
        let unchanged = if one.unchanged { "  unchanged" } else { "" };
        format!("{}  {size}  {}{unchanged}\n{}", one.path.display(), one.digest, look::text(&one.steps))
    };
    session.ui.print(&built.iter().map(told).collect::<String>())?;
    Ok(Exit::Done)
}

fn module(args: &Args, session: &Session) -> Result<BuiltComponent, Failure> {
    let encoding = if args.utf16 { Encoding::Utf16 } else { Encoding::Utf8 };
    let mut options = ComponentizeOptions::default().encoding(encoding);
    options.world = args.world.as_deref();
    let component = made_component(&args.path, &read(&args.path)?, options)?;
    let author = Author::of_module(&args.path);
    built(session, &author, args.place(beside(&args.path)), &component, args.force)
}

fn project(args: &Args, session: &Session) -> Result<Vec<BuiltComponent>, Failure> {
    let language = args.lang.map_or_else(|| detect(&args.path), Ok)?;
    let project = Project::open(&args.path, language, args.engine, args.force, session.ui)?;
    let names = made_before(&project);
    let built = components(args, session, &project);
    if built.is_err() {
        // What is there was made of other sources.
        let places = names.iter().map(|name| args.place(args.path.join(format!("{name}.wasm"))));
        places.for_each(|place| remove_old(session, &place));
    }
    built
}

fn components(args: &Args, session: &Session, project: &Project) -> Result<Vec<BuiltComponent>, Failure> {
    project.check_tools()?;
    let made = (project.language.build)(project)?;
    let names: Vec<&str> = made.iter().map(|one| one.name.as_str()).collect();
    if made.len() > 1 && args.out.as_ref().is_some_and(|out| !out.is_dir()) {
        let message =
            format!("--out names one file, but the project has several components: {}", names.join(", "));
        return Err(Report::new(&codes::SEVERAL_COMPONENTS, message)
            .hint("a folder that is there takes them all")
            .into());
    }
    project.write(MADE, &format!("{}\n", names.join("\n")))?;
    let author = Author::of(project);
    let mut all = Vec::new();
    for one in &made {
        let bytes = read(&one.file)?;
        let component = match Contents::of(&bytes) {
            Contents::Component => bytes,
            _ => {
                let options = ComponentizeOptions::default().encoding(one.encoding);
                made_component(&one.file, &bytes, options).map_err(|failure| author.told(failure))?
            }
        };
        let own = args.path.join(format!("{}.wasm", one.name));
        all.push(built(session, &author, args.place(own), &component, args.force)?);
    }
    Ok(all)
}

/// Looks at a component, and puts it in its place.
fn built(
    session: &Session,
    author: &Author<'_>,
    path: PathBuf,
    component: &[u8],
    force: bool,
) -> Result<BuiltComponent, Failure> {
    let steps = look::steps(session, author, &path, component, force)?;
    let unchanged = std::fs::read(&path).is_ok_and(|before| before == component);
    // Written all the same: to those who compare times it is newer than the sources.
    std::fs::write(&path, component).map_err(|error| {
        Report::new(&reentry::codes::FILE_UNAVAILABLE, format!("cannot write {}", path.display()))
            .cause(error)
    })?;
    Ok(BuiltComponent {
        path,
        bytes: component.len(),
        digest: ComponentDigest::of(component),
        unchanged,
        steps,
    })
}

/// The names of the components that the last build made; before the first one the name that most languages give.
fn made_before(project: &Project) -> Vec<String> {
    let kept = project.work(MADE).ok().and_then(|file| std::fs::read_to_string(file).ok());
    kept.unwrap_or_else(|| project.name.clone()).lines().map(str::to_owned).collect()
}

/// Removes a component of an earlier build.
fn remove_old(session: &Session, place: &Path) {
    let is_component = std::fs::read(place).is_ok_and(|bytes| Contents::of(&bytes) == Contents::Component);
    if is_component && std::fs::remove_file(place).is_ok() {
        session.ui.note(&format!("removed {}, which an earlier build made", place.display()));
    }
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
                force: false,
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

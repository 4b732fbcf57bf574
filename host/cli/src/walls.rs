//! The walls around commands that run or compile guests.

use std::collections::BTreeSet;
use std::fs::{DirBuilder, File};
use std::io::Read as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use reentry_walls::{Standing, Walls};
use reentry_wire::workflow_file::Source;

use crate::args::Given;
use crate::cli::Command;
use crate::commands::{components, workflow};
use crate::component_file::Contents;

/// Most bytes of a workflow file that is read for the components that it names.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// Puts the walls up around this process, if the command is one that may run or compile guests. Those that start other
/// programs run none: `build` has a process of its own look at what it made.
///
/// To be called before threads are started.
pub(crate) fn put_up(command: &Command, matches: &ArgMatches, data_dir: &Path) -> Standing {
    if !has_guests(command) {
        return Standing::default();
    }
    if makes_data_folder(command) {
        // Whatever is wrong with it is told when it is opened.
        let _ = DirBuilder::new().recursive(true).mode(0o700).create(data_dir);
    }
    let mut walls = Walls::new().data_folder(data_dir);
    if let Command::Backup(args) = command {
        let _ = DirBuilder::new().recursive(true).mode(0o700).create(args.folder());
        walls = walls.written(args.folder());
    }
    for path in named(matches) {
        for component in components_of(&path) {
            walls = walls.read(component);
        }
        walls = walls.read(path);
    }
    walls.put_up()
}

/// Whether a command may run or compile guests.
pub(crate) fn has_guests(command: &Command) -> bool {
    match command {
        Command::Run(_)
        | Command::Resume(_)
        | Command::Inbox(_)
        | Command::Runs(_)
        | Command::Components(_)
        | Command::Event(_)
        | Command::Workflow(_)
        | Command::Work(_)
        | Command::Tenants(_)
        | Command::Backup(_)
        | Command::Restore(_)
        | Command::Look(_) => true,
        Command::New(_)
        | Command::Build(_)
        | Command::Doctor(_)
        | Command::Limits(_)
        | Command::Completions(_)
        | Command::Man(_)
        | Command::ExitCodes(_) => false,
    }
}

/// Whether a command makes the data folder if it is not there: only what is there can be left open.
fn makes_data_folder(command: &Command) -> bool {
    match command {
        Command::Components(components::Command::Add(args)) => args.file().exists(),
        Command::Run(_) | Command::Restore(_) | Command::Workflow(workflow::Command::Apply(_)) => true,
        _ => false,
    }
}

/// All files and folders that the command line names, whatever for.
fn named(matches: &ArgMatches) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for id in matches.ids().map(clap::Id::as_str) {
        // An argument of another type is no path.
        let paths = matches.try_get_many::<PathBuf>(id).ok().flatten();
        found.extend(paths.into_iter().flatten().cloned());
        let given = matches.try_get_many::<Given>(id).ok().flatten();
        found.extend(given.into_iter().flatten().filter_map(|given| match given {
            Given::File(path) => Some(path.clone()),
            Given::Text(_) | Given::Stdin => None,
        }));
    }
    found.extend(matches.subcommand().into_iter().flat_map(|(_, below)| named(below)));
    found
}

/// The files of components that a workflow file names; none of any other file.
fn components_of(path: &Path) -> Vec<PathBuf> {
    let Some(source) = workflow_file(path) else { return Vec::new() };
    let folder = path.parent().unwrap_or(Path::new("."));
    let files = source.component_names().into_iter().map(|name| folder.join(name));
    files.filter(|file| file.is_file()).collect()
}

/// A workflow file, if it can be understood; what is wrong with it is told when it is opened.
fn workflow_file(path: &Path) -> Option<Source> {
    // A pipe could be read only once.
    let size = path.metadata().ok().filter(std::fs::Metadata::is_file)?.len();
    let mut file = File::open(path).ok().filter(|_| size <= FILE_BYTES_MAX)?;
    let mut bytes = Vec::new();
    (&mut file).take(8).read_to_end(&mut bytes).ok()?;
    if Contents::of(&bytes) != Contents::Other {
        return None;
    }
    file.take(FILE_BYTES_MAX).read_to_end(&mut bytes).ok()?;
    Source::read(path, &bytes).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fmt::Write as _;

    use reentry_walls::{CALLS, Only, PLACES, Right, Where};

    use super::*;
    use crate::help;

    /// The tables of docs/security.md.
    fn tables() -> String {
        let mut text = "| place | right | why |\n| --- | --- | --- |\n".to_owned();
        for place in PLACES {
            let at = match place.at {
                Where::DataFolder => "the data folder".to_owned(),
                Where::Cache => "the folder `cache` in it".to_owned(),
                Where::Read => "what was named to be read".to_owned(),
                Where::Written => "what was named to be written".to_owned(),
                Where::Program => "the program itself".to_owned(),
                Where::At(path) => format!("`{path}`"),
            };
            let right = match place.right {
                Right::Read => "read",
                Right::Write => "read, write, make, rename, remove",
            };
            writeln!(text, "| {at} | {right} | {} |", place.why).unwrap();
        }
        text += "\n| calls | only | why |\n| --- | --- | --- |\n";
        for listed in CALLS {
            let names: Vec<String> = listed.calls.iter().map(|(name, _)| format!("`{name}`")).collect();
            let only = if listed.only == Only::Any { "" } else { listed.only.text() };
            writeln!(text, "| {} | {only} | {} |", names.join(" "), listed.why).unwrap();
        }
        text
    }

    #[test]
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    fn the_page_has_all_that_is_left_to_processes_behind_walls() {
        let (page, tables) = (include_str!("../../../docs/security.md"), tables());
        assert!(page.contains(&tables), "docs/security.md lacks these tables:\n{tables}");
    }

    fn named_in(folder: &Path, words: &[&str]) -> String {
        let words = words.iter().map(|word| word.replace('~', &folder.to_string_lossy()));
        let matches = help::command().get_matches_from(std::iter::once("reentry".to_owned()).chain(words));
        let below = |path: PathBuf| path.strip_prefix(folder).unwrap().display().to_string();
        named(&matches).into_iter().map(below).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn every_path_on_the_command_line_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let found = |words: &[&str]| named_in(folder.path(), words);
        let run = ["--data-dir=~/d", "run", "~/w.yaml", "--input", "@~/in.json", "--state", "{}"];
        insta::assert_snapshot!(found(&run), @"d in.json w.yaml");
        insta::assert_snapshot!(found(&["resume", "last", "--data", "@~/answer.json"]), @"answer.json");
        insta::assert_snapshot!(found(&["workflow", "check", "~/a.yaml", "~/b.json"]), @"a.yaml b.json");
        insta::assert_snapshot!(found(&["restore", "~/backup"]), @"backup");
        insta::assert_snapshot!(found(&["runs", "list"]), @"");
    }

    #[test]
    fn the_components_that_a_workflow_file_names_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("flows")).unwrap();
        std::fs::write(at("pay.wasm"), b"\0asm\x0d\0\x01\0").unwrap();
        let steps = r#"[{"then": {"component": "../pay.wasm", "step": "pay"}}, {"then": {"component": "name", "step": "s"}}]"#;
        std::fs::write(at("flows/w.json"), format!(r#"{{"id": "w", "steps": {steps}}}"#)).unwrap();
        assert_eq!(components_of(&at("flows/w.json")), [at("flows/../pay.wasm")]);
        for other in ["pay.wasm", "flows", "none"] {
            assert!(components_of(&at(other)).is_empty(), "{other}");
        }
    }
}

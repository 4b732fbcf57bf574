//! `reentry doctor`: whether this machine has what building and running need.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use reentry_walls::Wall;
use reentry_wire::{DataDirState, Doctor, ToolRow, WallRow};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::languages::{Engine, LANGUAGES, Language, Places, Tool, detect};
use crate::session::Session;
use crate::table::Table;

/// Look for the tools of each language, for the walls around guests, and at the data folder
///
/// Ends with 0 if the project in the present folder can be built, or if there is none, and if the data folder can be
/// used; else with 1.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The project's folder
    #[arg(value_name = "PATH", default_value = ".", hide_default_value = true)]
    path: PathBuf,
}

pub(super) fn perform(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let folder = args.path.canonicalize().unwrap_or_else(|_| args.path.clone());
    let places = Places::new(&folder, &std::env::var_os("PATH").unwrap_or_default());
    // A folder that is no project is none that lacks something.
    let project = detect(&folder).ok();
    let check = |language: &'static Language| {
        let places = &places;
        let here = project.is_some_and(|project| project.name == language.name);
        let always = language.tools.iter().map(|tool| (tool, None));
        let engines = language.engines.iter().map(|(engine, tool)| (tool, Some(*engine)));
        always.chain(engines).map(move |(tool, engine)| checked(language, tool, engine, here, places))
    };
    let tools: Vec<ToolRow> = LANGUAGES.into_iter().flat_map(check).collect();
    // Last, as it leaves no core files, of tools neither.
    let walls = walls();
    let data = data_folder(session.data_dir());
    let fine = data.is_ok() && !tools.iter().any(stands_in_the_way);
    if session.ui.is_json() {
        let (is_fine, state) = match &data {
            Ok(state) => (true, state),
            Err(problem) => (false, problem),
        };
        let data_dir = DataDirState { ok: is_fine, path: session.data_dir(), state };
        let project = project.map(|language| language.name);
        session.ui.print_json(&Doctor { data_dir, ok: fine, project, tools: &tools, walls: &walls })?;
    } else {
        let state = data.unwrap_or_else(|problem| session.ui.out.red(&problem));
        let project = match project {
            Some(language) => format!("{}: a project in {}\n", args.path.display(), language.title),
            None => String::new(),
        };
        session.ui.print(&format!(
            "{}\n{}\n{project}data folder {}: {state}\n",
            table(session, &tools),
            walls_table(session, &walls),
            session.data_dir().display()
        ))?;
    }
    Ok(if fine { Exit::Done } else { Exit::Unavailable })
}

/// The walls that this system gives, and those that it does not.
fn walls() -> Vec<WallRow> {
    let standing = reentry_walls::look();
    let row = |wall: Wall| {
        let missed = standing.missed.iter().find(|(missed, _)| *missed == wall);
        let reason = missed.map(|(_, reason)| reason.clone());
        WallRow { keeps: wall.keeps(), name: wall.name(), ok: standing.had.contains(&wall), reason }
    };
    Wall::ALL.map(row).into()
}

/// One row a wall.
fn walls_table(session: &Session, walls: &[WallRow]) -> String {
    let mut table = Table::new(["WALL", "STANDS", "KEEPS FROM GUESTS THAT BREAK OUT"]);
    for wall in walls {
        let stands = match &wall.reason {
            None => "yes".to_owned(),
            Some(reason) => session.ui.out.yellow(&format!("no: {reason}")),
        };
        table.row([wall.name.to_owned(), stands, wall.keeps.to_owned()]);
    }
    table.text(session.ui.out)
}

/// Whether the project in the folder cannot be built because of a tool.
fn stands_in_the_way(tool: &ToolRow) -> bool {
    tool.in_project && !tool.ok && tool.option.is_none()
}

fn checked(
    language: &'static Language,
    tool: &'static Tool,
    engine: Option<Engine>,
    in_project: bool,
    places: &Places,
) -> ToolRow {
    let found = tool.find(places);
    let option =
        engine.filter(|engine| *engine != Engine::default()).map(|engine| format!("--engine {engine}"));
    ToolRow {
        language: language.name,
        tool: tool.name,
        option,
        in_project,
        ok: found.as_ref().is_some_and(|found| tool.is_met_by(found)),
        found: found.as_ref().map(|found| found.version.clone().unwrap_or_else(|| "yes".to_owned())),
        path: found.map(|found| found.path),
        wanted: tool.wanted_text(),
        install: tool.install,
    }
}

/// One row a tool; the command that installs it where it is missing.
fn table(session: &Session, tools: &[ToolRow]) -> String {
    let mut table = Table::new(["LANGUAGE", "TOOL", "FOUND", "WANTED", "INSTALL"]);
    let mut before = "";
    for tool in tools {
        let language = if tool.language == before { "" } else { tool.language };
        before = tool.language;
        let found = tool.found.clone().unwrap_or_else(|| "no".to_owned());
        let (found, install) = match tool.ok {
            true => (found, ""),
            false => (session.ui.out.yellow(&found), tool.install),
        };
        let name = match &tool.option {
            Some(option) => format!("{} ({option})", tool.tool),
            None => tool.tool.to_owned(),
        };
        let cells = [language.to_owned(), name, found, tool.wanted.clone(), install.to_owned()];
        table.row(cells);
    }
    table.text(session.ui.out)
}

/// How the data folder stands: `Err` if it cannot be used.
fn data_folder(folder: &Path) -> Result<String, String> {
    let Ok(found) = folder.metadata() else {
        return Ok("not there yet; the first run makes it".to_owned());
    };
    if !found.is_dir() {
        return Err("this is no folder".to_owned());
    }
    let probe = folder.join(format!(".doctor-{}", std::process::id()));
    if let Err(error) = std::fs::write(&probe, []).and_then(|()| std::fs::remove_file(&probe)) {
        return Err(format!("it cannot be written: {error}"));
    }
    match found.permissions().mode() & 0o077 {
        0 => Ok("it can be written, and its owner alone can read it".to_owned()),
        _ => Err(format!("others may read or write it; `chmod 700 {}` ends that", folder.display())),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::ffi::OsStr;

    use super::*;
    use crate::languages::find;

    #[test]
    fn what_only_an_option_asks_for_may_be_missing() {
        let places = Places::new(Path::new("/"), OsStr::new(""));
        let language = find("javascript").unwrap();
        let engines = language.engines.iter();
        let missing: Vec<_> = engines
            .map(|(engine, tool)| checked(language, tool, Some(*engine), true, &places))
            .map(|tool| (tool.tool, stands_in_the_way(&tool), tool.option))
            .collect();
        let option = Some("--engine starlingmonkey".to_owned());
        assert_eq!(missing, [("componentize-qjs", true, None), ("componentize-js", false, option)]);
    }

    #[test]
    fn a_data_folder_that_others_may_read_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let set =
            |mode| std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(mode)).unwrap();
        set(0o700);
        assert!(data_folder(folder.path()).is_ok());
        for open in [0o750, 0o705] {
            set(open);
            assert!(data_folder(folder.path()).unwrap_err().contains("chmod 700"));
        }
        assert!(data_folder(&folder.path().join("none")).is_ok());
        std::fs::write(folder.path().join("file"), []).unwrap();
        assert!(data_folder(&folder.path().join("file")).is_err());
    }
}

//! `reentry new`: projects that can be built, tested and run at once.

use std::path::Path;

use reentry_wire::ProjectMade;

use crate::codes;
use crate::exit::Exit;
use crate::failure::{Failure, Report};
use crate::languages::{
    Embedded, Engine, Language, Places, SDK, language_parser, missing, sdk, template, write,
};
use crate::session::Session;

/// Longest name. It is a folder, a package and the id of a step.
const NAME_LENGTH_MAX: usize = 64;

/// Names that packages cannot have beside those of the SDK and of the languages' own libraries.
const TAKEN: [&str; 10] =
    ["alloc", "core", "main", "proc-macro", "reentry", "reentry-step", "schemars", "serde", "std", "test"];

/// The step of a workflow that is made anew.
const STEP_OF_WORKFLOW: &str = "ask";

/// What a new project may be.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Step(StepArgs),
    Workflow(WorkflowArgs),
}

/// Make a project for a step, in a folder of its name
///
/// The project has the step, the SDK, and a test that takes the step through its wait. Nothing that exists is
/// overwritten.
#[derive(Debug, clap::Args)]
pub(crate) struct StepArgs {
    /// Lower-case letters, digits and single hyphens, beginning with a letter
    #[arg(value_parser = name)]
    name: String,

    /// The language that the step is written in
    #[arg(long, value_name = "LANGUAGE", value_parser = language_parser())]
    lang: &'static Language,
}

/// Make a workflow with a step of its own, in a folder of its name
#[derive(Debug, clap::Args)]
pub(crate) struct WorkflowArgs {
    /// Lower-case letters, digits and single hyphens, beginning with a letter
    #[arg(value_parser = name)]
    name: String,

    /// The language that the step is written in
    #[arg(long, value_name = "LANGUAGE", value_parser = language_parser())]
    lang: &'static Language,
}

pub(super) fn perform(command: Command, session: &Session) -> Result<Exit, Failure> {
    match command {
        Command::Step(StepArgs { name, lang }) => {
            let files = step_files(lang, &name);
            made(session, &name, lang, Path::new(&name), files)
        }
        Command::Workflow(WorkflowArgs { name, lang }) => {
            let within = |(path, contents): File| (format!("{STEP_OF_WORKFLOW}/{path}"), contents);
            let step = step_files(lang, STEP_OF_WORKFLOW).into_iter().map(within);
            let files = filled(template("workflow"), &name, lang).chain(step).collect();
            made(session, &name, lang, &Path::new(&name).join(STEP_OF_WORKFLOW), files)
        }
    }
}

/// A file and its path within the project.
type File = (String, Vec<u8>);

/// What a step's project is made of: the template that all languages share, that of the language, and the SDK.
fn step_files(lang: &'static Language, name: &str) -> Vec<File> {
    let sdk = sdk(lang).map(|(path, contents)| (format!("{SDK}/{path}"), contents.to_vec()));
    filled(template("step"), name, lang).chain(filled(template(lang.name), name, lang)).chain(sdk).collect()
}

/// The name as a title for people: `approve-expense` is `Approve expense`.
fn heading(name: &str) -> String {
    let (first, rest) = name.split_at(name.len().min(1));
    format!("{}{}", first.to_ascii_uppercase(), rest.replace('-', " "))
}

/// A template with its blanks filled in: `{{name}}`, `{{heading}}`, and `{{title}}` for the language.
fn filled<'a>(
    files: impl Iterator<Item = Embedded> + 'a,
    name: &'a str,
    lang: &'static Language,
) -> impl Iterator<Item = File> + 'a {
    let fill = move |text: &str| {
        let text = text.replace("{{name}}", name).replace("{{heading}}", &heading(name));
        text.replace("{{title}}", lang.title)
    };
    // What is no text has no blanks.
    files.map(move |(path, contents)| match std::str::from_utf8(contents) {
        Ok(text) => (fill(&path), fill(text).into_bytes()),
        Err(_) => (path, contents.to_vec()),
    })
}

fn made(
    session: &Session,
    name: &str,
    lang: &'static Language,
    step: &Path,
    files: Vec<File>,
) -> Result<Exit, Failure> {
    let folder = Path::new(name);
    if folder.exists() || folder.is_symlink() {
        let message = format!("{name} exists already; nothing was changed");
        return Err(Report::new(&codes::EXISTS, message).hint("choose another name, or move it away").into());
    }
    let count = files.len();
    write(files.iter().map(|(path, contents)| (path.clone(), contents.as_slice())), folder).map_err(
        |error| Report::new(&reentry::codes::FILE_UNAVAILABLE, format!("cannot write {name}")).cause(error),
    )?;
    let mut next = Vec::new();
    let in_top = step == folder;
    let step = step.canonicalize().unwrap_or_else(|_| step.to_owned());
    let places = Places::new(&step, &std::env::var_os("PATH").unwrap_or_default());
    if let Some(report) = missing(&places, lang.needs(Engine::default()), lang.title) {
        let installs = report.hints.iter().map(|hint| hint.trim_matches('`'));
        next.extend(installs.map(|install| match in_top {
            true => install.to_owned(),
            false => format!("(cd {STEP_OF_WORKFLOW} && {install})"),
        }));
    }
    next.insert(0, format!("cd {name}"));
    next.push("sh test.sh".to_owned());
    if session.ui.is_json() {
        session.ui.print_json(&ProjectMade { files: count, language: lang.name, next: &next, path: name })?;
    } else {
        let commands: String = next.iter().map(|command| format!("  {command}\n")).collect();
        session.ui.print(&format!(
            "{name}: {count} files, in {}\n\nbuild it, and take it through its wait with\n{commands}",
            lang.title
        ))?;
    }
    Ok(Exit::Done)
}

/// Checks a name that is to be a folder, a package and an id.
fn name(text: &str) -> Result<String, String> {
    if !has_form(text) {
        let rule = "a name has lower-case letters, digits and single hyphens, and begins with a letter";
        return Err(match likely(text) {
            Some(likely) => format!("{rule}: `{likely}`, for instance"),
            None => rule.to_owned(),
        });
    }
    if text.len() > NAME_LENGTH_MAX {
        return Err(format!("a name has at most {NAME_LENGTH_MAX} characters, and this one {}", text.len()));
    }
    if TAKEN.contains(&text) {
        return Err("a library that steps use has this name".to_owned());
    }
    Ok(text.to_owned())
}

fn has_form(text: &str) -> bool {
    let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let hyphens = text.contains("--") || text.ends_with('-');
    text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(known) && !hyphens
}

/// The name that was probably meant: words in lower case, joined by hyphens.
fn likely(text: &str) -> Option<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let joined = words.collect::<Vec<_>>().join("-").to_ascii_lowercase();
    let likely = joined.trim_start_matches(|c: char| !c.is_ascii_lowercase());
    has_form(likely).then(|| likely.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::languages::LANGUAGES;

    #[test]
    fn names_that_are_no_names_everywhere_are_refused() {
        for good in ["a", "buy", "buy-2", "a1-b2-c3", &"x".repeat(64)] {
            assert_eq!(name(good).as_deref(), Ok(good));
        }
        for bad in [
            "",
            "Buy",
            "2buy",
            "-buy",
            "buy-",
            "b--uy",
            "b_uy",
            "b uy",
            "../buy",
            "büy",
            "serde",
            &"x".repeat(65),
        ] {
            assert!(name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_that_is_none_is_answered_with_one_that_is() {
        let likely = ["Approve_Expense", "../buy it", "2buy", "--", "büy"].map(likely);
        let names = likely.each_ref().map(|name| name.as_deref().unwrap_or("none"));
        assert_eq!(names, ["approve-expense", "buy-it", "buy", "none", "b-y"]);
    }

    #[test]
    fn a_heading_is_the_name_for_people() {
        let headings = ["approve-expense", "buy", "a1-b2-c3"].map(heading);
        assert_eq!(headings, ["Approve expense", "Buy", "A1 b2 c3"]);
    }

    #[test]
    fn every_project_of_a_step_has_all_that_it_needs_and_no_blanks() {
        for language in LANGUAGES {
            let files = step_files(language, "buy");
            let has = |path: &str| files.iter().any(|(name, _)| name == path);
            for path in ["README.md", "test.sh", ".gitignore", language.manifest.unwrap_or("reentry.json")] {
                assert!(has(path), "{} has no {path}", language.name);
            }
            assert!(files.iter().any(|(path, _)| path.starts_with("sdk/")), "{}", language.name);
            for (path, contents) in files.iter().filter(|(path, _)| !path.starts_with("sdk/")) {
                let text = String::from_utf8_lossy(contents);
                let blank =
                    ["{{name}}", "{{heading}}", "{{title}}"].into_iter().find(|blank| text.contains(blank));
                assert_eq!(blank, None, "{}: {path}", language.name);
            }
        }
    }
}

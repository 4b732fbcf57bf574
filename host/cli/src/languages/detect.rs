//! Which language a project is written in.

use std::path::Path;

use serde::Deserialize;

use super::{LANGUAGES, Language};
use crate::args::unreadable;
use crate::codes;
use crate::failure::{Failure, Report};

/// The file that says the language where the language has no manifest of its own.
pub(crate) const SETTINGS: &str = "reentry.json";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    language: String,
}

/// The language of this name.
pub(crate) fn find(name: &str) -> Option<&'static Language> {
    LANGUAGES.into_iter().find(|language| language.name == name)
}

/// The language of the project in a folder.
///
/// # Errors
/// Refused when the folder is no project, when it could be one of several languages, and when its settings cannot be
/// read.
pub(crate) fn detect(folder: &Path) -> Result<&'static Language, Failure> {
    let settings = folder.join(SETTINGS);
    if settings.exists() {
        return settings_language(&settings);
    }
    let here =
        |language: &&Language| language.manifest.is_some_and(|manifest| folder.join(manifest).exists());
    let mut found: Vec<&'static Language> = LANGUAGES.into_iter().filter(here).collect();
    let special: Vec<&str> = found.iter().map(|language| language.name).collect();
    found.retain(|language| !language.special_cases.iter().any(|case| special.contains(case)));
    match found.as_slice() {
        [language] => Ok(language),
        [] => Err(no_project(folder).into()),
        several => Err(ambiguous(folder, several).into()),
    }
}

fn settings_language(file: &Path) -> Result<&'static Language, Failure> {
    let shown = file.display();
    let text = std::fs::read(file).map_err(|error| unreadable(format!("cannot read {shown}"), &error))?;
    let settings: Settings = serde_json::from_slice(&text).map_err(|error| {
        Report::new(&codes::INVALID_SETTINGS, format!("{shown} is not the settings of a project"))
            .cause(error)
            .hint("it looks like this: {\"language\": \"c\"}")
    })?;
    find(&settings.language).ok_or_else(|| {
        let message = format!("{shown}: there is no language `{}`; there are {}", settings.language, names());
        Report::new(&codes::INVALID_SETTINGS, message).into()
    })
}

fn no_project(folder: &Path) -> Report {
    let manifests = LANGUAGES.iter().filter_map(|language| language.manifest).collect::<Vec<_>>().join(", ");
    let message =
        format!("{} is no project of a step: it has none of {manifests}, {SETTINGS}", folder.display());
    Report::new(&codes::NO_PROJECT, message)
        .hint(format!("say the language with `--lang`, or in {SETTINGS}: {{\"language\": \"c\"}}"))
        .hint("`reentry new step NAME --lang LANGUAGE` makes a project")
}

fn ambiguous(folder: &Path, several: &[&Language]) -> Report {
    let manifests = several.iter().filter_map(|language| language.manifest).collect::<Vec<_>>().join(" and ");
    let first = several.first().map_or("rust", |language| language.name);
    let message = format!("{} could be of several languages: it has {manifests}", folder.display());
    Report::new(&codes::NO_PROJECT, message)
        .hint(format!("say which with `--lang`, or in {SETTINGS}: {{\"language\": \"{first}\"}}"))
}

/// All names, for messages.
fn names() -> String {
    LANGUAGES.map(|language| language.name).join(", ")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// The language of a folder with these files, or what is wrong with it.
    fn detected(files: &[(&str, &str)]) -> String {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        match detect(folder.path()) {
            Ok(language) => language.name.to_owned(),
            Err(Failure::Own(report)) => {
                let lines = [vec![report.message], report.causes, report.hints].concat().join("\n");
                lines.replace(&folder.path().display().to_string(), "FOLDER")
            }
            Err(other) => format!("{other:?}"),
        }
    }

    #[test]
    fn the_manifest_tells_the_language() {
        let table: [(&[&str], &str); 8] = [
            (&["Cargo.toml", "README.md"], "rust"),
            (&["package.json"], "javascript"),
            (&["package.json", "tsconfig.json"], "typescript"),
            (&["package.json", "asconfig.json"], "assemblyscript"),
            (&["package.json", "tsconfig.json", "asconfig.json"], "assemblyscript"),
            (&["pyproject.toml"], "python"),
            (&["go.mod"], "go"),
            (&["asconfig.json"], "assemblyscript"),
        ];
        for (files, language) in table {
            let files: Vec<_> = files.iter().map(|name| (*name, "")).collect();
            assert_eq!(detected(&files), language, "{files:?}");
        }
    }

    #[test]
    fn settings_come_before_manifests() {
        for language in LANGUAGES {
            let settings = format!(r#"{{"language": "{}"}}"#, language.name);
            assert_eq!(detected(&[("reentry.json", &settings), ("Cargo.toml", "")]), language.name);
        }
    }

    #[test]
    fn what_is_no_project_is_told_what_makes_it_one() {
        insta::assert_snapshot!(detected(&[("step.c", "")]), @r#"
        FOLDER is no project of a step: it has none of Cargo.toml, tsconfig.json, package.json, pyproject.toml, go.mod, asconfig.json, reentry.json
        say the language with `--lang`, or in reentry.json: {"language": "c"}
        `reentry new step NAME --lang LANGUAGE` makes a project
        "#);
        insta::assert_snapshot!(detected(&[("Cargo.toml", ""), ("go.mod", "")]), @r#"
        FOLDER could be of several languages: it has Cargo.toml and go.mod
        say which with `--lang`, or in reentry.json: {"language": "rust"}
        "#);
        insta::assert_snapshot!(detected(&[("reentry.json", r#"{"language": "cobol"}"#)]), @"FOLDER/reentry.json: there is no language `cobol`; there are rust, typescript, javascript, python, go, c, cpp, zig, assemblyscript");
        insta::assert_snapshot!(detected(&[("reentry.json", r#"{"lang": "c"}"#)]), @r#"
        FOLDER/reentry.json is not the settings of a project
        unknown field `lang`, expected `language` at line 1 column 7
        it looks like this: {"language": "c"}
        "#);
    }
}

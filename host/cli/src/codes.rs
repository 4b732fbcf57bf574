//! The codes of what the command finds out by itself, beside those of the library.

use reentry::core::error::ErrorCode;

reentry::core::error_codes! { pub(crate) table:
    USAGE = "usage", Refused,
        "The command line is not understood.",
        "A command, option or argument is unknown, missing or of the wrong form.",
        "Read the command's `--help`.";
    INVALID_ARGUMENT = "invalid-argument", Refused,
        "Arguments do not fit each other, or a value is not of the form that its option has.",
        "The message names the option.",
        "Correct it as the hint says.";
    INVALID_LIMIT = "invalid-limit", Refused,
        "A limit is unknown, or cannot be set to this value.",
        "Its name is misspelled, or the value has the wrong unit or is out of range.",
        "Read `reentry limits`.";
    INVALID_HOST_FILE = "invalid-host-file", Refused,
        "`host.toml` of the data folder cannot be used.",
        "It is not TOML, or has a name or value that there is not.",
        "Correct each place that the message names.";
    INVALID_JSON = "invalid-json", Refused,
        "An argument, file or standard input is not JSON that every reader reads alike.",
        "A syntax error, a key that is given twice, or a number that other readers would change.",
        "Correct it at the mark.";
    INVALID_FILE = "invalid-file", Refused,
        "A file that was named cannot be used.",
        "There is none, it is a folder, or it is not UTF-8.",
        "Give the path of the file that is meant.";
    NO_FILE = "no-file", NotFound,
        "There is no such file, and no workflow or component of that name.",
        "The path or name is misspelled, or the folder or tenant is another one.",
        "Correct the path, or use a name from `reentry workflow list` or `reentry components list`.";
    NO_SUSPENSION = "no-suspension", NotFound,
        "The run has no such question.",
        "The id is misspelled, or it is another run's.",
        "Read `reentry runs show RUN`.";
    NO_HOME = "no-home", Refused,
        "There is no home folder to keep data in.",
        "Neither `HOME` nor `XDG_DATA_HOME` is set to an absolute path.",
        "Set `--data-dir` or the variable `REENTRY_DATA_DIR`.";
    NO_DATA_DIR = "no-data-dir", NotFound,
        "There is no data folder.",
        "No run was started and no component added there, or the path is another one.",
        "Check `--data-dir` and `REENTRY_DATA_DIR`.";
    MISSING_WALLS = "missing-walls", Unavailable,
        "This system does not give all walls around guests, and the data folder has several tenants.",
        "The kernel is old, or a container takes Landlock or seccomp away.",
        "Use another kernel, give the tenants data folders of their own, or go on with `--allow-missing-walls`.";
    NOT_CURRENT = "not-current", Conflict,
        "The version is not the current one of its workflow, so it cannot be retired.",
        "Another version was applied since.",
        "Name the workflow to retire its current version.";
    NOT_WASM = "not-wasm", Refused,
        "The file is not WebAssembly.",
        "It is the text format, or another kind of file.",
        "Give the file that the build made.";
    IS_COMPONENT = "is-component", Refused,
        "The file is a component already.",
        "Only core modules are made components.",
        "Use it as it is.";
    NO_WORLD = "no-world", Refused,
        "The module says of no contract that it implements it.",
        "It was built without an SDK, or the linker dropped what the SDK puts into it.",
        "Build it with an SDK, or name the world.";
    NO_PROJECT = "no-project", Refused,
        "The folder is no project of a step, or could be of several languages.",
        "It has none, or several, of the files by which projects are known.",
        "Name the language with `--lang`.";
    INVALID_SETTINGS = "invalid-settings", Refused,
        "The settings of the project cannot be used.",
        "The file is not JSON of the form that is shown, or names an unknown language.",
        "Correct the file as the hint says.";
    NO_SOURCE = "no-source", Refused,
        "The project has no source file of the name or ending that its language needs.",
        "The file was renamed, or the language is another one.",
        "Add the file that the message names.";
    NO_MODULE = "no-module", Refused,
        "The build made no module.",
        "No crate of the project is of type `cdylib`.",
        "Set the crate type as the hint says.";
    BUILD_FAILED = "build-failed", Guest,
        "A build tool ended with an error.",
        "The source has mistakes; the tool's own output stands above.",
        "Correct them.";
    SEVERAL_COMPONENTS = "several-components", Refused,
        "The project has several components, and `--out` names one file.",
        "A workspace builds each of its steps.",
        "Give a folder with `--out`.";
    TOOL_MISSING = "tool-missing", Unavailable,
        "A tool that building needs is missing or too old.",
        "It is not on `PATH`.",
        "Run the command of the hint. `reentry doctor` lists all tools.";
    TOOL_FAILED = "tool-failed", Unavailable,
        "A build tool could not be started.",
        "It was removed, or cannot be executed.",
        "Install it again. `reentry doctor` lists all tools.";
    EXISTS = "exists", Refused,
        "The folder or file of a new project is there already.",
        "Nothing is ever written over.",
        "Choose another name, or move it away.";
    OUTPUT = "output", Unavailable,
        "Standard output or a page could not be written.",
        "The disk is full, or the receiving end failed.",
        "Mend the cause, and run the command again.";
    INTERNAL = "internal", Unavailable,
        "The command failed in a way that should not happen.",
        "The machine gives no more threads or signals, or the command has a mistake.",
        "Try again, and report it if it comes back.";
}

/// The tables of all codes that an error of the command can have.
const TABLES: [&[&ErrorCode]; 5] = [
    reentry::core::run::codes::ALL,
    reentry::store::error_codes::ALL,
    reentry::codes::ALL,
    reentry_wire::codes::ALL,
    ALL,
];

/// The code of this word, as another process of this program tells it.
pub(crate) fn find(word: &str) -> &'static ErrorCode {
    TABLES.into_iter().flatten().find(|code| code.word == word).copied().unwrap_or(&INTERNAL)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeSet;
    use std::fmt::Write as _;

    use reentry::core::failure;

    use super::*;
    use crate::exit::Exit;

    const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/errors.md");

    const HEAD: &str = "# Errors\n\n\
        Every code that an error of reentry can have, in alphabetical order. Programs can rely on the words. The kind says who can act on an\n\
        error, and the [exit code](exit-codes.md) of the command follows from it. With `--json`, an error is one line on standard error, as\n\
        [json.md](json.md) shows. In Rust, `Error::code` and `Error::kind` give the same words.\n\n\
        A step that fails is no error: its run ends with a [failure](#failures-of-steps).\n\n\
        This page is made from the tables in the code: `BLESS=1 cargo test --locked --workspace --bin reentry codes` writes it again.\n\n";

    const FAILURES: &str = "\n## Failures of steps\n\n\
        A step or entry that fails has a message and often a code, which a `try` block can read (`error.code`). These codes come from the\n\
        host. Steps give codes of their own beside these, and so do the SDKs where a step misuses them, such as `bad-input` and `bad-json`.\n\
        The run ends with exit code 11 unless a `try` block catches the failure.\n\n";

    /// All codes, in alphabetical order.
    fn all() -> Vec<&'static ErrorCode> {
        let mut all = TABLES.concat();
        all.sort_by_key(|code| code.word);
        all
    }

    fn page() -> String {
        let mut page = HEAD.to_owned();
        page += "| code | kind | what | why | what to do |\n| --- | --- | --- | --- | --- |\n";
        for ErrorCode { word, kind, what, why, remedy } in all() {
            let name = serde_json::to_value(kind).unwrap();
            let (name, exit) = (name.as_str().unwrap(), Exit::from(*kind) as u8);
            writeln!(page, "| `{word}` | {name} ({exit}) | {what} | {why} | {remedy} |").unwrap();
        }
        page += FAILURES;
        page += "| code | what | what to do |\n| --- | --- | --- |\n";
        let mut failures = failure::ALL.to_vec();
        failures.sort_by_key(|code| code.word);
        for failure::FailureCode { word, what, remedy } in failures {
            writeln!(page, "| `{word}` | {what} | {remedy} |").unwrap();
        }
        page
    }

    #[test]
    fn the_page_of_the_errors_is_that_of_the_tables() {
        let page = page();
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(PAGE, &page).unwrap();
        }
        assert!(
            std::fs::read_to_string(PAGE).unwrap_or_default() == page,
            "docs/errors.md is old: BLESS=1 writes it again"
        );
    }

    #[test]
    fn every_code_stands_once_and_says_what_to_do() {
        let words: BTreeSet<&str> = all().iter().map(|code| code.word).collect();
        assert_eq!(words.len(), all().len(), "a word stands in two tables, or twice in one");
        let texts = all().into_iter().flat_map(|code| [code.what, code.why, code.remedy]);
        for text in texts.chain(failure::ALL.iter().flat_map(|code| [code.what, code.remedy])) {
            assert!(text.ends_with('.') && !text.contains('|'), "{text}");
        }
    }
}

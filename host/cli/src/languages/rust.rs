//! Rust: cargo, for the target without an operating system.

use std::path::Path;

use reentry::wasm::Encoding;
use serde::Deserialize;

use super::tool::{Kind, Tool};
use super::{Language, Made, Project};
use crate::codes;
use crate::failure::{Failure, Report};

const TARGET: &str = "wasm32-unknown-unknown";

const CARGO: Tool = Tool {
    name: "cargo",
    kind: Kind::Program { names: &["cargo"], version: &["--version"] },
    wanted: Some((1, 95)),
    install: "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh",
};

const STD: Tool = Tool {
    name: "the standard library for wasm32-unknown-unknown",
    kind: Kind::RustStd { target: TARGET },
    wanted: None,
    install: "rustup target add wasm32-unknown-unknown",
};

pub(crate) static RUST: Language = Language {
    name: "rust",
    title: "Rust",
    manifest: Some("Cargo.toml"),
    special_cases: &[],
    tools: &[CARGO, STD],
    engines: &[],
    sdk: &["rust"],
    export: (&["src/lib.rs"], "reentry_step::export! { Step::new(\"buy\", buy) }"),
    build,
};

/// A line of what cargo prints.
#[derive(Deserialize)]
struct Message {
    reason: String,
    #[serde(default)]
    filenames: Vec<std::path::PathBuf>,
    target: Option<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    crate_types: Vec<String>,
}

/// Builds the crate, or all crates of the workspace, of type `cdylib`.
fn build(project: &Project) -> Result<Vec<Made>, Failure> {
    let mut cargo = project.tool(&CARGO)?;
    cargo.args(["build", "--release", "--target", TARGET, "--message-format", "json-render-diagnostics"]);
    let printed = project.output(&mut cargo)?;
    let made: Vec<Made> = printed.split(|byte| *byte == b'\n').filter_map(module_of).collect();
    if made.is_empty() {
        let message = format!("{} has no crate that could be a component", project.folder.display());
        let hint =
            "a step is a library of type `cdylib`: in Cargo.toml, `[lib]` and `crate-type = [\"cdylib\"]`";
        return Err(Report::new(&codes::NO_MODULE, message).hint(hint).into());
    }
    if let Some(print) = lost_print(&project.folder) {
        project.note(&print);
    }
    Ok(made)
}

/// Macros that print to streams which a step has not. The SDK has some of the same names that print to the log.
const PRINTS: [&str; 5] = ["println", "eprintln", "print", "eprint", "dbg"];

/// Most folders and files of a crate that are looked through.
const FILES_MAX: usize = 500;

/// What is said of the first line of a crate that prints where nobody sees it.
fn lost_print(project: &Path) -> Option<String> {
    let mut left = vec![project.join("src")];
    let mut sources = Vec::new();
    for _ in 0..FILES_MAX {
        let Some(path) = left.pop() else { break };
        match std::fs::read_dir(&path) {
            Ok(entries) => left.extend(entries.flatten().map(|entry| entry.path())),
            Err(_) if path.extension().is_some_and(|end| end == "rs") => sources.push(path),
            Err(_) => {}
        }
    }
    sources.sort();
    let texts: Vec<_> =
        sources.iter().filter_map(|path| Some((path, std::fs::read_to_string(path).ok()?))).collect();
    if texts.iter().any(|(_, text)| text.contains("extern crate reentry_step")) {
        return None;
    }
    texts.iter().find_map(|(path, text)| {
        let (line, name) = prints_at(text)?;
        let file = path.strip_prefix(project).unwrap_or(path).display();
        Some(format!(
            "note: {file}:{line}: what `{name}!` prints goes nowhere, as a step has no standard output; with `use reentry_step::{name};` it \
             goes to the run's log"
        ))
    })
}

/// The first line of a source that prints with a macro of the standard library's, as far as a look at the text can
/// tell; and the macro.
fn prints_at(text: &str) -> Option<(usize, &'static str)> {
    let used = |name: &str| {
        let uses = text.split("use reentry_step").skip(1).filter_map(|rest| rest.split(';').next());
        let is_name = |part: &str| part == name;
        uses.flat_map(|list| list.split(|c: char| !c.is_alphanumeric() && c != '_')).any(is_name)
    };
    let lines = text.lines().enumerate().take_while(|(_, line)| line.trim() != "#[cfg(test)]");
    let code = lines.filter(|(_, line)| !line.trim_start().starts_with("//"));
    let prints = |line: &str, name: &str| {
        let mut words = line.split(|c: char| !c.is_alphanumeric() && !"_!:".contains(c));
        words.any(|word| word.strip_suffix('!') == Some(name))
    };
    let lost: Vec<&str> = PRINTS.into_iter().filter(|name| !used(name)).collect();
    let mut found = code.filter_map(|(at, line)| {
        let name = PRINTS.into_iter().find(|name| lost.contains(name) && prints(line, name))?;
        Some((at + 1, name))
    });
    found.next()
}

/// The module that a line of cargo's tells of.
fn module_of(line: &[u8]) -> Option<Made> {
    let message: Message = serde_json::from_slice(line).ok()?;
    let target = message.target.filter(|target| target.crate_types.iter().any(|kind| kind == "cdylib"))?;
    let file =
        message.filenames.into_iter().find(|file| file.extension().is_some_and(|end| end == "wasm"))?;
    (message.reason == "compiler-artifact").then_some(Made {
        name: target.name.replace('_', "-"),
        file,
        encoding: Encoding::Utf8,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_print_that_nobody_sees_is_found() {
        for (text, found) in [
            ("fn a() {\n    println!(\"x\");\n}", Some((2, "println"))),
            ("let a = std::dbg!(1);", None),
            ("let a = f(dbg!(1));", Some((1, "dbg"))),
            ("// println!(\"x\")\n#[cfg(test)]\nmod tests { println!(\"x\") }", None),
            (
                "use reentry_step::{Context,\n  println};\nprintln!(\"x\"); eprintln!(\"y\");",
                Some((3, "eprintln")),
            ),
            ("use reentry_step::println;\nprintln!(\"x\");", None),
            ("reentry_step::println!(\"x\"); writeln!(out)", None),
        ] {
            assert_eq!(prints_at(text), found, "{text}");
        }
    }

    #[test]
    fn of_all_that_cargo_made_the_libraries_for_others_count() {
        let line = |kind: &str, file: &str| {
            format!(
                r#"{{"reason":"compiler-artifact","target":{{"name":"my_step","crate_types":["{kind}"]}},"filenames":["{file}"]}}"#
            )
        };
        let name = |line: &str| module_of(line.as_bytes()).map(|made| made.name);
        assert_eq!(name(&line("cdylib", "/t/my_step.wasm")).as_deref(), Some("my-step"));
        assert_eq!(name(&line("lib", "/t/libserde.rlib")), None);
        assert_eq!(name(&line("cdylib", "/t/libmy_step.so")), None);
        assert_eq!(name(&line("bin", "/t/tool.wasm")), None);
        assert_eq!(name(r#"{"reason":"build-finished","success":true}"#), None);
        assert_eq!(name(""), None);
    }
}

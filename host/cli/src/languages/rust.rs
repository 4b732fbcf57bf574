//! Rust: cargo, for the target without an operating system.

use reentry::wasm::Encoding;
use serde::Deserialize;

use super::tool::{Kind, Tool};
use super::{Language, Made, Project};
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
        return Err(Report::refused("no-module", message).hint(hint).into());
    }
    Ok(made)
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

//! Python: componentize-py, which brings the Python that steps run on.

use std::fs::{copy, create_dir_all, read, read_dir, remove_dir_all};
use std::io;
use std::path::Path;

use reentry::wasm::Encoding;

use super::project::SDK;
use super::repeatable::Repeatable;
use super::tool::{Kind, Tool};
use super::{Language, Made, Project};
use crate::failure::{Failure, Report};

const COMPONENTIZE_PY: Tool = Tool {
    name: "componentize-py",
    kind: Kind::Program { names: &["componentize-py"], version: &["--version"] },
    wanted: Some((0, 25)),
    install: "python3 -m venv .venv && .venv/bin/pip install componentize-py==0.25.1",
};

/// Needed by steps that use packages.
const PIP: Tool = Tool {
    name: "pip",
    kind: Kind::Program { names: &["pip", "pip3"], version: &["--version"] },
    wanted: None,
    install: "python3 -m venv .venv",
};

pub(crate) static PYTHON: Language = Language {
    name: "python",
    title: "Python",
    manifest: Some("pyproject.toml"),
    special_cases: &[],
    tools: &[COMPONENTIZE_PY],
    engines: &[],
    sdk: &["python"],
    export: (&["main.py"], "@step(\"buy\") before an async def"),
    build,
};

/// The module that is imported first. The SDK loads `main` when its clocks and its standard output are in place.
const ENTRY: &str = "from reentry_step.component import Guest\n";

/// The Python that componentize-py brings. Packages must be written in Python alone: compiled ones are for other
/// machines.
const PURE: [&str; 10] = [
    "--only-binary=:all:",
    "--platform",
    "any",
    "--python-version",
    "3.14",
    "--implementation",
    "py",
    "--abi",
    "none",
    "--no-compile",
];

fn build(project: &Project) -> Result<Vec<Made>, Failure> {
    project.source(&["main.py"])?;
    let entry = project.write("entry/reentry_entry.py", ENTRY)?;
    // Copies, as building leaves compiled modules beside the sources.
    let source = project.work("source")?;
    let sdk = project.work("python-sdk")?;
    for (from, to) in [(project.folder.clone(), &source), (project.sdk()?, &sdk)] {
        refreshed(&from, to).map_err(|error| {
            Report::new(&reentry::codes::FILE_UNAVAILABLE, format!("cannot copy {}", from.display()))
                .cause(error)
        })?;
    }
    let contract = project.contract()?;
    let packages = packages(project)?;
    for folder in entry.parent().into_iter().chain(packages.as_deref()) {
        without_compiled(folder).map_err(|error| {
            Report::new(&reentry::codes::FILE_UNAVAILABLE, format!("cannot clear {}", folder.display()))
                .cause(error)
        })?;
    }
    let repeatable = Repeatable::prepare(project)?;
    let folders: Vec<&Path> = entry
        .parent()
        .into_iter()
        .chain([source.as_path(), sdk.as_path()])
        .chain(packages.as_deref())
        .collect();
    let mut given = vec![("contract", contract.as_path())];
    given.extend(["entry", "source", "sdk", "packages"].into_iter().zip(folders.iter().copied()));
    given.extend(repeatable.as_ref().map(Repeatable::input));
    let inputs = project.inputs(&COMPONENTIZE_PY, &["--stub-wasi"], &given)?;
    let component = project.made_of(&inputs, "component.wasm", |component| {
        let mut componentize = project.tool(&COMPONENTIZE_PY)?;
        if repeatable.is_some() {
            Repeatable::load(&mut componentize, &inputs);
        }
        componentize.arg("--quiet").arg("--wit-path").arg(&contract).args([
            "--world",
            "step",
            "componentize",
        ]);
        // What it says of a failure is what Python says, without its own calls; they are told apart by words without
        // colors.
        componentize.arg("--stub-wasi").env("RUST_BACKTRACE", "0").env("PYTHON_COLORS", "0");
        for folder in &folders {
            componentize.arg("--python-path").arg(folder);
        }
        componentize.arg("--output").arg(component).arg("reentry_entry");
        project.run_heard(&mut componentize, words)
    })?;
    Ok(vec![Made { name: project.name.clone(), file: component, encoding: Encoding::Utf8 }])
}

/// What the tool says of the author's sources, without what it says of itself: its traceback and its stack. While it
/// builds, the folders have numbers.
fn words(said: &str) -> String {
    let between = |begin: &str, end: &str| {
        let (_, rest) = said.split_once(begin)?;
        let text = rest.split(end).next().unwrap_or(rest);
        (!text.trim().is_empty()).then(|| text.to_owned())
    };
    let own = between("\nAssertionError: ", "\n\nCaused by:\n");
    let words = own.or_else(|| between("\nCaused by:\n", "\n\nStack backtrace:"));
    let words = words.unwrap_or_else(|| said.to_owned());
    words.replace("\"/1/", "\"").replace("\"/2/", "\"sdk/").replace("\"/3/", "\"")
}

/// The folder with the packages that the step uses, installed anew when they are others than the last time.
fn packages(project: &Project) -> Result<Option<std::path::PathBuf>, Failure> {
    let Some(requirements) = project.file("requirements.txt") else { return Ok(None) };
    let packages = project.work("packages")?;
    let installed = project.work("requirements.txt")?;
    let wanted = crate::component_file::read(&requirements)?;
    if packages.is_dir() && read(&installed).is_ok_and(|found| found == wanted) {
        return Ok(Some(packages));
    }
    // A folder that is half installed must not pass for a whole one.
    let _ = remove_dir_all(&packages);
    let mut pip = project.tool(&PIP)?;
    pip.args(["install", "--quiet", "--disable-pip-version-check"]).args(PURE);
    pip.arg("--target").arg(&packages).arg("--requirement").arg(&requirements);
    project.run(&mut pip)?;
    copy(&requirements, &installed).map_err(|error| {
        Report::new(&reentry::codes::FILE_UNAVAILABLE, format!("cannot write {}", installed.display()))
            .cause(error)
    })?;
    Ok(Some(packages))
}

/// Removes the modules that an earlier build compiled: with them Python would take another way.
fn without_compiled(folder: &Path) -> io::Result<()> {
    for entry in read_dir(folder)? {
        let entry = entry?;
        if entry.file_name() == "__pycache__" {
            remove_dir_all(entry.path())?;
        } else if entry.file_type()?.is_dir() {
            without_compiled(&entry.path())?;
        }
    }
    Ok(())
}

/// Makes one folder a copy of another, without hidden folders, environments and what was made of it.
fn refreshed(from: &Path, to: &Path) -> io::Result<()> {
    if to.is_dir() {
        remove_dir_all(to)?;
    }
    copied(from, to)
}

fn copied(from: &Path, to: &Path) -> io::Result<()> {
    create_dir_all(to)?;
    for entry in read_dir(from)? {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name());
        let left_out = [SDK, "__pycache__", "node_modules", "venv"];
        // Among the files are the components that earlier builds made.
        if !path.is_dir() && path.extension().is_none_or(|end| end != "wasm") {
            copy(&path, to.join(&name))?;
        } else if path.is_dir()
            && !name.to_string_lossy().starts_with('.')
            && !left_out.iter().any(|known| name == *known)
        {
            copied(&path, &to.join(&name))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tool_speaks_of_the_authors_sources_alone() {
        let said = |own: &str| {
            format!(
                "Traceback (most recent call last):\n  File \"/bin/componentize-py\", line 8\nAssertionError: {own}\n\n\
                 Caused by:\n    ValueError: early\n\nStack backtrace:\n   0: <anyhow::Error>::msg\n"
            )
        };
        let own = "Traceback (most recent call last):\n  File \"/1/main.py\", line 2, in <module>\nValueError: early\n";
        insta::assert_snapshot!(words(&said(own)), @r#"
        Traceback (most recent call last):
          File "main.py", line 2, in <module>
        ValueError: early
        "#);
        insta::assert_snapshot!(words(&said("")), @"    ValueError: early");
        assert_eq!(words("error: no such option"), "error: no such option");
    }
}

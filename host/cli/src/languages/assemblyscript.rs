//! AssemblyScript: asc, from npm.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use reentry::wasm::Encoding;

use super::kept::Inputs;
use super::node::node;
use super::tool::{Kind, Tool};
use super::{Language, Made, Project};
use crate::failure::{Failure, Report};

const NODE: Tool = node((20, 0));

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
    tools: &[NODE, ASC],
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
        Report::new(&reentry::codes::FILE_UNAVAILABLE, format!("cannot write {}", link.display()))
            .cause(error)
    })?;
    let list = project.work("asc/read.json")?;
    if let Some(inputs) = inputs(project, &sdk, &list)?
        && project.put_kept(&inputs, &core)?
    {
        return Ok(made(project, core));
    }
    let asc = project.tool(&ASC)?;
    let mut node = project.tool(&NODE)?;
    node.arg(sdk.join("build.mjs")).arg(asc.get_program()).arg(&list);
    node.arg(&source).arg("--baseDir").arg(&project.folder).arg("--path").arg(&packages);
    node.arg("--transform").arg(sdk.join("transform.mjs"));
    node.args(OPTIONS).arg("--outFile").arg(&core);
    // It looks for a terminal and for this variable alone.
    if project.colored() {
        node.env("CI", "1")
    } else {
        node.arg("--noColors")
    };
    project.run(&mut node)?;
    if let Some(inputs) = inputs(project, &sdk, &list)? {
        project.keep(&inputs, &core)?;
    }
    Ok(made(project, core))
}

/// `minimal` collects only when it is told to: the SDK does so at the end of each call, when nothing is on the stack.
const OPTIONS: [&str; 5] = ["--optimize", "--runtime", "minimal", "--exportStart", "_initialize"];

fn made(project: &Project, file: PathBuf) -> Vec<Made> {
    vec![Made { name: project.name.clone(), file, encoding: Encoding::Utf16 }]
}

/// What the compiler is given, as far as the list says which files it read the last time. Without a list that is not
/// known.
fn inputs(project: &Project, sdk: &Path, list: &Path) -> Result<Option<Inputs>, Failure> {
    let read: Option<Vec<PathBuf>> =
        std::fs::read(list).ok().and_then(|text| serde_json::from_slice(&text).ok());
    let Some(read) = read else { return Ok(None) };
    let mut inputs = project.inputs(&ASC, &OPTIONS, &[("sdk", sdk)])?;
    let added = read.iter().try_for_each(|file| inputs.add_sought(file));
    // One that cannot be read is the compiler's to tell.
    Ok(added.is_ok().then_some(inputs))
}

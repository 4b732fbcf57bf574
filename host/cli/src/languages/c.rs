//! C and C++: the compilers that come with Zig, which bring their libraries for WebAssembly.

use std::path::{Path, PathBuf};

use reentry::wasm::Encoding;

use super::zig::{REACTOR, ZIG_TOOL};
use super::{Language, Made, Project};
use crate::failure::Failure;

pub(crate) static C: Language = Language {
    name: "c",
    title: "C",
    manifest: None,
    special_cases: &[],
    tools: &[ZIG_TOOL],
    engines: &[],
    sdk: &["c"],
    export: (&["step.c"], "const reentry_step reentry_steps[] = {{.id = \"buy\", .run = buy}, {0}};"),
    build: build_c,
};

pub(crate) static CPP: Language = Language {
    name: "cpp",
    title: "C++",
    manifest: None,
    special_cases: &[],
    tools: &[ZIG_TOOL],
    engines: &[],
    sdk: &["cpp", "c"],
    export: (
        &["step.cpp"],
        "extern \"C\" const reentry_step reentry_steps[] = {reentry::step<buy>({.id = \"buy\"}), {}};",
    ),
    build: build_cpp,
};

/// What the SDK for C is made of, beside its headers. The first one takes the place of functions of the library, so
/// that the linker must meet it before anything that calls them.
const SDK_SOURCES: [&str; 13] = [
    "src/words.c",
    "src/allocate.c",
    "src/host.c",
    "src/json.c",
    "src/number.c",
    "src/problem.c",
    "src/step.c",
    "src/string.c",
    "src/struct.c",
    "src/undefined.c",
    "src/utf8.c",
    "src/write.c",
    "generated/step.c",
];

/// What a step's own sources are compiled with: what is undefined is a failure with file and line, and so is a
/// forgotten wait.
const CHECKS: [&str; 10] = [
    "-UNDEBUG",
    "-Wall",
    "-Wextra",
    "-Wno-missing-field-initializers",
    "-Werror=unused-result",
    "-Werror=unused-value",
    "-Werror=return-type",
    "-fsanitize=undefined",
    "-fno-sanitize-recover=undefined",
    "-fsanitize-undefined-strip-path-components=-1",
];

fn build_c(project: &Project) -> Result<Vec<Made>, Failure> {
    let sdk = project.sdk()?;
    let sources = project.sources(&["c"])?;
    let mut objects = c_sdk(project, &sdk)?;
    for source in sources.iter().filter(|source| !is_test(source)) {
        objects.push(compile(project, &["cc", "-std=gnu11"], &CHECKS, &[sdk.join("include")], source)?);
    }
    link(project, "cc", objects)
}

/// The SDK for C++ is headers on top of that for C, whose sources are compiled as what they are.
fn build_cpp(project: &Project) -> Result<Vec<Made>, Failure> {
    let sdk = project.sdk()?;
    let include = [sdk.join("include"), sdk.join("c/include")];
    let sources = project.sources(&["cpp", "cc", "cxx"])?;
    let mut objects = c_sdk(project, &sdk.join("c"))?;
    objects.push(compile(project, &CPLUSPLUS, &[], &include, &sdk.join("src/words.cpp"))?);
    let unchecked = format!("-fsanitize-ignorelist={}", sdk.join("unchecked.txt").display());
    // Ahead of all else, as `std::fopen` is the function as it was declared when <cstdio> was read.
    let checks = [&CHECKS[..], &[unchecked.as_str(), "-include", "reentry/unavailable.h"]].concat();
    for source in sources.iter().filter(|source| !is_test(source)) {
        objects.push(compile(project, &CPLUSPLUS, &checks, &include, source)?);
    }
    link(project, "c++", objects)
}

/// Whether the file is a test for the developer's machine: `step_test.c` is no part of the step.
fn is_test(source: &Path) -> bool {
    source.file_stem().is_some_and(|name| name.to_string_lossy().ends_with("_test"))
}

/// The compiler of C++, with what each of its sources is compiled with.
const CPLUSPLUS: [&str; 6] = [
    "c++",
    "-std=c++20",
    "-fno-exceptions",
    "-fno-rtti",
    "-U_LIBCPP_HARDENING_MODE",
    "-D_LIBCPP_HARDENING_MODE=_LIBCPP_HARDENING_MODE_FAST",
];

/// What the linker says, without the names of the SDK's own files: that they find no list of steps has one line of
/// its own.
fn linkers_words(said: &str, export: &str) -> String {
    let (steps, others): (Vec<&str>, Vec<&str>) =
        said.lines().partition(|line| line.ends_with("undefined symbol: reentry_steps"));
    let missing = format!("no source says which steps there are, as this does: `{export}`");
    let missing = (!steps.is_empty()).then_some(missing);
    others.into_iter().map(str::to_owned).chain(missing).collect::<Vec<_>>().join("\n")
}

/// Objects of the SDK for C, compiled when it is another one than the last time: each is a process, even where the
/// compiler has kept it.
fn c_sdk(project: &Project, sdk: &Path) -> Result<Vec<PathBuf>, Failure> {
    const NOTE: &str = "c-sdk.made";
    const COMPILER: [&str; 2] = ["cc", "-std=gnu11"];
    let include = [sdk.join("include")];
    let sources = SDK_SOURCES.map(|file| sdk.join(file));
    let inputs = project.inputs(&ZIG_TOOL, &[&COMPILER[..], &FOR_GUESTS].concat(), &[("sdk", sdk)])?;
    let objects = sources.iter().map(|source| object_of(project, source)).collect::<Result<Vec<_>, _>>()?;
    if project.is_made(NOTE, &inputs, &objects) {
        return Ok(objects);
    }
    // A build that ends in the middle leaves objects of both.
    project.write(NOTE, "")?;
    for source in &sources {
        compile(project, &COMPILER, &[], &include, source)?;
    }
    project.note_made(NOTE, &inputs)?;
    Ok(objects)
}

/// What every source is compiled with.
const FOR_GUESTS: [&str; 2] = ["--target=wasm32-wasi", "-Os"];

/// Where the object of a source goes.
fn object_of(project: &Project, source: &Path) -> Result<PathBuf, Failure> {
    let within = source.strip_prefix(&project.folder).unwrap_or(source);
    project.work(&format!("{}.o", within.to_string_lossy().replace(['/', '\\'], "-")))
}

/// Compiles one file. Files of the project are called by their names alone, which is how messages name them.
fn compile(
    project: &Project,
    compiler: &[&str],
    options: &[&str],
    include: &[PathBuf],
    source: &Path,
) -> Result<PathBuf, Failure> {
    let within = source.strip_prefix(&project.folder).unwrap_or(source);
    let object = object_of(project, source)?;
    let mut zig = project.tool(&ZIG_TOOL)?;
    zig.args(compiler).args(FOR_GUESTS).args(options);
    // It looks for a terminal, and for no variable.
    zig.arg(if project.colored() { "-fdiagnostics-color=always" } else { "-fdiagnostics-color=never" });
    for folder in include {
        zig.arg("-I").arg(folder);
    }
    zig.arg("-c").arg(within).arg("-o").arg(&object);
    project.run(&mut zig)?;
    Ok(object)
}

fn link(project: &Project, compiler: &str, objects: Vec<PathBuf>) -> Result<Vec<Made>, Failure> {
    let core = project.work("core.wasm")?;
    let mut zig = project.tool(&ZIG_TOOL)?;
    zig.args([compiler, "--target=wasm32-wasi", "-Os"]).args(REACTOR).args(objects).arg("-o").arg(&core);
    project.run_heard(&mut zig, |said| linkers_words(said, project.language.export.1))?;
    Ok(vec![Made { name: project.name.clone(), file: core, encoding: Encoding::Utf8 }])
}

//! C and C++: the compilers that come with Zig, which bring their libraries for WebAssembly.

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
        "extern \"C\" const reentry_step reentry_steps[] = {{.id = \"buy\", .run = reentry::run<buy>}, {}};",
    ),
    build: build_cpp,
};

/// What the SDK for C is made of, beside its headers.
const SDK_SOURCES: [&str; 4] = ["src/host.c", "src/json.c", "src/step.c", "generated/step.c"];

fn build_c(project: &Project) -> Result<Vec<Made>, Failure> {
    let sdk = project.sdk()?;
    let core = project.work("core.wasm")?;
    let mut zig = project.tool(&ZIG_TOOL)?;
    zig.args(["cc", "--target=wasm32-wasi", "-std=gnu11", "-Os", "-Wall", "-Wextra"]).args(REACTOR);
    zig.arg("-I").arg(sdk.join("include")).args(project.sources(&["c"])?);
    zig.args(SDK_SOURCES.map(|file| sdk.join(file))).arg("-o").arg(&core);
    project.run(&mut zig)?;
    Ok(vec![Made { name: project.name.clone(), file: core, encoding: Encoding::Utf8 }])
}

/// The SDK for C++ is headers on top of that for C, whose sources are compiled as what they are.
fn build_cpp(project: &Project) -> Result<Vec<Made>, Failure> {
    let sdk = project.sdk()?;
    let include = sdk.join("c/include");
    let mut objects = Vec::new();
    for source in SDK_SOURCES {
        let object = project.work(&format!("{}.o", source.replace('/', "-")))?;
        let mut zig = project.tool(&ZIG_TOOL)?;
        zig.args(["cc", "--target=wasm32-wasi", "-std=gnu11", "-Os", "-I"]).arg(&include);
        zig.arg("-c").arg(sdk.join("c").join(source)).arg("-o").arg(&object);
        project.run(&mut zig)?;
        objects.push(object);
    }
    let core = project.work("core.wasm")?;
    let mut zig = project.tool(&ZIG_TOOL)?;
    zig.args(["c++", "--target=wasm32-wasi", "-std=c++20", "-fno-exceptions", "-fno-rtti", "-Os"]);
    zig.args(["-Wall", "-Wextra", "-Wno-missing-field-initializers"]).args(REACTOR);
    zig.arg("-I").arg(sdk.join("include")).arg("-I").arg(&include);
    zig.args(project.sources(&["cpp", "cc", "cxx"])?).args(objects).arg("-o").arg(&core);
    project.run(&mut zig)?;
    Ok(vec![Made { name: project.name.clone(), file: core, encoding: Encoding::Utf8 }])
}

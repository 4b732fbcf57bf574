//! New projects: `reentry new`, then the test that is in the project: it builds the step with `reentry build`, and
//! takes it through its wait, each command a process of its own.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};
use reentry_tests::commands::{program_dir, reentry, surrounded};

#[test]
fn rust() -> Result<()> {
    step("rust")
}

#[test]
fn javascript() -> Result<()> {
    step("javascript")
}

#[test]
fn typescript() -> Result<()> {
    step("typescript")
}

#[test]
fn python() -> Result<()> {
    step("python")
}

#[test]
fn c() -> Result<()> {
    step("c")
}

#[test]
fn cpp() -> Result<()> {
    step("cpp")
}

#[test]
fn zig() -> Result<()> {
    step("zig")
}

#[test]
fn go() -> Result<()> {
    step("go")
}

#[test]
fn assemblyscript() -> Result<()> {
    step("assemblyscript")
}

#[test]
fn a_workflow_with_its_step() -> Result<()> {
    tested(tempfile::tempdir()?.path(), &["new", "workflow", "buy", "--lang", "c"])
}

#[test]
fn what_is_there_is_not_overwritten() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let new = ["new", "step", "buy", "--lang", "zig"];
    ensure!(reentry(folder.path(), &new)?.status.success());
    let file = folder.path().join("buy/step.zig");
    std::fs::write(&file, "mine")?;
    let again = reentry(folder.path(), &new)?;
    ensure!(again.status.code() == Some(2), "{again:?}");
    ensure!(std::fs::read_to_string(&file)? == "mine");
    Ok(())
}

#[test]
fn a_build_that_fails_says_what_the_compiler_says_and_leaves_nothing_old() -> Result<()> {
    let folder = tempfile::tempdir()?;
    ensure!(reentry(folder.path(), &["new", "step", "buy", "--lang", "c"])?.status.success());
    let built = reentry(folder.path(), &["build", "buy"])?;
    let said = String::from_utf8_lossy(&built.stdout);
    ensure!(said.contains("  buy: "), "the steps are told: {said}");
    ensure!(folder.path().join("buy/buy.wasm").exists());

    let source = folder.path().join("buy/step.c");
    std::fs::write(&source, "int main(void) { return nonsense; }")?;
    let broken = |arguments: &[&str]| -> Result<String> {
        let built = reentry(folder.path(), arguments)?;
        let said = String::from_utf8_lossy(&built.stderr).into_owned();
        ensure!(built.status.code() == Some(5), "{said}");
        Ok(said)
    };
    let said = broken(&["build", "buy"])?;
    ensure!(said.contains("step.c:1:25: error: use of undeclared identifier 'nonsense'"), "{said}");
    ensure!(said.contains("removed buy/buy.wasm") && !said.contains("--target=wasm32-wasi"), "{said}");
    ensure!(!folder.path().join("buy/buy.wasm").exists());
    let said = broken(&["build", "buy", "--verbose"])?;
    ensure!(said.contains("/zig cc ") && !said.contains("removed"), "{said}");
    Ok(())
}

#[test]
fn a_component_that_no_host_takes_is_an_error_with_its_place() -> Result<()> {
    let folder = tempfile::tempdir()?;
    ensure!(reentry(folder.path(), &["new", "step", "buy", "--lang", "c"])?.status.success());
    let source = folder.path().join("buy/step.c");
    let steps = |steps: &str| {
        let begin = "#include <reentry.h>\nchar *wrong(void) { return reentry_format(\"{\\\"type\\\": 7}\"); } \
                     static reentry_result run(const reentry_call *c) { (void)c; return reentry_checkpoint(); }";
        std::fs::write(
            &source,
            format!("{begin}\nconst reentry_step reentry_steps[] = {{\n{steps}\n{{0}}}};\n"),
        )
    };
    let table = [
        ("", "step.c: the component does not fit", "step.c says which steps there are: `const reentry_step"),
        (r#"{.id = "a b", .run = run},"#, "step.c:4: ", "step.c says which"),
        (
            "{.id = \"a\", .run = run},\n{.id = \"a\", .run = run},",
            "step.c:4, step.c:5: a step `a` was",
            "says which",
        ),
        (r#"{.id = "a", .run = run, .input_schema = wrong},"#, "step.c:4: step `a`: its inputSchema is", ""),
    ];
    for (written, place, hint) in table {
        steps(written)?;
        let built = reentry(folder.path(), &["build", "buy"])?;
        let said = String::from_utf8_lossy(&built.stderr);
        ensure!(built.status.code() == Some(5), "{written}: {said}");
        ensure!(said.contains(place) && said.contains(hint), "{written}: {said}");
        ensure!(!folder.path().join("buy/buy.wasm").exists(), "{written}");
    }
    Ok(())
}

#[test]
fn the_doctor_ends_well_only_where_the_project_can_be_built() -> Result<()> {
    let folder = tempfile::tempdir()?;
    ensure!(reentry(folder.path(), &["new", "step", "buy", "--lang", "zig"])?.status.success());
    ensure!(reentry(folder.path(), &["doctor", "buy"])?.status.success());
    let mut doctor = Command::new(program_dir()?.join("reentry"));
    doctor.args(["doctor", "buy"]).current_dir(folder.path()).env("PATH", "");
    let alone = doctor.env("REENTRY_DATA_DIR", folder.path().join("data")).output()?;
    ensure!(alone.status.code() == Some(1), "{alone:?}");
    let said = String::from_utf8_lossy(&alone.stdout);
    ensure!(said.contains("pip install ziglang"), "{said}");
    Ok(())
}

/// The project's test passes, and the same sources are the same component: again, and in another folder at another
/// time, where nothing is kept of what was built before.
fn step(language: &str) -> Result<()> {
    let folder = tempfile::tempdir()?;
    tested(folder.path(), &["new", "step", "buy", "--lang", language])?;
    let first = std::fs::read(folder.path().join("buy/buy.wasm"))?;
    let again = reentry(folder.path(), &["build", "buy"])?;
    ensure!(String::from_utf8_lossy(&again.stdout).contains("  unchanged\n"), "{again:?}");

    let kept = folder.path().join("cache/reentry/built");
    ensure!(!kept.exists() || std::fs::remove_dir_all(&kept).is_ok(), "{}", kept.display());
    let elsewhere = folder.path().join("elsewhere/at/another/time");
    std::fs::create_dir_all(&elsewhere)?;
    let copy = "cp -r buy \"$0\" && cd \"$0/buy\" && rm -rf .reentry buy.wasm && find . -exec touch -d 2020-01-02 {} +";
    ensure!(surrounded("sh", folder.path())?.args(["-c", copy]).arg(&elsewhere).status()?.success());
    let built = reentry(folder.path(), &["build", "elsewhere/at/another/time/buy"])?;
    ensure!(built.status.success(), "{built:?}");
    ensure!(first == std::fs::read(elsewhere.join("buy/buy.wasm"))?, "{language}: another component");
    Ok(())
}

/// Makes a project called `buy`, and does its test.
fn tested(folder: &Path, new: &[&str]) -> Result<()> {
    let made = reentry(folder, new)?;
    ensure!(made.status.success(), "{made:?}");
    let mut test = surrounded("sh", &folder.join("buy"))?;
    let test = test.arg("test.sh").env("XDG_CACHE_HOME", folder.join("cache")).output()?;
    let said = String::from_utf8_lossy(&test.stderr);
    ensure!(test.status.success(), "{}{said}", String::from_utf8_lossy(&test.stdout));
    Ok(())
}

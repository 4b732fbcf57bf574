//! New projects: `reentry new`, then the test that is in the project: it builds the step with `reentry build`, and takes it through
//! its wait, each command a process of its own.

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
    passes(&["new", "workflow", "buy", "--lang", "c"])
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
fn the_error_of_a_tool_is_shown_with_its_command() -> Result<()> {
    let folder = tempfile::tempdir()?;
    ensure!(reentry(folder.path(), &["new", "step", "buy", "--lang", "c"])?.status.success());
    std::fs::write(folder.path().join("buy/step.c"), "int main(void) { return nonsense; }")?;
    let built = reentry(folder.path(), &["build", "buy"])?;
    let said = String::from_utf8_lossy(&built.stderr);
    ensure!(built.status.code() == Some(5), "{said}");
    ensure!(
        said.contains("use of undeclared identifier 'nonsense'") && said.contains("cc --target=wasm32-wasi"),
        "{said}"
    );
    ensure!(!folder.path().join("buy/buy.wasm").exists());
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

fn step(language: &str) -> Result<()> {
    passes(&["new", "step", "buy", "--lang", language])
}

/// Makes a project called `buy`, and does its test.
fn passes(new: &[&str]) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let made = reentry(folder.path(), new)?;
    ensure!(made.status.success(), "{made:?}");
    let test = surrounded("sh", &folder.path().join("buy"))?.arg("test.sh").output()?;
    let said = String::from_utf8_lossy(&test.stderr);
    ensure!(test.status.success(), "{}{said}", String::from_utf8_lossy(&test.stdout));
    Ok(())
}

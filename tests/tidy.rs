//! Checks on the sources themselves.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::Result;
use reentry_tests::guests::root;

#[test]
fn the_sdk_carries_the_contract_word_for_word() -> Result<()> {
    let read = |path: &str| std::fs::read_to_string(root().join(path));
    assert_eq!(read("wit/step.wit")?, read("guest-sdk/rust/wit/step.wit")?, "copy wit/step.wit into the SDK");
    Ok(())
}

#[test]
fn every_file_of_tests_is_part_of_the_binary() -> Result<()> {
    let listed = std::fs::read_to_string(root().join("tests/main.rs"))?;
    for entry in std::fs::read_dir(root().join("tests"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if let Some(module) = name.strip_suffix(".rs").filter(|module| *module != "main") {
            assert!(listed.contains(&format!("mod {module};")), "tests/main.rs does not list {name}");
        }
    }
    Ok(())
}

#[test]
fn the_example_of_each_sdk_is_the_one_on_its_page() -> Result<()> {
    let examples = [
        ("c", "c", "buy.c"),
        ("cpp", "cpp", "buy.cpp"),
        ("zig", "zig", "step.zig"),
        ("assemblyscript", "ts", "step.ts"),
        ("go", "go", "step.go"),
    ];
    for (sdk, fence, file) in examples {
        let sdk = root().join("guest-sdk").join(sdk);
        let page = std::fs::read_to_string(sdk.join("README.md"))?;
        let example = std::fs::read_to_string(sdk.join("example").join(file))?;
        assert!(
            page.contains(&format!("```{fence}\n{example}```")),
            "{}: README.md does not show example/{file}",
            sdk.display()
        );
    }
    Ok(())
}

/// Which crates each crate of the host is built on. An arrow that is not here turns the layers upside down: ARCHITECTURE.md has them.
const ARROWS: [(&str, &[&str]); 6] = [
    ("core", &[]),
    ("wasm", &["reentry-core"]),
    ("store", &["reentry-core"]),
    ("engine", &["reentry-core", "reentry-store", "reentry-wasm"]),
    ("wire", &["reentry"]),
    ("cli", &["reentry", "reentry-wire"]),
];

#[test]
fn the_crates_of_the_host_are_built_on_those_below_them() -> Result<()> {
    let folders: BTreeSet<String> = std::fs::read_dir(root().join("host"))?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<Result<_>>()?;
    assert_eq!(folders, ARROWS.map(|(folder, _)| folder.to_owned()).into(), "a crate without arrows");
    for (folder, below) in ARROWS {
        let manifest = std::fs::read_to_string(root().join("host").join(folder).join("Cargo.toml"))?;
        let dependencies = manifest.split("[dependencies]\n").nth(1).unwrap_or_default();
        let names = dependencies.lines().take_while(|line| !line.starts_with('['));
        let names = names.filter_map(|line| line.split(['.', ' ']).next());
        let found: BTreeSet<&str> = names.filter(|name| name.starts_with("reentry")).collect();
        assert_eq!(found, below.iter().copied().collect(), "host/{folder}");
    }
    Ok(())
}

#[test]
fn shapes_that_leave_have_one_owner() -> Result<()> {
    // The command prints documents of host/wire, as a server would answer with them: a shape that is made beside them would be one that
    // the other front ends do not have, and that docs/json.md does not show.
    for (file, source) in sources("host/cli/src")? {
        for own in ["json!(", "Serialize)]", "Serialize for", "Serialize,"] {
            assert!(!source.contains(own), "{}: `{own}`: shapes belong to host/wire", file.display());
        }
    }
    Ok(())
}

#[test]
fn what_leaves_as_text_knows_no_way_out() -> Result<()> {
    for (file, source) in sources("host/wire/src")? {
        for way in ["clap", "tokio", "println!", "std::io", "std::fs", "std::env", "std::net", "std::process"]
        {
            assert!(!source.contains(way), "{}: `{way}` is for front ends", file.display());
        }
    }
    Ok(())
}

/// The files of a folder, without their tests.
fn sources(folder: &str) -> Result<Vec<(PathBuf, String)>> {
    let (mut found, mut folders) = (Vec::new(), vec![root().join(folder)]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = std::fs::read_to_string(&path)?;
                let source = text.split("#[cfg(test)]\n").next().unwrap_or_default().to_owned();
                found.push((path, source));
            }
        }
    }
    assert!(!found.is_empty(), "{folder} has no files");
    Ok(found)
}

/// The public items of a source file, each in one line: signatures, public fields, and variants and methods of what is public as a whole.
fn public_items(source: &str) -> Vec<String> {
    let mut items = Vec::new();
    let mut lines = source.lines();
    while let Some(line) = lines.next() {
        let (indent, text) = (line.len() - line.trim_start().len(), line.trim());
        if !text.starts_with("pub ") {
            continue;
        }
        // A trait and an enum are public with all that is in them; of other items the signature is.
        let whole = text.starts_with("pub trait ") || text.starts_with("pub enum ");
        let end: &[char] = if text.contains("fn ") { &[';', '{', '}'] } else { &[';', '{', '}', ','] };
        let ends = |line: &str| {
            let closed = line.len() - line.trim_start().len() == indent && line.trim().starts_with('}');
            if whole { closed } else { line.trim_end().ends_with(end) }
        };
        let mut item = text.to_owned();
        let mut last = line;
        while !ends(last) {
            let Some(next) = lines.next() else { break };
            last = next;
            let is_code = !next.trim().starts_with("//") && !next.trim().starts_with("#[");
            item += if is_code { next.trim() } else { "" };
            item.push(' ');
        }
        items.push(item);
    }
    items
}

/// The names that a source file has from wasmtime's crates.
fn from_wasmtime(source: &str) -> Vec<&str> {
    let uses =
        source.split(';').filter_map(|item| item.trim().rsplit_once("use wasmtime").map(|(_, names)| names));
    let words = uses.flat_map(|names| names.split(|c: char| !c.is_alphanumeric() && c != '_'));
    words.filter(|word| word.starts_with(char::is_uppercase)).chain(["wasmtime", "wasmtime_wasi"]).collect()
}

#[test]
fn nothing_public_of_the_crate_that_knows_wasmtime_names_it() -> Result<()> {
    let mut count = 0;
    for (file, source) in sources("host/wasm/src")? {
        let names = from_wasmtime(&source);
        for item in public_items(&source) {
            let mut words = item.split(|c: char| !c.is_alphanumeric() && c != '_');
            let named = words.find(|word| names.contains(word));
            assert_eq!(named, None, "{}: `{item}`; who calls guests must not need wasmtime", file.display());
            count += 1;
        }
    }
    assert!(count > 100, "only {count} public items were looked at");
    Ok(())
}

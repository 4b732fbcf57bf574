//! Checks on the sources themselves.

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

/// The public items of a source file, each in one line: signatures, public fields, and variants and methods of what is public as a whole.
fn public_items(source: &str) -> Vec<String> {
    let mut items = Vec::new();
    let mut lines = source.lines().take_while(|line| *line != "#[cfg(test)]");
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
    let mut folders = vec![root().join("host/wasm/src")];
    let mut count = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let source = std::fs::read_to_string(&path)?;
                let names = from_wasmtime(&source);
                for item in public_items(&source) {
                    let mut words = item.split(|c: char| !c.is_alphanumeric() && c != '_');
                    let named = words.find(|word| names.contains(word));
                    assert_eq!(
                        named,
                        None,
                        "{}: `{item}`; who calls guests must not need wasmtime",
                        path.display()
                    );
                    count += 1;
                }
            }
        }
    }
    assert!(count > 100, "only {count} public items were looked at");
    Ok(())
}

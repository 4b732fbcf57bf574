//! Checks on the sources themselves.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

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

/// Which crates each crate of the host is built on. An arrow that is not here turns the layers upside down:
/// ARCHITECTURE.md has them.
pub(crate) const ARROWS: [(&str, &[&str]); 7] = [
    ("core", &[]),
    ("wasm", &["reentry-core"]),
    ("store", &["reentry-core"]),
    ("engine", &["reentry-core", "reentry-store", "reentry-wasm"]),
    ("wire", &["reentry"]),
    ("walls", &[]),
    ("cli", &["reentry", "reentry-walls", "reentry-wire"]),
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
    // The command prints documents of host/wire, as a server would answer with them: a shape that is made beside them
    // would be one that the other front ends do not have, and that docs/json.md does not show.
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
    let without_tests = |text: String| text.split("#[cfg(test)]\n").next().unwrap_or_default().to_owned();
    Ok(rust_files(folder)?.into_iter().map(|(path, text)| (path, without_tests(text))).collect())
}

/// The files of a folder with all they have; what tools made is none of them.
fn rust_files(folder: &str) -> Result<Vec<(PathBuf, String)>> {
    let (mut found, mut folders) = (Vec::new(), vec![root().join(folder)]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() && !path.ends_with("target") {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = std::fs::read_to_string(&path)?;
                found.push((path, text));
            }
        }
    }
    assert!(!found.is_empty(), "{folder} has no files");
    Ok(found)
}

/// Pages whose links are followed: those of the root, and all below `docs`.
fn pages() -> Result<Vec<PathBuf>> {
    let (mut pages, mut folders) = (Vec::new(), vec![root().join("docs")]);
    let is_page = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "md");
    for entry in std::fs::read_dir(root())? {
        pages.extend(Some(entry?.path()).filter(is_page));
    }
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            match path.is_dir() {
                true => folders.push(path),
                false => pages.extend(Some(path).filter(is_page)),
            }
        }
    }
    Ok(pages)
}

/// The text of a page without its blocks of code.
fn prose(page: &Path) -> Result<String> {
    Ok(std::fs::read_to_string(page)?.split("```").step_by(2).collect())
}

/// What the links of a text lead to, without what is on the web.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let ends = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    ends.filter(|link| !link.contains("://"))
}

/// The anchor of a heading, as forges make it.
fn anchor(heading: &str) -> String {
    let kept = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn every_link_leads_somewhere() -> Result<()> {
    let (mut followed, mut dead) = (0, Vec::new());
    for page in pages()? {
        for link in links(&prose(&page)?) {
            let (file, heading) = link.split_once('#').map_or((link, None), |(file, at)| (file, Some(at)));
            let to = if file.is_empty() { page.clone() } else { page.with_file_name(file) };
            let leads = to.exists()
                && heading.is_none_or(|wanted| {
                    prose(&to).is_ok_and(|text| {
                        text.lines().any(|line| line.starts_with('#') && anchor(line) == wanted)
                    })
                });
            followed += 1;
            if !leads {
                dead.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(followed > 50, "only {followed} links were found");
    assert!(dead.is_empty(), "these links lead nowhere: {dead:#?}");
    Ok(())
}

#[test]
fn the_index_has_every_page() -> Result<()> {
    let index = root().join("docs/index.md");
    let text = std::fs::read_to_string(&index)?;
    let listed: BTreeSet<&str> = links(&text).filter_map(|link| link.split('#').next()).collect();
    for entry in std::fs::read_dir(root().join("docs"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let is_listed = listed.iter().any(|link| link.split('/').next() == Some(&*name));
        assert!(is_listed || name == "index.md", "docs/index.md does not list docs/{name}");
    }
    assert!(links(&std::fs::read_to_string(root().join("README.md"))?).any(|link| link == "docs/index.md"));
    Ok(())
}

#[test]
fn every_file_on_the_map_is_there() -> Result<()> {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md"))?;
    let picture = text.split("```").nth(1).unwrap_or_default().split_whitespace();
    let named = text.split('`').filter(|code| !code.contains(char::is_whitespace)).chain(picture);
    let paths: BTreeSet<&str> = named
        .filter(|word| word.contains('/') || word.ends_with(".rs"))
        .filter(|word| !word.contains('('))
        .collect();
    assert!(paths.len() > 80, "only {} paths were found", paths.len());
    let missing: Vec<&&str> = paths.iter().filter(|path| !root().join(path).exists()).collect();
    assert!(missing.is_empty(), "ARCHITECTURE.md names, from the root of the repository: {missing:?}");
    Ok(())
}

/// Most lines of a file.
const LINES_MAX: usize = 450;

/// Columns of a line. rustfmt breaks code before; comments and texts are for their authors to break.
const COLUMNS_MAX: usize = 120;

/// How many lines are longer all the same. May only become less.
const WIDE_LINES: usize = 340;

/// How many lines fewer there may be before [`WIDE_LINES`] has to follow.
const WIDE_LINES_SLACK: usize = 50;

#[test]
fn files_and_lines_are_not_too_long() -> Result<()> {
    let (mut wide, mut wrong) = (0, Vec::new());
    for (path, source) in [rust_files("host")?, rust_files("tests")?].concat() {
        let path = path.strip_prefix(root())?.to_string_lossy().into_owned();
        wide += source.lines().filter(|line| line.chars().count() > COLUMNS_MAX).count();
        let lines = source.lines().count();
        if lines > LINES_MAX {
            wrong.push(format!("{path} has {lines} lines, at most {LINES_MAX}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(
        wide <= WIDE_LINES,
        "{wide} lines have more than {COLUMNS_MAX} columns, {WIDE_LINES} had: break the new ones"
    );
    assert!(
        wide + WIDE_LINES_SLACK >= WIDE_LINES,
        "only {wide} lines are too wide now: lower WIDE_LINES to that"
    );
    Ok(())
}

/// The public items of a source file, each in one line: signatures, public fields, and variants and methods of what
/// is public as a whole.
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

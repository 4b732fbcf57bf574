//! How the modules of the host name each other: in circles of three files at most, and between crates in one direction.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Result;
use reentry_tests::guests::root;

use crate::tidy::ARROWS;

/// Most files of a circle.
const FILES_MAX: usize = 3;

type Graph = BTreeMap<String, BTreeSet<String>>;

#[test]
fn circles_of_modules_are_small() -> Result<()> {
    for folder in ["host/core/src/run", "host/store/src", "host/engine/src"] {
        let graph = graph(&root().join(folder))?;
        let circles: Vec<_> = circles(&graph).into_iter().filter(|circle| circle.len() > FILES_MAX).collect();
        assert!(
            circles.is_empty(),
            "{folder}: circles of more than {FILES_MAX} files, which name each other: {circles:#?}"
        );
    }
    Ok(())
}

#[test]
fn crates_name_each_other_in_one_direction() -> Result<()> {
    for (folder, below) in ARROWS {
        let path_of = |package: &&str| match *package {
            "reentry" => "reentry::".to_owned(),
            package => package.replace('-', "_"),
        };
        let may: Vec<String> = below.iter().map(path_of).collect();
        for (module, text) in modules(&root().join("host").join(folder).join("src"))? {
            for named in ["reentry_core", "reentry_wasm", "reentry_store", "reentry_cli", "reentry::"] {
                let names = text.lines().any(|line| line.trim_start().starts_with(&format!("use {named}")));
                assert!(
                    !names || may.iter().any(|may| may == named),
                    "host/{folder}: `{module}` uses {named}"
                );
            }
        }
    }
    Ok(())
}

#[test]
fn a_circle_is_found() {
    let graph = |arrows: &[(&str, &str)]| {
        let mut graph = Graph::new();
        for (from, to) in arrows {
            graph.entry((*from).to_owned()).or_default().insert((*to).to_owned());
        }
        graph
    };
    assert!(circles(&graph(&[("a", "b"), ("b", "c"), ("a", "c")])).is_empty());
    let found = circles(&graph(&[("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "e")]));
    assert_eq!(found, [["a", "b", "c"].map(str::to_owned)]);
    let text = "use crate::{a::{One, b::Two},\n    c};\nuse super::d;\n/// As [`crate::f`].\nfn g() {\n    \
                crate::h::i(super::j(), 7)\n}\n#[cfg(test)]\nmod tests {\n    use crate::e;\n}\n";
    assert_eq!(named(text, "x::y"), ["a::One", "a::b::Two", "c", "x::d", "h::i", "x::j"]);
    let modules = ["a", "a::b", "lib"].map(|module| (module.to_owned(), String::new())).into();
    let shown = shown("pub use a::{One, b::Two};\npub use other::Three;\n", &modules);
    assert_eq!(
        shown,
        [("One", "a"), ("Two", "a::b")].map(|(name, of)| (name.to_owned(), of.to_owned())).into()
    );
}

/// The sources of a folder by module.
fn modules(folder: &Path) -> Result<BTreeMap<String, String>> {
    let mut modules = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            let below = self::modules(&path)?;
            modules.extend(below.into_iter().map(|(module, text)| (format!("{name}::{module}"), text)));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            modules.insert(name, std::fs::read_to_string(&path)?);
        }
    }
    Ok(modules)
}

/// Which modules each module of a folder names, tests aside.
fn graph(folder: &Path) -> Result<Graph> {
    let modules = modules(folder)?;
    // A folder within a crate is named from its root.
    let within = folder.strip_prefix(root())?.iter().skip_while(|part| *part != "src").skip(1);
    let within: String = within.map(|part| format!("{}::", part.to_string_lossy())).collect();
    let is_test = |module: &String| module.split("::").any(|part| part == "tests");
    // What the root of a crate shows can be named by it, as if it were there.
    let shown = modules.get("lib").map_or_else(BTreeMap::new, |root| shown(root, &modules));
    let mut graph = Graph::new();
    for (module, text) in modules.iter().filter(|(module, _)| !is_test(module)) {
        let named = named(text, &format!("{within}{module}"));
        let names = named.iter().filter_map(|named| named.strip_prefix(&within)).filter_map(|named| {
            let first = named.split("::").next().unwrap_or_default();
            module_of(named, &modules).or_else(|| shown.get(first).cloned())
        });
        graph.insert(module.clone(), names.filter(|named| named != module).collect());
    }
    Ok(graph)
}

/// The module that a path leads to or into.
fn module_of(path: &str, modules: &BTreeMap<String, String>) -> Option<String> {
    let mut path = path;
    while !modules.contains_key(path) {
        path = path.rsplit_once("::")?.0;
    }
    Some(path.to_owned())
}

/// The names of other modules that the root of a crate shows, each with the module that has it.
fn shown(root: &str, modules: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let all = imports(root).into_iter();
    let shown = all.filter_map(|path| {
        let module = module_of(&path, modules)?;
        Some((path.rsplit_once("::")?.1.to_owned(), module))
    });
    shown.collect()
}

/// What a module names of its crate, from the root on: in its imports, and in paths of its code.
fn named(text: &str, module: &str) -> Vec<String> {
    let above = module.rsplit_once("::").map_or(String::new(), |(above, _)| format!("{above}::"));
    let mut all = Vec::new();
    for path in imports(text).into_iter().chain(inline(text)) {
        all.extend(path.strip_prefix("crate::").map(str::to_owned));
        all.extend(path.strip_prefix("super::").map(|path| format!("{above}{path}")));
        all.extend(path.strip_prefix("self::").map(|path| format!("{module}::{path}")));
    }
    all
}

/// The lines of a module, without its tests.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().take_while(|line| *line != "mod tests {").map(str::trim)
}

/// The paths that a module imports, as they are written.
fn imports(text: &str) -> Vec<String> {
    let (mut all, mut statement) = (Vec::new(), String::new());
    for line in code(text) {
        let begins = ["use ", "pub use ", "pub(crate) use ", "pub(super) use "]
            .iter()
            .any(|word| line.starts_with(word));
        if begins || !statement.is_empty() {
            statement.push_str(line);
        }
        if line.ends_with(';') && !statement.is_empty() {
            let tree = std::mem::take(&mut statement);
            let tree = tree.split_once("use ").map_or("", |(_, tree)| tree);
            all.extend(paths(&tree.trim_end_matches(';').replace(' ', "")));
        }
    }
    all
}

/// The paths in the code of a module that begin at its crate or at the module above it, comments aside.
fn inline(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    let is_name = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == ':';
    for line in code(text).filter(|line| !line.starts_with("//") && !line.contains("use ")) {
        for word in line.split(|letter| !is_name(letter)) {
            all.extend((word.starts_with("crate::") || word.starts_with("super::")).then(|| word.to_owned()));
        }
    }
    all
}

/// The paths of a tree of imports.
fn paths(tree: &str) -> Vec<String> {
    let Some((before, rest)) = tree.split_once('{') else { return vec![tree.to_owned()] };
    let (mut depth, mut part, mut all) = (0, String::new(), Vec::new());
    for letter in rest.strip_suffix('}').unwrap_or(rest).chars().chain([',']) {
        depth += i32::from(letter == '{') - i32::from(letter == '}');
        if letter == ',' && depth == 0 {
            let part = std::mem::take(&mut part);
            all.extend(
                paths(&part)
                    .into_iter()
                    .filter(|path| !path.is_empty())
                    .map(|path| format!("{before}{path}")),
            );
        } else {
            part.push(letter);
        }
    }
    all
}

/// Sets of modules each of which reaches all others, but for single ones.
fn circles(graph: &Graph) -> Vec<Vec<String>> {
    let reached: BTreeMap<&String, BTreeSet<&String>> =
        graph.keys().map(|from| (from, reach(graph, from))).collect();
    let mut circles = BTreeSet::new();
    for (from, to) in &reached {
        let back = to.iter().filter(|other| reached.get(**other).is_some_and(|back| back.contains(*from)));
        let circle: BTreeSet<String> = back.map(|other| (**other).clone()).collect();
        if circle.len() > 1 {
            circles.insert(circle.into_iter().collect());
        }
    }
    circles.into_iter().collect()
}

/// All that a module names, and what that names in turn.
fn reach<'a>(graph: &'a Graph, from: &String) -> BTreeSet<&'a String> {
    let (mut reached, mut left) = (BTreeSet::new(), vec![from]);
    while let Some(next) = left.pop() {
        let Some((_, names)) = graph.get_key_value(next) else { continue };
        for named in names {
            if reached.insert(named) {
                left.push(named);
            }
        }
    }
    reached
}

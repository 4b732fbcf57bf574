//! How the modules of the host name each other: in circles of three files at most, and between crates in one direction.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Result;
use reentry_tests::guests::root;

use crate::tidy::ARROWS;

/// Most files of a circle.
const FILES_MAX: usize = 3;

/// Larger circles that there are still, by folder: how many files they may have. These numbers only ever fall.
const LARGER: [(&str, usize); 1] = [("host/engine/src", 34)];

type Graph = BTreeMap<String, BTreeSet<String>>;

#[test]
fn circles_of_modules_are_small() -> Result<()> {
    for folder in ["host/core/src/run", "host/store/src", "host/engine/src"] {
        let bound =
            LARGER.iter().find(|(larger, _)| *larger == folder).map_or(FILES_MAX, |(_, files)| *files);
        let graph = graph(&root().join(folder))?;
        let circles: Vec<_> = circles(&graph).into_iter().filter(|circle| circle.len() > bound).collect();
        assert!(
            circles.is_empty(),
            "{folder}: circles of more than {bound} files, which name each other: {circles:#?}"
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
    let text = "use crate::{a::{One, b::Two},\n    c};\nuse super::d;\n#[cfg(test)]\nmod tests {\n    use crate::e;\n}\n";
    assert_eq!(named(text, "x::y"), ["a::One", "a::b::Two", "c", "x::d"]);
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
    let mut graph = Graph::new();
    for (module, text) in modules.iter().filter(|(module, _)| !is_test(module)) {
        let mut names = BTreeSet::new();
        for named in named(text, &format!("{within}{module}")) {
            let Some(mut named) = named.strip_prefix(&within).map(str::to_owned) else { continue };
            while !modules.contains_key(&named) {
                let Some((above, _)) = named.rsplit_once("::") else { break };
                named = above.to_owned();
            }
            if named != *module && modules.contains_key(&named) {
                names.insert(named);
            }
        }
        graph.insert(module.clone(), names);
    }
    Ok(graph)
}

/// What a module uses of its crate, from the root on.
fn named(text: &str, module: &str) -> Vec<String> {
    let above = module.rsplit_once("::").map_or(String::new(), |(above, _)| format!("{above}::"));
    let (mut all, mut statement) = (Vec::new(), String::new());
    for line in text.lines().take_while(|line| *line != "mod tests {") {
        let line = line.trim();
        let begins = ["use ", "pub use ", "pub(crate) use ", "pub(super) use "]
            .iter()
            .any(|word| line.starts_with(word));
        if begins || !statement.is_empty() {
            statement.push_str(line);
        }
        if line.ends_with(';') && !statement.is_empty() {
            let tree = std::mem::take(&mut statement);
            let tree =
                tree.split_once("use ").map_or("", |(_, tree)| tree).trim_end_matches(';').replace(' ', "");
            for path in paths(&tree) {
                all.extend(path.strip_prefix("crate::").map(str::to_owned));
                all.extend(path.strip_prefix("super::").map(|path| format!("{above}{path}")));
                all.extend(path.strip_prefix("self::").map(|path| format!("{module}::{path}")));
            }
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

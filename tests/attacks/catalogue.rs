//! The table of attacks: each row says which test tries it, or why none does, and no test is missing there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use reentry_tests::guests::root;

/// The attacks of the catalogue: on the way in, while guests run, on what is kept of them.
fn ids() -> Vec<String> {
    let numbers = (1..=34).chain(40..=72).chain(80..=101).chain(110..=111);
    let mut ids: Vec<String> = numbers.map(|number| format!("A-{number:03}")).collect();
    ids.extend(["A-092b".to_owned(), "A-092c".to_owned()]);
    ids
}

fn page() -> String {
    std::fs::read_to_string(root().join("docs/attacks.md")).unwrap()
}

/// The cells of all rows of tables, without their heads.
fn rows(page: &str) -> Vec<Vec<&str>> {
    let lines = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---"));
    let cells = lines.map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect::<Vec<_>>());
    cells.filter(|cells| !matches!(cells[0], "id" | "attack")).collect()
}

/// What stands in backticks and names a file: the file, and the name of a test in it if there is one.
fn references(cell: &str) -> Vec<(&str, Option<&str>)> {
    let quoted =
        cell.split('`').skip(1).step_by(2).filter(|text| text.contains(".rs") || text.contains(".txt"));
    quoted.map(|text| text.split_once("::").map_or((text, None), |(file, name)| (file, Some(name)))).collect()
}

/// Names of cases that begin with the number of a row.
fn cases(source: &str) -> BTreeSet<String> {
    let words = source.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let is_case = |word: &&str| {
        word.strip_prefix("a_").is_some_and(|rest| {
            rest.len() > 4
                && rest.as_bytes()[..3].iter().all(u8::is_ascii_digit)
                && rest.as_bytes()[3] == b'_'
        })
    };
    words.filter(is_case).map(str::to_owned).collect()
}

#[test]
fn each_row_says_which_test_there_is_or_why_there_is_none() {
    let page = page();
    let rows = rows(&page);
    let mut texts: BTreeMap<&str, String> = BTreeMap::new();
    for row in &rows {
        let (what, last) = (row[0], row.last().unwrap());
        let found = references(last);
        let excused =
            ["not applicable yet: ", "not held: ", "not tried: "].iter().any(|word| last.contains(word));
        assert!(!found.is_empty() || excused, "{what}: no test, and no reason why");
        for (file, name) in found {
            let text = texts.entry(file).or_insert_with(|| {
                std::fs::read_to_string(root().join(file))
                    .unwrap_or_else(|error| panic!("{what}: {file}: {error}"))
            });
            if let Some(name) = name {
                let there = text.contains(&format!("fn {name}(")) || text.contains(&format!("\"{name}\""));
                assert!(there, "{what}: {file} has no test or case {name}");
            }
        }
    }
    let listed: Vec<&str> = rows.iter().map(|row| row[0]).filter(|id| id.starts_with("A-")).collect();
    let expected = ids();
    let mut sorted: Vec<&str> = expected.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    assert_eq!(listed, sorted);
}

#[test]
fn each_case_is_in_the_table_in_the_row_of_its_number() {
    let page = page();
    let rows: BTreeMap<&str, String> = rows(&page).iter().map(|row| (row[0], row.join(" | "))).collect();
    let mut seen = 0;
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("attacks")).unwrap() {
        let path = entry.unwrap().path();
        let file = format!("tests/attacks/{}", path.file_name().unwrap().to_string_lossy());
        for case in cases(&std::fs::read_to_string(&path).unwrap()) {
            if file.ends_with("/main.rs") || file.ends_with("/catalogue.rs") {
                continue;
            }
            let id = format!("A-{}", &case[2..5]);
            let row = rows.get(id.as_str()).unwrap_or_else(|| panic!("{case}: no row {id}"));
            // A row names the file, if all cases with its number there belong to it.
            assert!(
                row.contains(&format!("`{file}`")) || row.contains(&case),
                "row {id} does not name {file} or {case}"
            );
            seen += 1;
        }
    }
    assert!(seen > 80, "only {seen} cases");
}

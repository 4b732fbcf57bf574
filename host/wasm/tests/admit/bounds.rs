//! Each bound, at what it allows and beyond; and the table of them.

use reentry_wasm::{Bound, LoadError, admit};

use crate::shapes::SHAPES;

#[test]
fn what_a_bound_allows_is_admitted_and_one_more_is_refused_by_its_name() {
    assert!(Bound::ALL.iter().all(|row| SHAPES.iter().any(|(bound, _)| *bound == row.bound)));
    for (bound, make) in SHAPES {
        let row = bound.row();
        let at_most = u32::try_from(row.at_most).unwrap();
        let bytes = make(at_most);
        let admission = admit(&bytes).unwrap_or_else(|error| panic!("{}: {error}", row.name));
        assert_eq!(admission.of(*bound), row.at_most, "{}", row.name);
        assert!(
            admission.looked_at <= bytes.len() as u64,
            "{}: {} looked at in {} bytes",
            row.name,
            admission.looked_at,
            bytes.len()
        );
        let Err(LoadError::Exceeded(exceeded)) = admit(&make(at_most + 1)) else {
            panic!("{}: one more is admitted", row.name);
        };
        assert_eq!(exceeded.bound, *bound);
        assert!(exceeded.found > row.at_most, "{exceeded}");
    }
}

#[test]
fn an_error_names_the_bound_and_the_place_and_what_was_found() {
    let module = crate::shapes::functions(2, 0, &crate::shapes::merging(5_000, 2_001));
    let mut inner = wasm_encoder::Component::new();
    inner.section(&wasm_encoder::ModuleSection(&wasm_encoder::Module::new()));
    inner.section(&wasm_encoder::ModuleSection(&module));
    let mut outer = wasm_encoder::Component::new();
    outer.section(&wasm_encoder::NestedComponentSection(&wasm_encoder::Component::new()));
    outer.section(&wasm_encoder::NestedComponentSection(&inner));
    insta::assert_snapshot!(admit(&outer.finish()).unwrap_err(), @"the component goes beyond the bound `function-merges` at byte 71, in component 1, module 1, function 0: 10005000 locals of one function times the branches and blocks in it, at most 10000000 are allowed");
}

#[test]
fn every_bound_stands_in_the_documentation() {
    let page = include_str!("../../../../docs/limits.md");
    for row in Bound::ALL {
        let line = format!("| `{}` | {} | {} | {} |", row.name, row.at_most, row.what, row.reason);
        assert!(page.contains(&line), "docs/limits.md has no line\n{line}");
    }
}

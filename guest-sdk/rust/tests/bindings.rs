//! The bindings are checked in, so that building a step needs neither their generator nor its parser of contracts. Here they are generated
//! once more and compared. `BLESS=1` writes them anew.

use std::path::Path;

use wit_bindgen_core::wit_parser::Resolve;
use wit_bindgen_core::{Files, WorldGenerator};
use wit_bindgen_rust::Opts;

/// The bindings of the contract, as wit-bindgen writes them today.
fn generated(root: &Path) -> String {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(root.join("wit")).expect("the contract can be read");
    let world =
        resolve.select_world(&[package], Some("migratable-step")).expect("the contract has the world");
    let options = Opts {
        format: true,
        pub_export_macro: true,
        export_macro_name: Some("__export_guest".into()),
        default_bindings_module: Some("reentry_step::__private::bindings".into()),
        additional_derive_attributes: vec!["PartialEq".into()],
        ..Opts::default()
    };
    let mut files = Files::default();
    options.build().generate(&mut resolve, world, &mut files).expect("bindings can be made of the contract");
    let (_, text) = files.iter().next().expect("a file was made");
    String::from_utf8(text.to_vec()).expect("bindings are text")
}

#[test]
fn the_bindings_are_those_of_the_contract() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = root.join("src/bindings.rs");
    let expected = generated(root);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&file, &expected).expect("the bindings can be written");
    }
    let found = std::fs::read_to_string(&file).expect("the bindings are there");
    assert!(
        found == expected,
        "src/bindings.rs does not belong to wit/step.wit; in guest-sdk/rust, `BLESS=1 cargo test --test bindings` writes it anew"
    );
}

//! From core modules to components.

use reentry_wasm::{ComponentizeError, ComponentizeOptions, componentize};

use crate::guest;

const GUEST: &str = "(func $start (result i32) i32.const 1) (func $resume (result i32) i32.const 1)";

#[test]
fn what_a_module_lacks_is_named() {
    let empty = wat::parse_str("(module)").unwrap();
    let error = componentize(&empty, ComponentizeOptions::default()).unwrap_err().to_string();
    assert!(error.contains("reentry:step/guest@0.1.0"), "{error}");
}

#[test]
fn other_bytes_are_refused() {
    let component = guest::component(GUEST);
    let options = ComponentizeOptions::default();
    assert!(matches!(componentize(&component, options), Err(ComponentizeError::Component)));
    assert!(matches!(componentize(b"hello", options), Err(ComponentizeError::NotWasm)));
    let unknown = options.world("nowhere");
    let error = componentize(&guest::core(GUEST, 0), unknown).unwrap_err();
    assert!(matches!(error, ComponentizeError::World(_)), "{error}");
}

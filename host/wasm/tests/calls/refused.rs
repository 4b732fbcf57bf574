//! Components that are not taken in, and what they are told.

use std::time::Duration;

use reentry_wasm::{Bound, CallError, Capture, LoadError, Runtime};

use crate::{completed, guest, prepare, resume, runtime, start};

/// Changes a table, which no image holds.
const TABLE: &str = r#"
  (type $t (func (result i32)))
  (table 2 funcref) (elem (i32.const 0) $one) (elem declare func $two)
  (func $one (type $t) i32.const 1) (func $two (type $t) i32.const 2)
  (func $start (result i32) (table.set (i32.const 0) (ref.func $two)) (call_indirect (type $t) (i32.const 0)))
  (func $resume (result i32) (call_indirect (type $t) (i32.const 0)))
"#;

#[tokio::test]
async fn a_component_that_changes_a_table_is_refused_with_the_reason_and_the_way_out() {
    let error = prepare(&runtime(), &guest::component(TABLE)).await.unwrap_err();
    assert!(matches!(error, LoadError::NotRestorable { .. }));
    let text = error.to_string();
    assert!(text.contains("core module 0 changes a table at run time (`table.set`)"), "{text}");
    assert!(text.contains("resume-mode: re-enter"), "{text}");
}

#[tokio::test]
async fn the_same_component_is_taken_when_its_steps_are_re_entered() {
    let bytes = guest::re_entered(TABLE);
    let prepared = prepare(&runtime(), &bytes).await.unwrap();
    let Capture::ReEnterOnly { reasons } = prepared.component.capture() else { panic!() };
    assert_eq!(reasons, &["core module 0 changes a table at run time (`table.set`)"]);
    let suspended = start(&prepared.component).await.unwrap();
    assert_eq!(suspended.image, None);
    // A fresh instance: the table is as it was.
    assert_eq!(completed(&resume(&prepared.component, None).await.unwrap()), 1);

    let opened = runtime().open(&bytes, &prepared.record, reentry_wasm::Grants::none()).await.unwrap();
    assert_eq!(opened.capture(), prepared.component.capture());
    assert_eq!(completed(&resume(&opened, None).await.unwrap()), 1);
}

#[tokio::test]
async fn bytes_that_are_no_component_are_told_what_they_are() {
    let check = async |bytes: &[u8]| prepare(&runtime(), bytes).await.unwrap_err().to_string();
    assert_eq!(
        check(b"hello").await,
        "not a valid component: it does not begin like a WebAssembly component"
    );
    let core =
        guest::core("(func $start (result i32) i32.const 1) (func $resume (result i32) i32.const 1)", 0);
    assert!(check(&core).await.starts_with("this is a core WebAssembly module"));
    let stranger = wat::parse_str("(component)").unwrap();
    assert!(
        check(&stranger).await.starts_with("the component does not fit the world `reentry:step/step@0.1.0`")
    );
    let mut cut = guest::component(crate::refused::TABLE);
    cut.truncate(200);
    assert!(check(&cut).await.starts_with("not a valid component"));
}

#[tokio::test]
async fn a_component_that_traps_while_it_starts_is_told_so() {
    let body = "(func $begin unreachable) (start $begin)
                (func $start (result i32) i32.const 1) (func $resume (result i32) i32.const 1)";
    let error = prepare(&runtime(), &guest::component(body)).await.unwrap_err();
    assert!(matches!(error, LoadError::Guest { ref doing, .. } if doing == "instantiated"), "{error}");
}

#[tokio::test]
async fn a_component_that_would_cost_much_is_refused_before_it_is_compiled() {
    let instances = |component: &str, count: usize| {
        format!("(component (component $c {component}) {})", "(instance (instantiate $c))".repeat(count))
    };
    let module = "(core module $m) (core instance (instantiate $m))".to_owned();
    let inside = (0..7).fold(module, |inner, _| {
        let whole = instances(&inner, 16);
        whole.strip_prefix("(component ").and_then(|rest| rest.strip_suffix(')')).unwrap().to_owned()
    });
    let bomb = wat::parse_str(format!("(component {inside})")).unwrap();
    assert!(bomb.len() < 1_000);
    let error = prepare(&runtime(), &bomb).await.unwrap_err();
    assert!(
        matches!(&error, LoadError::Exceeded(exceeded) if exceeded.bound == Bound::CoreInstances),
        "{error}"
    );
}

/// A component whose start function does this.
fn begins(code: &str) -> Vec<u8> {
    guest::component(&format!(
        "(memory $memory 200)
         (func $begin {code}) (start $begin)
         (func $start (result i32) i32.const 1) (func $resume (result i32) i32.const 1)"
    ))
}

#[tokio::test]
async fn what_a_component_does_while_it_is_loaded_has_limits_of_its_own() {
    let (loading, base) = (Duration::from_millis(50), 4 << 20);
    let runtime = Runtime::new(crate::config().loading(loading)).unwrap();
    let error = prepare(&runtime, &begins("(loop $on (br $on))")).await.unwrap_err();
    let late = CallError::TimedOut { at_most: loading };
    assert!(matches!(&error, LoadError::Guest { source, .. } if *source == late), "{error}");

    let runtime = Runtime::new(crate::config().base_bytes_max(base)).unwrap();
    let fills =
        |bytes: usize| begins(&format!("(memory.fill (i32.const 65536) (i32.const 1) (i32.const {bytes}))"));
    prepare(&runtime, &fills(3 << 20)).await.unwrap();
    let error = prepare(&runtime, &fills(5 << 20)).await.unwrap_err();
    assert!(matches!(error, LoadError::LargeBase { at_most, .. } if at_most == base), "{error}");
}

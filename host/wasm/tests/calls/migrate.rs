//! What a waiting step knows, from one version of its component to another.

use std::sync::Arc;

use reentry_core::json::Json;
use reentry_core::step::{Failure, WaitFor};
use reentry_wasm::{CallError, CallOptions, Imported, LoadError, LoadedComponent};

use crate::host::{TestHost, facts, invocation};
use crate::{completed, guest, load, prepare, resume, runtime, seal, start};

/// Keeps a number at 8192: the first version of all tests here.
const OLD: &str = r#"
  (func $start (result i32) (i32.store (i32.const 8192) (i32.const 41)) (i32.const 7))
  (func $resume (result i32) (i32.load (i32.const 8192)))
  (func $export (result i32) (i32.load (i32.const 8192)))
  (func $import (param i32) (result i32) (unreachable))
"#;

/// Keeps the number in a second memory and in a global, and one more than it was: no page of the old image would fit.
const NEW: &str = r#"
  (memory $memory 1) (memory $other 1) (global $kept (mut i32) (i32.const 0))
  (func $start (result i32) (unreachable))
  (func $resume (result i32) (i32.add (global.get $kept) (i32.load $other (i32.const 40000))))
  (func $export (result i32) (unreachable))
  (func $import (param $number i32) (result i32)
    (global.set $kept (local.get $number))
    (i32.store $other (i32.const 40000) (i32.const 1))
    (i32.const 8))
"#;

async fn export(component: &LoadedComponent, image: &[u8]) -> Result<Result<Json, Failure>, CallError> {
    let host = Arc::new(TestHost::default());
    component.export_state(&facts(), image, host, CallOptions::new(seal())).await
}

async fn import(component: &LoadedComponent, state: &str) -> Result<Result<Imported, Failure>, CallError> {
    let host = Arc::new(TestHost::default());
    let state = Json::parse(state).unwrap();
    component.import_state(invocation(), &state, host, CallOptions::new(seal())).await
}

#[tokio::test]
async fn a_state_goes_from_one_layout_of_memory_to_another_and_the_old_image_stays_as_it_is() {
    let (old, new) = (load(&guest::migratable(OLD)).await, load(&guest::migratable(NEW)).await);
    assert!(old.is_migratable() && new.is_migratable());
    let image = start(&old).await.unwrap().image.unwrap();
    let state = export(&old, &image).await.unwrap().unwrap();
    assert_eq!(state.text(), "41");

    let imported = import(&new, state.text()).await.unwrap().unwrap();
    let [wait] = imported.waits.waits.as_slice() else { panic!("one wait expected: {imported:?}") };
    let WaitFor::Answer(answer) = &wait.what else { panic!("an answer expected: {wait:?}") };
    assert_eq!((wait.id, answer.payload.text()), (0, "8"));
    assert_eq!(completed(&resume(&new, Some(&imported.image)).await.unwrap()), 42);
    assert_eq!(completed(&resume(&old, Some(&image)).await.unwrap()), 41);
    assert!(matches!(resume(&new, Some(&image)).await.unwrap_err(), CallError::Image(_)));
}

#[tokio::test]
async fn only_a_component_that_offers_it_is_asked() {
    let plain = load(&guest::component(OLD)).await;
    assert!(!plain.is_migratable());
    let image = start(&plain).await.unwrap().image.unwrap();
    assert!(matches!(export(&plain, &image).await.unwrap_err(), CallError::NotMigratable));
    assert!(matches!(import(&plain, "1").await.unwrap_err(), CallError::NotMigratable));
}

#[tokio::test]
async fn what_goes_wrong_in_the_guest_is_told_like_in_any_call() {
    let with = |from: &str, to: &str| {
        assert!(OLD.contains(from));
        guest::migratable(&OLD.replace(from, to))
    };
    let export_line = "(func $export (result i32) (i32.load (i32.const 8192)))";
    let trapping = load(&with(export_line, "(func $export (result i32) (unreachable))")).await;
    let image = start(&trapping).await.unwrap().image.unwrap();
    let error = export(&trapping, &image).await.unwrap_err();
    assert!(matches!(&error, CallError::Trap { code, .. } if code == "unreachable"), "{error}");
    let error = import(&trapping, "1").await.unwrap_err();
    assert!(matches!(&error, CallError::Trap { code, .. } if code == "unreachable"), "{error}");

    let endless =
        load(&with(export_line, "(func $export (result i32) (loop $on (br $on)) (i32.const 0))")).await;
    let image = start(&endless).await.unwrap().image.unwrap();
    let mut options = CallOptions::new(seal());
    options.timeout = Some(std::time::Duration::from_millis(20));
    let error =
        endless.export_state(&facts(), &image, Arc::new(TestHost::default()), options).await.unwrap_err();
    assert!(matches!(error, CallError::TimedOut { .. }), "{error}");
}

#[tokio::test]
async fn an_image_of_another_component_is_not_asked() {
    let (old, new) = (load(&guest::migratable(OLD)).await, load(&guest::migratable(NEW)).await);
    let image = start(&old).await.unwrap().image.unwrap();
    assert!(matches!(export(&new, &image).await.unwrap_err(), CallError::Image(_)));
}

#[tokio::test]
async fn a_component_whose_migration_has_other_functions_is_refused_when_it_is_added() {
    let mut bytes = guest::migratable(OLD);
    let (name, other) = (b"export-state", b"export-stale");
    for at in 0..bytes.len() - name.len() {
        if bytes[at..].starts_with(name) {
            bytes[at..at + name.len()].copy_from_slice(other);
        }
    }
    let refused = prepare(&runtime(), &bytes).await.unwrap_err();
    assert!(matches!(refused, LoadError::Contract(_)), "{refused}");
    assert!(refused.to_string().contains("`export-state`"), "{refused}");
}

//! Guests that take too much, or too long.

use std::sync::Arc;
use std::time::Duration;

use reentry_wasm::{CallError, CallOptions, CallResult, Cancel, Limits};

use crate::host::{self, StepResult, TestHost};
use crate::{guest, load, seal};

const ENDLESS: &str =
    "(func $start (result i32) (loop $on (br $on)) unreachable) (func $resume (result i32) (i32.const 1))";

async fn start_with(body: &str, host: Arc<TestHost>, options: CallOptions) -> Result<CallResult, CallError> {
    load(&guest::component(body)).await.start(host::invocation(), host, options).await
}

fn options(change: impl FnOnce(&mut CallOptions)) -> CallOptions {
    let mut options = CallOptions::new(seal());
    change(&mut options);
    options
}

#[tokio::test]
async fn a_loop_without_end_is_stopped_and_others_run_meanwhile() {
    // One thread: the timer below only runs if the guest lets it.
    let ticks = tokio::spawn(async {
        for _ in 0..3 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    let timeout = Duration::from_millis(60);
    let error =
        start_with(ENDLESS, Arc::default(), options(|o| o.timeout = Some(timeout))).await.unwrap_err();
    assert!(matches!(error, CallError::TimedOut { at_most } if at_most == timeout), "{error}");
    assert!(ticks.is_finished());
}

#[tokio::test]
async fn a_loop_without_end_is_cancelled() {
    let cancel = Cancel::new();
    let stop = cancel.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(10)).await;
        stop.cancel();
    });
    let error = start_with(ENDLESS, Arc::default(), options(|o| o.cancel = Some(cancel))).await.unwrap_err();
    assert!(matches!(error, CallError::Cancelled), "{error}");
}

/// Asks for the result of a step.
const ASKS: &str = r#"
  (import "reentry:step/host@0.1.0" "step-result" (func $ask (param i32 i32 i32)))
  (func $start (result i32) (call $ask (i32.const 4096) (i32.const 0) (i32.const 4100)) (i32.const 1))
  (func $resume (result i32) (i32.const 1))
"#;

#[tokio::test]
async fn a_guest_that_waits_for_the_host_is_stopped_too() {
    let host = Arc::new(TestHost { step_result: StepResult::Hangs, ..TestHost::default() });
    let options = options(|o| o.timeout = Some(Duration::from_millis(20)));
    let error = start_with(ASKS, host, options).await.unwrap_err();
    assert!(matches!(error, CallError::TimedOut { .. }), "{error}");
}

#[tokio::test]
async fn a_host_that_cannot_answer_is_told_apart_from_a_guest_that_fails() {
    let host = Arc::new(TestHost { step_result: StepResult::Fails, ..TestHost::default() });
    let error = start_with(ASKS, host, options(|_| {})).await.unwrap_err();
    assert!(matches!(&error, CallError::Host(why) if why == "the store is away"), "{error}");
}

#[tokio::test]
async fn memories_count_together() {
    let body = r#"
      (memory $memory 1) (memory $other 1)
      (func $start (result i32)
        (if (i32.lt_s (memory.grow $memory (i32.const 6)) (i32.const 0)) (then unreachable))
        (if (i32.lt_s (memory.grow $other (i32.const 6)) (i32.const 0)) (then unreachable))
        (i32.const 1))
      (func $resume (result i32) (i32.const 1))
    "#;
    let small = Limits::default().memory_bytes(10 * 65_536);
    let error = start_with(body, Arc::default(), options(|o| o.limits = Some(small))).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the guest ran into a limit: bytes of memory: 917504 asked for, 655360 allowed"
    );
    let enough = Limits::default().memory_bytes(14 * 65_536);
    assert!(start_with(body, Arc::default(), options(|o| o.limits = Some(enough))).await.is_ok());
}

#[tokio::test]
async fn growth_is_held_to_the_guest_s_limits_and_then_to_the_room_there_is() {
    // Goes on without what its limits refuse, and suspends with five pages.
    let body = r#"
      (memory $memory 1)
      (func $start (result i32)
        (if (i32.lt_s (memory.grow (i32.const 4)) (i32.const 0)) (then unreachable))
        (i32.store8 (i32.const 300000) (memory.grow (i32.const 100)))
        (i32.const 1))
      (func $resume (result i32) (i32.load8_s (i32.const 300000)))
    "#;
    let page = 65_536;
    let component = load(&guest::component(body)).await;
    let limits = options(|o| o.limits = Some(Limits::default().memory_bytes(10 * page)));
    let host = |room| Arc::new(TestHost { room, ..TestHost::default() });
    let started = async |host: &Arc<TestHost>| {
        component.start(host::invocation(), Arc::clone(host) as _, limits.clone()).await
    };
    let roomy = host(Some(5 * page));
    let suspended = started(&roomy).await.unwrap();
    // First of memory that instrumentation added, which is not the guest's.
    let asked = roomy.asked_room.lock().unwrap().clone();
    assert_eq!(asked, [0, page, 5 * page], "not of what its limits refuse");
    let narrow = host(Some(4 * page));
    let error = started(&narrow).await.unwrap_err();
    assert!(matches!(error, CallError::NoRoom { bytes } if bytes == 5 * page), "{error}");
    let none = host(Some(0));
    let error = started(&none).await.unwrap_err();
    assert!(matches!(error, CallError::NoRoom { bytes } if bytes == page), "{error}");

    // Memory that is put back is asked for, too.
    let resumed = async |host: &Arc<TestHost>| {
        let image = suspended.image.as_deref();
        component.resume(host::resumption(), image, Arc::clone(host) as _, limits.clone()).await
    };
    let error = resumed(&narrow).await.unwrap_err();
    assert!(matches!(error, CallError::NoRoom { bytes } if bytes == 5 * page), "{error}");
    assert!(resumed(&roomy).await.is_ok());
}

#[tokio::test]
async fn a_trap_is_named_with_the_functions_it_happened_in() {
    let body = "(func $deep (result i32) unreachable) (func $start (result i32) (call $deep))
                (func $resume (result i32) (i32.const 1))";
    let error = start_with(body, Arc::default(), options(|_| {})).await.unwrap_err();
    let CallError::Trap { code, frames, .. } = &error else { panic!("{error}") };
    assert_eq!((code.as_ref(), frames[0].as_str(), frames[1].as_str()), ("unreachable", "deep", "start"));
}

/// Logs the first `len` bytes at 4096 for ever, until it is told that this is enough.
fn logs(times: u32, len: u32) -> String {
    format!(
        r#"
      (import "reentry:step/host@0.1.0" "log" (func $log (param i32 i32 i32 i32 i32 i32)))
      (func $start (result i32) (local $k i32)
        (memory.fill (i32.const 4096) (i32.const 97) (i32.const {len}))
        (loop $next
          (call $log (i32.const 3) (i32.const 4096) (i32.const {len}) (i32.const 0) (i32.const 0) (i32.const 0))
          (local.set $k (i32.add (local.get $k) (i32.const 1)))
          (br_if $next (i32.lt_u (local.get $k) (i32.const {times}))))
        (i32.const 1))
      (func $resume (result i32) (i32.const 1))
    "#
    )
}

#[tokio::test]
async fn long_lines_are_cut_and_a_full_log_says_so_once() {
    let host = Arc::new(TestHost::default());
    let limits = Limits::default().log_line_bytes(10).log_bytes(50);
    start_with(&logs(9, 20), host.clone(), options(|o| o.limits = Some(limits))).await.unwrap();
    let log = host.log();
    assert_eq!(log[0], "Warn: aaaaaaaaaa... (20 bytes, cut)");
    assert_eq!(log[1], "Warn: the log of this call is full (50 bytes); further lines are dropped");
    assert_eq!(log.len(), 2);
}

/// Emits the text at 4096.
fn emits(text: &str) -> String {
    format!(
        r#"
      (import "reentry:step/host@0.1.0" "emit" (func $emit (param i32 i32)))
      (data (memory $memory) (i32.const 4096) "{text}")
      (func $start (result i32) (call $emit (i32.const 4096) (i32.const {len})) (i32.const 1))
      (func $resume (result i32) (i32.const 1))
    "#,
        len = text.len()
    )
}

#[tokio::test]
async fn what_is_not_json_is_named_by_the_field_it_stood_in() {
    let error = start_with(&emits("{not json"), Arc::default(), options(|_| {})).await.unwrap_err();
    assert!(
        error.to_string().starts_with("the guest broke the contract: `emit.chunk`: not valid JSON"),
        "{error}"
    );
    let host = Arc::new(TestHost::default());
    start_with(&emits("[1, 2]"), host.clone(), options(|_| {})).await.unwrap();
    assert_eq!(*host.chunks.lock().unwrap(), ["[1, 2]"]);
}

#[tokio::test]
async fn a_value_that_is_too_long_is_refused() {
    let limits = Limits::default().value_bytes(5);
    let error =
        start_with(&emits("[1, 2]"), Arc::default(), options(|o| o.limits = Some(limits))).await.unwrap_err();
    assert_eq!(error.to_string(), "the guest ran into a limit: bytes of one value: 6 asked for, 5 allowed");
}

#[tokio::test]
async fn reading_a_large_memory_is_not_held_against_the_guest() {
    // 16 MiB of memory, and a bound of 64 KiB on what the guest itself may hand over at once.
    let body = "(memory $memory 256) (func $start (result i32) (i32.store (i32.const 16000000) (i32.const 5)) (i32.const 1))
                (func $resume (result i32) (i32.load (i32.const 16000000)))";
    let limits = Limits::default().crossing_bytes(65_536);
    let result = start_with(body, Arc::default(), options(|o| o.limits = Some(limits))).await.unwrap();
    assert!(result.image.is_some());
}

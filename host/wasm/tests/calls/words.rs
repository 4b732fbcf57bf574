//! What a guest says before it traps is why the call failed.

use std::sync::Arc;

use reentry_wasm::{CallError, CallOptions, Limits};

use crate::guest::component;
use crate::host::{TestHost, invocation};
use crate::{load, seal};

/// A guest that logs `boom at step.x:7` with this level and these fields, and then does what `then` says.
fn logs(level: u32, fields: &str, then: &str) -> String {
    let escaped = fields.replace('"', "\\\"");
    let length = fields.len();
    format!(
        r#"
      (import "reentry:step/host@0.1.0" "log" (func $log (param i32 i32 i32 i32 i32 i32)))
      (data (memory $memory) (i32.const 4096) "boom at step.x:7")
      (data (memory $memory) (i32.const 4200) "{escaped}")
      (func $deep (call $deep))
      (func $start (result i32)
        (call $log (i32.const {level}) (i32.const 4096) (i32.const 16)
          (i32.const {has}) (i32.const 4200) (i32.const {length}))
        {then})
      (func $resume (result i32) (i32.const 1))
    "#,
        has = u32::from(length > 0),
    )
}

async fn check(level: u32, fields: &str, then: &str, expected: &str) {
    let component = load(&component(&logs(level, fields, then))).await;
    let mut options = CallOptions::new(seal());
    if expected.ends_with("cut)") {
        options.limits = Some(Limits::default().log_line_bytes(14));
    }
    let ended = component.start(invocation(), Arc::new(TestHost::default()), options).await;
    let error = ended.expect_err("the guest traps");
    assert!(matches!(error, CallError::Trap { .. }), "{error:?}");
    assert_eq!(error.to_string(), expected, "level {level}, fields {fields}");
}

const UNREACHABLE: &str = "the guest stopped itself without saying why (wasm `unreachable`): a panic, an abort, a \
    failed assertion (in start)";

const ERROR: u32 = 4;

#[tokio::test]
async fn the_last_words_of_a_guest_are_why_it_failed() {
    check(ERROR, r#"{"panic":true}"#, "unreachable", "boom at step.x:7").await;
    check(ERROR, r#"{"panic":true,"more":[1]}"#, "(call $deep) (i32.const 1)", "boom at step.x:7").await;
}

#[tokio::test]
async fn long_last_words_are_cut_like_a_line_of_the_log() {
    check(ERROR, r#"{"panic":true}"#, "unreachable", "boom at step.x... (16 bytes, cut)").await;
}

#[tokio::test]
async fn other_lines_of_the_log_are_no_last_words() {
    for (level, fields) in
        [(ERROR, ""), (ERROR, r#"{"panic":false}"#), (ERROR, r#"{"panic":"yes"}"#), (3, r#"{"panic":true}"#)]
    {
        check(level, fields, "unreachable", UNREACHABLE).await;
    }
}

#[tokio::test]
async fn a_trap_without_words_is_told_in_plain_words() {
    let division = "(drop (i32.div_u (i32.const 1) (i32.const 0))) (i32.const 1)";
    check(ERROR, "", division, "an integer was divided by zero (in start)").await;
    let outside = "(i32.load (i32.const -4))";
    let said = "the guest reached outside its memory; the usual causes are a stack that overflowed (recursion \
        without an end, large local variables) and a pointer that points nowhere (in start)";
    check(ERROR, "", outside, said).await;
}

#[tokio::test]
async fn the_last_words_are_in_the_log_however_full_it_is() {
    for (log_bytes, lines) in [
        (
            0,
            [
                "Warn: the log of this call is full (0 bytes); further lines are dropped",
                "Error: boom at step.x:7",
            ],
        ),
        (100, ["Error: boom at step.x:7 {\"panic\":true}", ""]),
    ] {
        let component = load(&component(&logs(ERROR, r#"{"panic":true}"#, "unreachable"))).await;
        let (host, mut options) = (Arc::new(TestHost::default()), CallOptions::new(seal()));
        options.limits = Some(Limits::default().log_bytes(log_bytes));
        let ended = component.start(invocation(), host.clone(), options).await;
        assert_eq!(ended.expect_err("the guest traps").to_string(), "boom at step.x:7");
        let lines: Vec<_> = lines.into_iter().filter(|line| !line.is_empty()).collect();
        assert_eq!(host.log(), lines, "{log_bytes} bytes");
    }
}

//! Guests that print through WASI, and hold the streams over a suspension.

use std::sync::Arc;

use reentry_core::step::Outcome;
use reentry_wasm::{CallError, CallOptions, Grants, LoadedComponent};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};

use crate::host::{self, TestHost};
use crate::{guest, runtime, seal};

const WIT: &str = r#"
    package test:it;
    world it {
        include reentry:step/step@0.1.0;
        import wasi:cli/stdin@0.2.0; import wasi:cli/stdout@0.2.0; import wasi:cli/stderr@0.2.0;
        import wasi:io/streams@0.2.0; import wasi:io/poll@0.2.0;
        import wasi:clocks/monotonic-clock@0.2.0;
    }
    package wasi:clocks@0.2.0 { interface monotonic-clock { now: func() -> u64; } }
    package wasi:io@0.2.0 {
        interface error { resource error; }
        interface poll { resource pollable { ready: func() -> bool; } }
        interface streams {
            use error.{error};
            use poll.{pollable};
            variant stream-error { last-operation-failed(error), closed }
            resource input-stream { read: func(len: u64) -> result<list<u8>, stream-error>; }
            resource output-stream {
                blocking-write-and-flush: func(contents: list<u8>) -> result<_, stream-error>;
                subscribe: func() -> pollable;
            }
        }
    }
    package wasi:cli@0.2.0 {
        interface stdin { use wasi:io/streams@0.2.0.{input-stream}; get-stdin: func() -> input-stream; }
        interface stdout { use wasi:io/streams@0.2.0.{output-stream}; get-stdout: func() -> output-stream; }
        interface stderr { use wasi:io/streams@0.2.0.{output-stream}; get-stderr: func() -> output-stream; }
    }
"#;

/// A guest that has all of the standard streams, and `$say`, which writes `length` bytes from 4096 on.
/// Handles can be kept by number.
pub(crate) fn component(start: &str, resume: &str) -> Vec<u8> {
    let body = format!(
        r#"
      (import "wasi:cli/stdin@0.2.0" "get-stdin" (func $stdin (result i32)))
      (import "wasi:cli/stdout@0.2.0" "get-stdout" (func $stdout (result i32)))
      (import "wasi:cli/stderr@0.2.0" "get-stderr" (func $stderr (result i32)))
      (import "wasi:io/streams@0.2.0" "[method]input-stream.read" (func $read (param i32 i64 i32)))
      (import "wasi:io/streams@0.2.0" "[method]output-stream.blocking-write-and-flush" (func $write (param i32 i32 i32 i32)))
      (import "wasi:io/streams@0.2.0" "[method]output-stream.subscribe" (func $subscribe (param i32) (result i32)))
      (import "wasi:io/streams@0.2.0" "[resource-drop]input-stream" (func $drop-in (param i32)))
      (import "wasi:io/streams@0.2.0" "[resource-drop]output-stream" (func $drop-out (param i32)))
      (import "wasi:io/poll@0.2.0" "[resource-drop]pollable" (func $drop-poll (param i32)))
      (import "wasi:clocks/monotonic-clock@0.2.0" "now" (func $now (result i64)))
      (data (memory $memory) (i32.const 4096) "one\ntw")
      (func $say (param $handle i32) (param $length i32)
        (call $write (local.get $handle) (i32.const 4096) (local.get $length) (i32.const 5000)))
      (func $keep (param $place i32) (param $handle i32)
        (i32.store (i32.add (i32.const 4200) (i32.shl (local.get $place) (i32.const 2))) (local.get $handle)))
      (func $kept (param $place i32) (result i32)
        (i32.load (i32.add (i32.const 4200) (i32.shl (local.get $place) (i32.const 2)))))
      (func $start (result i32) {start} (i32.const 1))
      (func $resume (result i32) {resume} (i32.const 1))
    "#
    );
    let mut module = guest::core(&body, 0);
    let mut resolve = wit_parser::Resolve::default();
    resolve.push_str("step.wit", include_str!("../../../../wit/step.wit")).unwrap();
    let package = resolve.push_str("it.wit", WIT).unwrap();
    let world = resolve.select_world(&[package], Some("it")).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().validate(true).module(&module).unwrap().encode().unwrap()
}

async fn load(component: &[u8]) -> LoadedComponent {
    runtime().prepare(component, Grants::none().with_wasi(), &|_| {}).await.unwrap().component
}

/// What the guest logs when it is started, and when it is resumed on a restored instance.
async fn check(component: &[u8], started: &[&str], resumed: &[&str]) {
    let component = load(component).await;
    let host = Arc::new(TestHost::default());
    let suspended =
        component.start(host::invocation(), host.clone(), CallOptions::new(seal())).await.unwrap();
    assert_eq!(host.log(), started);
    let image = suspended.image.unwrap();
    let host = Arc::new(TestHost::default());
    let options = CallOptions::new(seal());
    component.resume(host::resumption(), Some(&image), host.clone(), options).await.unwrap();
    assert_eq!(host.log(), resumed);
}

/// The kinds of what a guest held that stood in the way of its suspension.
async fn stands_in_the_way(component: &[u8]) -> Vec<String> {
    let component = load(component).await;
    let host = Arc::new(TestHost::default());
    match component.start(host::invocation(), host, CallOptions::new(seal())).await {
        Err(CallError::LiveResources { types }) => types,
        Ok(result) => panic!("{:?}", result.outcome.map(|outcome| matches!(outcome, Outcome::Suspended(_)))),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn what_a_guest_prints_is_in_its_log_a_line_at_a_time() {
    let start = "(local i32) (local.set 0 (call $stdout)) (call $say (local.get 0) (i32.const 6)) (call $drop-out (local.get 0))";
    check(&component(start, ""), &["Info: one", "Info: tw"], &[]).await;
}

#[tokio::test]
async fn a_stream_that_is_kept_over_a_suspension_is_there_again() {
    let start =
        "(call $keep (i32.const 0) (call $stdout)) (call $say (call $kept (i32.const 0)) (i32.const 4))";
    let resume = "(call $say (call $kept (i32.const 0)) (i32.const 4))";
    check(&component(start, resume), &["Info: one"], &["Info: one"]).await;
    check(&guest::composed(&component(start, resume)), &["Info: one"], &["Info: one"]).await;
}

#[tokio::test]
async fn each_handle_is_the_stream_that_it_was() {
    // 1 standard error, 2 free, 3 standard output, 4 standard input, 5 standard error.
    let start = r#"
        (call $keep (i32.const 0) (call $stdout)) (call $keep (i32.const 1) (call $stdin))
        (call $keep (i32.const 2) (call $stdout)) (call $keep (i32.const 3) (call $stdin))
        (call $drop-out (call $kept (i32.const 0))) (call $keep (i32.const 0) (call $stderr))
        (call $keep (i32.const 4) (call $stderr))
        (call $drop-in (call $kept (i32.const 1)))"#;
    let resume = r#"
        (call $say (call $kept (i32.const 0)) (i32.const 4))
        (call $say (call $kept (i32.const 2)) (i32.const 4))
        (call $read (call $kept (i32.const 3)) (i64.const 1) (i32.const 5000))
        (call $say (call $kept (i32.const 4)) (i32.const 4))
        ;; Free ones are given out again, and all can be dropped.
        (call $say (call $stdout) (i32.const 4))
        (call $drop-out (call $kept (i32.const 0))) (call $drop-out (call $kept (i32.const 2)))
        (call $drop-in (call $kept (i32.const 3))) (call $drop-out (call $kept (i32.const 4)))"#;
    check(&component(start, resume), &[], &["Warn: one", "Info: one", "Warn: one", "Info: one"]).await;
}

#[tokio::test]
async fn streams_that_an_instance_takes_when_it_is_made_are_kept_or_dropped_like_others() {
    let begin = "(func $begin (call $keep (i32.const 0) (call $stdout)) (call $keep (i32.const 1) (call $stderr))) (start $begin)";
    let with = |start: &str, resume: &str| {
        component(&format!("{start} (i32.const 1)) {begin} (func (result i32)"), resume)
    };
    let print = "(call $say (call $kept (i32.const 0)) (i32.const 4))";
    check(&with("", print), &[], &["Info: one"]).await;
    // The fresh instance has a stream at the place at which the guest knows another one.
    let start = "(call $drop-out (call $kept (i32.const 0))) (call $keep (i32.const 0) (call $stderr))";
    check(&with(start, print), &[], &["Warn: one"]).await;
    // And one that the guest has dropped: the place is free again.
    let start = "(call $drop-out (call $kept (i32.const 0)))";
    let resume =
        "(call $keep (i32.const 2) (call $stderr)) (call $say (call $kept (i32.const 2)) (i32.const 4))";
    check(&with(start, resume), &[], &["Warn: one"]).await;
}

#[tokio::test]
async fn a_restored_guest_holds_what_it_held_and_nothing_else() {
    let start = r#"
        (call $keep (i32.const 0) (call $stdout)) (call $keep (i32.const 1) (call $stdout))
        (call $keep (i32.const 2) (call $stdout))
        (call $drop-out (call $kept (i32.const 0))) (call $drop-out (call $kept (i32.const 1)))"#;
    // It suspends once more, which it could not if it had been given more than it knows of.
    let resume = "(call $say (call $kept (i32.const 2)) (i32.const 4)) (return (i32.const -1))";
    check(&component(start, resume), &[], &["Info: one"]).await;
}

#[tokio::test]
async fn what_is_not_a_standard_stream_stands_in_the_way_by_name() {
    let start =
        "(call $keep (i32.const 0) (call $stdout)) (drop (call $subscribe (call $kept (i32.const 0))))";
    let types = stands_in_the_way(&component(start, "")).await;
    assert_eq!(types, ["wasi:io/streams.output-stream", "wasi:io/poll.pollable"]);
    let start = format!("{start} (call $drop-poll (i32.const 2))");
    check(&component(&start, ""), &[], &[]).await;
}

#[tokio::test]
async fn more_streams_than_are_noted_stand_in_the_way() {
    let start = "(local i32) (loop $more (drop (call $stdout)) (br_if $more (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 8192))))";
    let types = stands_in_the_way(&component(start, "")).await;
    assert_eq!(types, ["wasi:io/streams.output-stream"; 2]);
}

#[tokio::test]
async fn the_steady_clock_does_not_go_back_when_a_guest_is_restored() {
    // Waits 20 ms, so that a clock which began anew would say less.
    let start = r#"
        (i64.store (i32.const 5000) (call $now))
        (loop $on (br_if $on (i64.lt_u (i64.sub (call $now) (i64.load (i32.const 5000))) (i64.const 20000000))))
        (i64.store (i32.const 5000) (call $now))"#;
    let resume = "(if (i64.lt_u (call $now) (i64.load (i32.const 5000))) (then unreachable))";
    check(&component(start, resume), &[], &[]).await;
}

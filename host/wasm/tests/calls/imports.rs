//! What components import: what they need a grant for, and what they may not hold over a suspension.

use std::sync::Arc;

use reentry_wasm::{CallError, CallOptions, Grants, LoadError};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};

use crate::host::{self, TestHost};
use crate::{guest, runtime, seal};

const WIT: &str = r#"
    package test:it;
    world it { include reentry:step/step@0.1.0; import wasi:cli/stdout@0.2.0; import wasi:io/streams@0.2.0; }
    package wasi:io@0.2.0 {
        interface error { resource error; }
        interface streams {
            use error.{error};
            variant stream-error { last-operation-failed(error), closed }
            resource output-stream {
                blocking-write-and-flush: func(contents: list<u8>) -> result<_, stream-error>;
            }
        }
    }
    package wasi:cli@0.2.0 {
        interface stdout {
            use wasi:io/streams@0.2.0.{output-stream};
            get-stdout: func() -> output-stream;
        }
    }
"#;

/// Prints a line and a half through WASI. Lets go of the stream if `drops`.
fn prints(drops: bool) -> Vec<u8> {
    let drop = if drops { "(call $drop (local.get 0))" } else { "" };
    let body = format!(
        r#"
      (import "wasi:cli/stdout@0.2.0" "get-stdout" (func $stdout (result i32)))
      (import "wasi:io/streams@0.2.0" "[method]output-stream.blocking-write-and-flush" (func $write (param i32 i32 i32 i32)))
      (import "wasi:io/streams@0.2.0" "[resource-drop]output-stream" (func $drop (param i32)))
      (data (memory $memory) (i32.const 4096) "one\ntw")
      (func $start (result i32) (local i32)
        (local.set 0 (call $stdout))
        (call $write (local.get 0) (i32.const 4096) (i32.const 6) (i32.const 5000))
        {drop} (i32.const 1))
      (func $resume (result i32) (i32.const 1))
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

#[tokio::test]
async fn imports_without_a_grant_are_refused_by_name() {
    let error = runtime().prepare(&prints(true), Grants::none(), &|_| {}).await.unwrap_err();
    let LoadError::Imports { refused } = &error else { panic!("{error}") };
    let names: Vec<String> = refused.iter().map(ToString::to_string).collect();
    assert!(names.contains(&"`wasi:cli/stdout@0.2.0` (needs the grant `wasi`)".to_owned()), "{names:?}");
}

#[tokio::test]
async fn what_a_guest_prints_is_in_its_log_a_line_at_a_time() {
    let prepared = runtime().prepare(&prints(true), Grants::none().with_wasi(), &|_| {}).await.unwrap();
    let host = Arc::new(TestHost::default());
    let result =
        prepared.component.start(host::invocation(), host.clone(), CallOptions::new(seal())).await.unwrap();
    assert!(result.image.is_some());
    assert_eq!(host.log(), ["Info: one", "Info: tw"]);
}

#[tokio::test]
async fn a_guest_that_suspends_with_a_stream_open_is_told_so() {
    let prepared = runtime().prepare(&prints(false), Grants::none().with_wasi(), &|_| {}).await.unwrap();
    let host = Arc::new(TestHost::default());
    let error =
        prepared.component.start(host::invocation(), host, CallOptions::new(seal())).await.unwrap_err();
    let CallError::LiveResources { types } = &error else { panic!("{error}") };
    assert_eq!(types, &["wasi:io/streams.output-stream"]);
}

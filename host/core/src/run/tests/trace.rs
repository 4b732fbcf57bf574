//! The root span of a start and of each resume.

use super::script::{check_spans, spans_kept};

#[test]
fn a_resume_stays_in_the_trace_under_the_span_of_the_run() {
    let spans = check_spans(&["start", "ask suspends", "resume 1", "ask suspends", "resume 2"]);
    insta::assert_snapshot!(spans, @"
    start
      {traceId:5fff6ccefdc70e8ac0f3bc70e4789861 spanId:f65a7bd21b2d0b96}
    resume 1
      {traceId:5fff6ccefdc70e8ac0f3bc70e4789861 spanId:0de4f02d9b54d5f7 parentSpanId:f65a7bd21b2d0b96 resumedFromSpanId:f65a7bd21b2d0b96}
    resume 2
      {traceId:5fff6ccefdc70e8ac0f3bc70e4789861 spanId:628d5393bb2b96df parentSpanId:0de4f02d9b54d5f7 resumedFromSpanId:0de4f02d9b54d5f7}
    ");
}

/// Differs from Mastra 1.71, which replaces them and says so on its console only.
#[test]
fn ids_that_are_none_are_refused_and_nothing_is_claimed() {
    let spans = check_spans(&[
        "start trace=xyz",
        "start trace=aa parent=",
        "start trace=aa",
        "ask suspends",
        "resume 1 trace=",
        "resume 1 parent=00",
        "resume 1 trace=aa",
    ]);
    insta::assert_snapshot!(spans, @"
      refused: tracing options: `xyz` is not a traceId: expected 1 to 32 hexadecimal digits, not all of them zero
      refused: tracing options: `` is not a parentSpanId: expected 1 to 16 hexadecimal digits, not all of them zero
    start trace=aa
      {traceId:000000000000000000000000000000aa spanId:f65a7bd21b2d0b96}
      refused: tracing options: `` is not a traceId: expected 1 to 32 hexadecimal digits, not all of them zero
      refused: tracing options: `00` is not a parentSpanId: expected 1 to 16 hexadecimal digits, not all of them zero
    resume 1 trace=aa
      {traceId:000000000000000000000000000000aa spanId:0de4f02d9b54d5f7 parentSpanId:f65a7bd21b2d0b96 resumedFromSpanId:f65a7bd21b2d0b96}
    ");
}

/// Mastra 1.71 does the same.
#[test]
fn a_resume_in_another_trace_has_no_parent_in_the_first() {
    let spans = check_spans(&["start trace=aa parent=bb", "ask suspends", "resume 1 trace=cc"]);
    insta::assert_snapshot!(spans, @"
    start trace=aa parent=bb
      {traceId:000000000000000000000000000000aa spanId:f65a7bd21b2d0b96 parentSpanId:00000000000000bb}
    resume 1 trace=cc
      {traceId:000000000000000000000000000000cc spanId:0de4f02d9b54d5f7 resumedFromSpanId:f65a7bd21b2d0b96}
    ");
}

/// Mastra 1.71 does the same.
#[test]
fn a_parent_alone_begins_a_trace() {
    let spans = check_spans(&["start", "ask suspends", "resume 1 parent=dd"]);
    insta::assert_snapshot!(spans, @"
    start
      {traceId:5fff6ccefdc70e8ac0f3bc70e4789861 spanId:f65a7bd21b2d0b96}
    resume 1 parent=dd
      {traceId:d01bf9bec670df417cf135c393731fd5 spanId:0de4f02d9b54d5f7 parentSpanId:00000000000000dd resumedFromSpanId:f65a7bd21b2d0b96}
    ");
}

#[test]
fn a_tag_has_its_bounds() {
    let tags = format!("start{}", " tag=t".repeat(65));
    let tag = format!("start tag={}", "t".repeat(257));
    insta::assert_snapshot!(check_spans(&[&tags, &tag, "start tag=t"]), @"
      refused: tracing options: 65 tags given, at most 64 are allowed
      refused: tracing options: a tag of 257 bytes given, 1 to 256 are allowed
    start tag=t
      {traceId:5fff6ccefdc70e8ac0f3bc70e4789861 spanId:f65a7bd21b2d0b96}
    ");
}

#[test]
fn keys_and_metadata_are_refused_by_name() {
    let keys = format!("start{}", " key=k".repeat(65));
    let metadata = format!("start metadata={{\"k\":\"{}\"}}", "m".repeat(16 * 1024));
    insta::assert_snapshot!(check_spans(&[&keys, "start key=", "start key=a..b", &metadata, "start key=a.b"]), @"
      refused: tracing options: 65 requestContextKeys given, at most 64 are allowed
      refused: tracing options: `` is not one of requestContextKeys: expected a key of 1 to 256 bytes, with a dot before each key inside another one, as in `user.id`
      refused: tracing options: `a..b` is not one of requestContextKeys: expected a key of 1 to 256 bytes, with a dot before each key inside another one, as in `user.id`
      refused: tracing options: metadata is 16391 bytes of JSON, at most 16384 are allowed
    start key=a.b
      {traceId:5fff6ccefdc70e8ac0f3bc70e4789861 spanId:f65a7bd21b2d0b96}
    ");
}

/// What callers asked for is in the log, once; the head, which is written each time, has no more than where that is.
#[test]
fn what_each_start_and_resume_asked_for_is_kept() {
    let told = spans_kept(
        "then(ask)",
        &[
            r#"start tag=nightly tag=x key=user.id metadata={"batch":7.50}"#,
            "ask suspends",
            "resume 1 trace=cc",
            "ask suspends",
            "resume 1 tag=late",
        ],
    );
    insta::assert_snapshot!(told, @r#"
    start tag=nightly tag=x key=user.id metadata={"batch":7.50}
      {"is":"started","span":{"tags":["nightly","x"],"metadata":{"batch":7.50},"requestContextKeys":["user.id"]}}
      {"at":"ask","is":"began","called":true} span 539cd1e85e500aee
      version 1 refers to 1
    ask suspends
    resume 1 trace=cc
      {"is":"resumed","span":{"traceId":"000000000000000000000000000000cc","resumedFromSpanId":"f65a7bd21b2d0b96"},"suspensions":["sus_02020202020202020202020202020202"]}
      {"at":"ask","is":"reentered","call":2,"called":true,"suspensions":["sus_02020202020202020202020202020202"]} span 12adff3c7704f25c
      version 3 refers to 0
    ask suspends
    resume 1 tag=late
      {"is":"resumed","span":{"traceId":"000000000000000000000000000000cc","parentSpanId":"0de4f02d9b54d5f7","tags":["late"]},"suspensions":["sus_04040404040404040404040404040404"]}
      {"at":"ask","is":"reentered","call":3,"called":true,"suspensions":["sus_04040404040404040404040404040404"]} span 13bb9c999ecd287c
      version 5 refers to 5
    "#);
}

/// A try that is made again is another span.
#[test]
fn each_call_and_each_try_has_its_span() {
    let told = spans_kept(
        "then(flaky)",
        &[
            "start",
            "take-over 1 2",
            r#"flaky fails "one" retryable"#,
            r#"flaky fails "two" retryable sits=1"#,
            "cancel",
            "restart",
            "pause",
            "flaky suspends",
            "resume 1",
            "unpause",
        ],
    );
    insta::assert_snapshot!(told, @r#"
    start
      {"is":"started","span":{}}
      {"at":"flaky","is":"began","called":true} span 201b4f3bd0e29257
    take-over 1 2
      {"at":"flaky","is":"called","call":1} span 5785088edbecfe20
    flaky fails "one" retryable
      {"at":"flaky","is":"called","call":1,"attempt":1} span 0664ecd26712d51d
    flaky fails "two" retryable sits=1
    cancel
    restart
      {"at":"flaky","is":"called","call":1} span c065550e85699080
    pause
    flaky suspends
    resume 1
      {"is":"resumed","span":{"parentSpanId":"f65a7bd21b2d0b96"},"suspensions":["sus_08080808080808080808080808080808"]}
    unpause
      {"at":"flaky","is":"called","call":2} span ef7cbde606ae6f91
    "#);
}

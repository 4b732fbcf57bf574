//! The root span of a start and of each resume.

use super::script::check_spans;

#[test]
fn a_resume_stays_in_the_trace_under_the_span_of_the_run() {
    let spans = check_spans(&["start", "ask suspends", "resume 1", "ask suspends", "resume 2"]);
    insta::assert_snapshot!(spans, @"
    start
      {traceId:01010101010101010101010101010101 spanId:0101010101010101}
    resume 1
      {traceId:01010101010101010101010101010101 spanId:0303030303030303 parentSpanId:0101010101010101 resumedFromSpanId:0101010101010101}
    resume 2
      {traceId:01010101010101010101010101010101 spanId:0505050505050505 parentSpanId:0303030303030303 resumedFromSpanId:0303030303030303}
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
      {traceId:000000000000000000000000000000aa spanId:0303030303030303}
      refused: tracing options: `` is not a traceId: expected 1 to 32 hexadecimal digits, not all of them zero
      refused: tracing options: `00` is not a parentSpanId: expected 1 to 16 hexadecimal digits, not all of them zero
    resume 1 trace=aa
      {traceId:000000000000000000000000000000aa spanId:0707070707070707 parentSpanId:0303030303030303 resumedFromSpanId:0303030303030303}
    ");
}

/// Mastra 1.71 does the same.
#[test]
fn a_resume_in_another_trace_has_no_parent_in_the_first() {
    let spans = check_spans(&["start trace=aa parent=bb", "ask suspends", "resume 1 trace=cc"]);
    insta::assert_snapshot!(spans, @"
    start trace=aa parent=bb
      {traceId:000000000000000000000000000000aa spanId:0101010101010101 parentSpanId:00000000000000bb}
    resume 1 trace=cc
      {traceId:000000000000000000000000000000cc spanId:0303030303030303 resumedFromSpanId:0101010101010101}
    ");
}

/// Mastra 1.71 does the same.
#[test]
fn a_parent_alone_begins_a_trace() {
    let spans = check_spans(&["start trace=aa", "ask suspends", "resume 1 parent=dd"]);
    insta::assert_snapshot!(spans, @"
    start trace=aa
      {traceId:000000000000000000000000000000aa spanId:0101010101010101}
    resume 1 parent=dd
      {traceId:03030303030303030303030303030303 spanId:0303030303030303 parentSpanId:00000000000000dd resumedFromSpanId:0101010101010101}
    ");
}

#[test]
fn a_tag_has_its_bounds() {
    let tags = format!("start{}", " tag=t".repeat(65));
    let tag = format!("start tag={}", "t".repeat(257));
    insta::assert_snapshot!(check_spans(&[&tags, &tag, "start tag=t"]), @"
      refused: tracing options: 65 tags given, at most 64 are allowed
      refused: tracing options: a tag of 257 bytes given, at most 256 are allowed
    start tag=t
      {traceId:03030303030303030303030303030303 spanId:0303030303030303}
    ");
}

use super::*;

fn fresh() -> FreshIds {
    FreshIds { trace_id: TraceId([0xf; 16]), span_id: SpanId([0xe; 8]) }
}

fn earlier() -> RootSpan {
    RootSpan {
        trace_id: TraceId::parse("aa").unwrap(),
        span_id: SpanId::parse("bb").unwrap(),
        parent_span_id: None,
        resumed_from_span_id: None,
    }
}

fn place(trace: Option<&str>, parent: Option<&str>) -> Result<(String, Option<String>), String> {
    let options = TracingOptions {
        trace_id: trace.map(str::to_owned),
        parent_span_id: parent.map(str::to_owned),
        ..TracingOptions::default()
    };
    root_span(&TracingContext::default(), &options, Some(&earlier()), fresh())
        .map(|span| (span.trace_id.to_string(), span.parent_span_id.map(|id| id.to_string())))
        .map_err(|error| error.to_string())
}

#[test]
fn a_resume_without_ids_stays_in_the_trace_as_a_child() {
    let same = ("000000000000000000000000000000aa".to_owned(), Some("00000000000000bb".to_owned()));
    assert_eq!(place(None, None).unwrap(), same);
    assert_eq!(place(Some("AA"), None).unwrap(), same);
}

#[test]
fn another_trace_has_no_parent_in_the_earlier_one() {
    assert_eq!(place(Some("cc"), None).unwrap(), ("000000000000000000000000000000cc".to_owned(), None));
    let alone = place(None, Some("dd")).unwrap();
    assert_eq!(alone, ("0f".repeat(16), Some("00000000000000dd".to_owned())));
}

#[test]
fn the_callers_span_wins_over_ids() {
    let caller =
        SpanContext::from_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").unwrap();
    let context = TracingContext { current_span: Some(caller) };
    let options = TracingOptions { trace_id: Some("cc".into()), ..TracingOptions::default() };
    let span = root_span(&context, &options, Some(&earlier()), fresh()).unwrap();
    assert_eq!((span.trace_id, span.parent_span_id), (caller.trace_id, Some(caller.span_id)));
    assert_eq!(span.resumed_from_span_id, Some(earlier().span_id));
}

#[test]
fn ids_that_are_none_are_refused_not_replaced() {
    for bad in ["", "0", "xyz", &"a".repeat(33)] {
        assert!(place(Some(bad), None).unwrap_err().contains("is not a traceId: expected 1 to 32"), "{bad}");
    }
    for bad in ["", "00", "g", &"a".repeat(17)] {
        assert!(
            place(None, Some(bad)).unwrap_err().contains("is not a parentSpanId: expected 1 to 16"),
            "{bad}"
        );
    }
}

#[test]
fn a_key_of_the_request_context_names_something() {
    let said = |keys: Vec<String>| {
        let options = TracingOptions { request_context_keys: keys, ..TracingOptions::default() };
        let placed = root_span(&TracingContext::default(), &options, None, fresh());
        placed.map_or_else(|error| error.to_string(), |_| "ok".to_owned())
    };
    let long = "k".repeat(300);
    let wrong = ["", ".", "user.", ".id", "user..id", &long].map(|key| said(vec![key.to_owned()]));
    insta::assert_snapshot!(wrong.join("\n"), @"
    `` is not one of requestContextKeys: expected a key of 1 to 256 bytes, with a dot before each key inside another one, as in `user.id`
    `.` is not one of requestContextKeys: expected a key of 1 to 256 bytes, with a dot before each key inside another one, as in `user.id`
    `user.` is not one of requestContextKeys: expected a key of 1 to 256 bytes, with a dot before each key inside another one, as in `user.id`
    `.id` is not one of requestContextKeys: expected a key of 1 to 256 bytes, with a dot before each key inside another one, as in `user.id`
    `user..id` is not one of requestContextKeys: expected a key of 1 to 256 bytes, with a dot before each key inside another one, as in `user.id`
    `kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk…` is not one of requestContextKeys: expected a key of 1 to 256 bytes, with a dot before each key inside another one, as in `user.id`
    ");
    insta::assert_snapshot!(said(vec!["k".to_owned(); 65]), @"65 requestContextKeys given, at most 64 are allowed");
    for right in ["user", "user.id", "a.b.c", "größe", &"k".repeat(256)] {
        assert_eq!(said(vec![right.to_owned()]), "ok");
    }
}

#[test]
fn each_call_has_a_span_id_of_its_own_that_is_always_the_same() {
    let (run, other) = (RunId::from_bytes([1; 16]), RunId::from_bytes([2; 16]));
    let path = |text: &str| text.parse::<StepPath>().unwrap();
    let calls = [(run, "a", 1), (run, "a", 2), (run, "b", 1), (run, "a[1]", 1), (other, "a", 1)];
    let ids = || calls.map(|(run, at, version)| SpanId::of(run, &path(at), version).to_string());
    let different: std::collections::BTreeSet<_> = ids().into_iter().collect();
    assert_eq!((different.len(), ids()), (calls.len(), ids()));
}

#[test]
fn a_traceparent_round_trips_and_a_broken_one_is_refused() {
    let text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    assert_eq!(SpanContext::from_traceparent(text).unwrap().traceparent(), text);
    for bad in ["", "00-1-2-01", &text.replace("00-0", "ff-0"), &text.replace("b7", "é")] {
        assert!(SpanContext::from_traceparent(bad).is_err(), "{bad}");
    }
}

//! What the fluent way writes is what a file says.

use std::time::Duration;

use super::*;
use crate::retry::RetryPolicy;
use crate::time::Timestamp;

fn step(id: &str) -> StepEntry {
    StepEntry::new(DIGEST.parse().unwrap(), id)
}

#[test]
fn every_verb_can_be_written_either_way() {
    let built = WorkflowBuilder::new("w")
        .timeout_ms(9)
        .then(step("ask").id("first").timeout_ms(1).total_timeout_ms(2))
        .then(step("ask").retry(RetryPolicy { retries: 3, ..RetryPolicy::default() }))
        .workflow(WorkflowBuilder::new("inner").then(step("pay")))
        .parallel([Block::from(step("check")), Block::new().then(step("pay")).map("input")])
        .parallel(ParallelEntry::new([step("ask").id("x"), step("ask").id("y")]).id("both").first(1))
        .branch(BranchEntry::first().when("input.n > 1", step("ask").id("a")).otherwise(MapEntry::from("1")))
        .branch(BranchEntry::every().when(step("check").id("is-big"), step("ask").id("b")).id("which"))
        .foreach(ForEachEntry::new(step("check").id("each")).items("init.items").concurrency(4))
        .foreach(Block::new().sleep("1d").sleep_until("2100-01-01T00:00:00Z"))
        .do_while(step("pay").id("again"), "output.more")
        .do_until(WorkflowBuilder::new("loop").map([("k", "input")]), step("check").id("enough"))
        .sleep(Duration::from_millis(1_500))
        .sleep(SleepEntry::expression("input.ms").time_zone("UTC").id("nap"))
        .sleep_until(Timestamp(4_102_444_800_000))
        .sleep_until(SleepUntilEntry::expression("now"))
        .try_catch(step("ask").id("risky"), Block::new().map("input.error"))
        .ask(
            AskEntry::new("Ship it?")
                .id("ok")
                .description("whether it goes out")
                .payload([("what", "input.what")])
                .answer(Json::parse(r#"{"type":"boolean"}"#).unwrap())
                .label("boss")
                .label(Text::expression("input.who"))
                .assignee("ann")
                .deadline(DeadlineEntry::from("3d").otherwise(Json::parse("false").unwrap())),
        )
        .foreach(AskEntry::new("Each?").deadline(Duration::from_secs(1)))
        .ask(AskEntry::new("When?").deadline(SleepEntry::expression("input.ms")))
        .event("paid")
        .event(
            EventEntry::new(Text::expression("input.name"))
                .id("e")
                .key("k")
                .schema(Json::parse(r#"{"type":"boolean"}"#).unwrap())
                .deadline("3d"),
        )
        .entry(DoUntilEntry::new(MapEntry::from("1"), "true").id("named"))
        .definition();
    let written = r##"{"id": "w", "timeoutMs": 9, "steps": [
        {"then": {"id": "first", "component": "#", "step": "ask", "timeoutMs": 1, "totalTimeoutMs": 2}},
        {"then": {"component": "#", "step": "ask", "retry": {"retries": 3}}},
        {"workflow": {"id": "inner", "steps": [{"then": {"component": "#", "step": "pay"}}]}},
        {"parallel": {"arms": [{"then": {"component": "#", "step": "check"}},
            [{"then": {"component": "#", "step": "pay"}}, {"map": {"to": "input"}}]]}},
        {"parallel": {"id": "both", "first": 1, "arms": [{"then": {"id": "x", "component": "#", "step": "ask"}},
            {"then": {"id": "y", "component": "#", "step": "ask"}}]}},
        {"branch": {"mode": "first", "arms": [{"when": "input.n > 1",
            "do": {"then": {"id": "a", "component": "#", "step": "ask"}}}], "otherwise": {"map": {"to": "1"}}}},
        {"branch": {"id": "which", "mode": "every", "arms": [{"when": {"id": "is-big", "component": "#",
            "step": "check"}, "do": {"then": {"id": "b", "component": "#", "step": "ask"}}}]}},
        {"foreach": {"items": "init.items", "concurrency": 4,
            "do": {"then": {"id": "each", "component": "#", "step": "check"}}}},
        {"foreach": {"do": [{"sleep": {"for": "1d"}}, {"sleepUntil": {"at": "2100-01-01T00:00:00Z"}}]}},
        {"doWhile": {"do": {"then": {"id": "again", "component": "#", "step": "pay"}}, "while": "output.more"}},
        {"doUntil": {"do": {"workflow": {"id": "loop", "steps": [{"map": {"to": {"k": "input"}}}]}},
            "until": {"id": "enough", "component": "#", "step": "check"}}},
        {"sleep": {"ms": 1500}},
        {"sleep": {"id": "nap", "expr": "input.ms", "timeZone": "UTC"}},
        {"sleepUntil": {"at": "2100-01-01T00:00:00.000Z"}},
        {"sleepUntil": {"expr": "now"}},
        {"try": {"do": {"then": {"id": "risky", "component": "#", "step": "ask"}},
            "catch": {"map": {"to": "input.error"}}}},
        {"ask": {"id": "ok", "title": "Ship it?", "description": "whether it goes out",
            "payload": {"what": "input.what"}, "answer": {"type":"boolean"},
            "labels": ["boss", {"expr": "input.who"}], "assignees": ["ann"], "deadline": {"for": "3d", "otherwise": false}}},
        {"foreach": {"do": {"ask": {"title": "Each?", "deadline": {"ms": 1000}}}}},
        {"ask": {"title": "When?", "deadline": {"expr": "input.ms"}}},
        {"event": {"name": "paid"}},
        {"event": {"id": "e", "name": {"expr": "input.name"}, "key": "k", "schema": {"type":"boolean"},
            "deadline": {"for": "3d"}}},
        {"doUntil": {"id": "named", "do": {"map": {"to": "1"}}, "until": "true"}}]}"##;
    let digest = Workflow::commit(&built, &contracts).map(|workflow| workflow.digest());
    assert_eq!(digest, try_commit(written).map(|workflow| workflow.digest()));
    let mut written: Definition = serde_json::from_str(&written.replace('#', DIGEST)).unwrap();
    written.fill_in_ids();
    assert_eq!(built, written);
    assert_eq!(serde_json::from_str::<Definition>(&serde_json::to_string(&built).unwrap()).unwrap(), built);
}

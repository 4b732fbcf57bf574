//! Large inputs are not read with their runs: whatever needs one gets it, in whatever process.

use reentry::core::path::StepPath;
use reentry::core::run::RunStatus;
use reentry::{ForkOptions, OutputOptions, ResumeOptions, Run, TravelOptions};
use serde_json::{Value, json};

use crate::clock::Standing;
use crate::guest::{Shared, asks, asks_twice, definition, input, line};

/// An input that is kept apart, with items that are.
fn large() -> Value {
    let pad = "x".repeat(2_000);
    json!({"n": 5, "list": [{"n": 6, "pad": pad}, {"n": 7, "pad": pad}], "pad": pad})
}

/// Starts a workflow of a step that asks in one process, and goes on in another: the steps, what is answered, what
/// comes out.
async fn check(steps: &str, answers: &[Value], wanted: Value) {
    let (shared, clock) = (Shared::new(), Standing::new());
    let first = shared.host().clock(clock.clone()).build().await.unwrap().default_tenant();
    let ask = r#"{"then": {"component": "@", "step": "ask"}}"#;
    let workflow = definition("large", &asks(&first).await, &steps.replace("$ask", ask));
    let run = first.commit(workflow).await.unwrap().new_run().start(input(large())).await.unwrap().run;
    for answer in answers {
        let next = shared
            .host()
            .clock(clock.clone())
            .build()
            .await
            .unwrap()
            .default_tenant()
            .run(run.id())
            .await
            .unwrap();
        let root = StepPath::root();
        let state = next.state().await.unwrap();
        assert_eq!(state.steps[&root].payload(), None, "{steps}");
        next.resume(ResumeOptions::data(answer.clone())).await.unwrap();
    }
    clock.pass_ms(1_000);
    shared.host().clock(clock.clone()).build().await.unwrap().wake_due().await.unwrap();
    let result = run.result(OutputOptions::default()).await.unwrap();
    assert_eq!(line(&result), json!({"result": wanted, "status": "success"}).to_string(), "{steps}");
    assert_eq!(run.steps().await.unwrap().input.unwrap().value().unwrap(), large());
}

#[tokio::test]
async fn whatever_reads_a_large_input_gets_it() {
    check(r#"[$ask, {"map": {"to": "init.n"}}]"#, &[json!(0)], json!(5)).await;
    let item = r#"[{"foreach": {"items": "input.list", "do": [$ask, {"map": {"to": "item.n"}}]}}]"#;
    check(item, &[json!(0), json!(0)], json!([6, 7])).await;
    check(r#"[{"doUntil": {"do": $ask, "until": "input.n == output"}}]"#, &[json!(4), json!(5)], json!(5))
        .await;
    let arms = r#"[{"branch": {"mode": "first", "arms": [{"when": {"component": "@", "step": "ask"}, "do": {"map": {"to": "input.n"}}}]}}]"#;
    check(arms, &[json!(true)], json!(5)).await;
    let caught = r#"[{"try": {"do": [$ask, {"map": {"to": "input.none"}}], "catch": {"map": {"to": "input.input.n"}}}}]"#;
    check(caught, &[json!({})], json!(5)).await;
    let error = r#"[{"try": {"do": {"map": {"to": "input.none"}}, "catch": [$ask, {"map": {"to": "size(error.message) > 0"}}]}}]"#;
    check(error, &[json!(0)], json!(true)).await;
    check(r#"[{"sleep": {"ms": 1000}}, {"map": {"to": "input.n"}}]"#, &[], json!(5)).await;
}

/// The run in another process.
async fn elsewhere(shared: &Shared, run: &Run) -> Run {
    shared.host().build().await.unwrap().default_tenant().run(run.id()).await.unwrap()
}

fn answer(value: Value) -> ResumeOptions {
    ResumeOptions::data(value)
}

#[tokio::test]
async fn a_run_with_a_large_input_is_forked_sent_back_and_restarted() {
    let shared = Shared::new();
    let first = shared.host().build().await.unwrap().default_tenant();
    let run = asks_twice(&first).await.new_run().start(input(large())).await.unwrap().run;
    elsewhere(&shared, &run).await.resume(answer(large())).await.unwrap();
    let asked = elsewhere(&shared, &run).await.history().await.unwrap()[0].record.id;
    let shown = async |run: &Run| run.steps().await.unwrap();

    // Where it stands, and where it stood at the first answer.
    let at_first = ForkOptions::default().at(asked);
    for (fork, asks) in [(ForkOptions::default(), "again"), (at_first, "ask")] {
        let fork = elsewhere(&shared, &run).await.fork(fork).await.unwrap();
        let steps = shown(&elsewhere(&shared, &fork).await).await;
        assert_eq!(steps.input.clone().unwrap().value().unwrap(), large());
        assert!(steps.steps.iter().all(|(_, entry)| entry.payload.value().unwrap() == large()));
        let result = fork.result(OutputOptions::default()).await.unwrap();
        assert_eq!(result.suspended[0].path.to_string(), asks);
        assert_eq!(result.suspended[0].payload.value().unwrap(), large());
    }

    let back = TravelOptions::to("again".parse().unwrap());
    let result = elsewhere(&shared, &run).await.travel(back).await.unwrap();
    assert_eq!(result.suspended[0].payload.value().unwrap(), large());
    elsewhere(&shared, &run).await.cancel().await.unwrap();
    elsewhere(&shared, &run).await.restart().await.unwrap();
    let result = elsewhere(&shared, &run).await.resume(answer(json!("end"))).await.unwrap();
    assert_eq!((result.status, result.result), (RunStatus::Success, Some(json!("end").into())));
    assert!(shown(&run).await.steps.iter().all(|(_, entry)| entry.payload.value().unwrap() == large()));
}

/// What is kept of it goes with the last run that has it.
#[tokio::test]
async fn a_large_input_is_kept_once_and_goes_with_its_runs() {
    let shared = Shared::new();
    let tenant = shared.host().build().await.unwrap().default_tenant();
    let run = asks_twice(&tenant).await.new_run().start(input(large())).await.unwrap().run;
    let part = run.state().await.unwrap().steps[&StepPath::root()].apart.unwrap();
    let fork = run.fork(ForkOptions::default()).await.unwrap();
    for run in [&run, &fork] {
        run.resume(answer(large())).await.unwrap();
        run.resume(answer(json!(0))).await.unwrap();
    }
    for run in [fork, run] {
        assert!(shared.store().blob(part).await.unwrap().is_some());
        tenant.delete_run(run.id()).await.unwrap();
    }
    assert_eq!(shared.store().blob(part).await.unwrap(), None);
}

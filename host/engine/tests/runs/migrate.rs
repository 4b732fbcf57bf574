//! Waiting runs that move to another version of their components, with what their guests know.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use reentry::core::digest::ComponentDigest;
use reentry::core::resume::Target;
use reentry::core::workflow::{Definition, ForEachEntry, StepEntry, WorkflowBuilder};
use reentry::fault::FaultPoint;
use reentry::{Component, ForkOptions, ResumeOptions, Run, StartOptions, Tenant, Workflow};
use serde_json::json;

use crate::guest::{NEWER, asks, asks_newly, host, input, line, moves};

/// What is replaced in the text of a guest, and by what.
type Edit<'a> = Option<[(&'a str, &'a str); 1]>;

/// Asks twice, one after the other.
fn twice(component: &Component) -> Definition {
    let again = StepEntry { id: "again".into(), ..component.step("ask") };
    WorkflowBuilder::new("asks").then(component.step("ask")).then(again).definition()
}

fn once(component: &Component) -> Definition {
    WorkflowBuilder::new("asks").then(component.step("ask")).definition()
}

fn answer(text: &str) -> ResumeOptions {
    ResumeOptions::data(json!(text))
}

async fn apply(tenant: &Tenant, definition: Definition) -> Workflow {
    tenant.apply_workflow(definition).await.unwrap().workflow
}

async fn started(workflow: &Workflow) -> Run {
    workflow.new_run().start(input(json!({"n": 1}))).await.unwrap().run
}

#[tokio::test]
async fn an_answer_after_the_move_arrives_in_the_new_code_which_knows_what_the_old_one_knew() {
    let tenant = host().build().await.unwrap().default_tenant();
    let (old, new) = (moves(&tenant, &[]).await, moves(&tenant, &NEWER).await);
    let run = started(&apply(&tenant, once(&old)).await).await;
    let before = run.state().await.unwrap();
    let to = apply(&tenant, once(&new)).await.digest();

    let tried = run.try_migrate(to).await.unwrap();
    assert_eq!(run.state().await.unwrap(), before, "trying changes nothing");
    let migration = run.migrate(to).await.unwrap();
    assert_eq!(migration, tried);
    assert_eq!((migration.from, migration.to), (before.workflow, to));
    let steps: Vec<_> = migration
        .steps
        .iter()
        .map(|step| (step.path.to_string(), step.from, step.to, step.state_bytes))
        .collect();
    assert_eq!(steps, [("ask".to_owned(), old.digest(), new.digest(), Some(7))]);

    let after = run.state().await.unwrap();
    assert_eq!(after.version, before.version + 1);
    let (was, is) = (before.waiting().next().unwrap().1, after.waiting().next().unwrap().1);
    assert_eq!(was, is, "the suspension stays as it is");
    assert_eq!(run.migrate(to).await.unwrap().steps, [], "it follows that version already");
    let address = answer("yes").step(Target::suspension(was.id));
    insta::assert_snapshot!(
        line(&run.resume(address).await.unwrap()),
        @r#"{"result":[{"n":1},"yes"],"status":"success"}"#
    );
}

#[tokio::test]
async fn what_cannot_move_is_refused_with_its_reason_and_stays_as_it_is() {
    const IMPORT: &str = "(i32.store (i32.const 1868) (i32.const 1))";
    const EXPORT: &str = "(i32.store (i32.const 1800) (i32.load (i32.const 1168)))";
    const DESCRIBE: &str = "(i32.const 16))";
    // A failure whose message is the name of the step.
    let fails = |at: u32| {
        let (message, length) = (at + 8, at + 12);
        format!(
            "(i32.store8 (i32.const {at}) (i32.const 1)) (i32.store (i32.const {message}) (i32.const 32))
             (i32.store (i32.const {length}) (i32.const 3)) (return (i32.const {at}))"
        )
    };
    let re_entered = "(i32.store8 (i32.const 232) (i32.const 1)) (i32.const 16))";
    let (export_fails, import_fails) = (fails(1792), fails(1856));
    let cases: [(&str, Edit<'_>, Edit<'_>); 10] = [
        ("the old one does not offer it", None, Some([("(i32.const 32768)", "(i32.const 40960)")])),
        ("the new one does not offer it", Some([("ask", "ask")]), None),
        ("export fails", Some([(EXPORT, export_fails.as_str())]), Some([(IMPORT, IMPORT)])),
        ("export traps", Some([(EXPORT, "(unreachable)")]), Some([(IMPORT, IMPORT)])),
        ("import fails", Some([("ask", "ask")]), Some([(IMPORT, import_fails.as_str())])),
        ("import traps", Some([("ask", "ask")]), Some([(IMPORT, "(unreachable)")])),
        (
            "no JSON",
            Some([(EXPORT, "(i32.store (i32.const 1800) (i32.const 32))")]),
            Some([(IMPORT, IMPORT)]),
        ),
        (
            "another number",
            Some([("ask", "ask")]),
            Some([(
                IMPORT,
                "(i32.store (i32.const 1152) (i32.const 5)) (i32.store (i32.const 1868) (i32.const 1))",
            )]),
        ),
        (
            "another kind",
            Some([("ask", "ask")]),
            Some([(
                IMPORT,
                "(i32.store8 (i32.const 1160) (i32.const 1)) (i32.store (i32.const 1868) (i32.const 1))",
            )]),
        ),
        ("no memory there", Some([("ask", "ask")]), Some([(DESCRIBE, re_entered)])),
    ];
    let mut told = String::new();
    for (case, from, to) in cases {
        let tenant = host().build().await.unwrap().default_tenant();
        let old = match &from {
            Some(changes) => moves(&tenant, changes).await,
            None => asks(&tenant).await,
        };
        let new = match &to {
            Some(changes) => moves(&tenant, changes).await,
            None => asks_newly(&tenant).await,
        };
        let run = started(&apply(&tenant, once(&old)).await).await;
        let before = run.state().await.unwrap();
        let to = apply(&tenant, once(&new)).await.digest();
        for error in [run.try_migrate(to).await.unwrap_err(), run.migrate(to).await.unwrap_err()] {
            assert_eq!(error.code(), "not-migratable", "{error}");
            assert_eq!(run.state().await.unwrap(), before);
            if !told.contains(&format!("{case}:")) {
                let text = named(&error.to_string(), &[(old.digest(), "OLD"), (new.digest(), "NEW")]);
                let reason = text.split_once(": ").unwrap().1;
                told.push_str(&format!("{case}: {reason}\n"));
            }
        }
        assert_eq!(run.resume(answer("yes")).await.unwrap().result.unwrap().text(), r#""yes""#, "{case}");
    }
    insta::assert_snapshot!(told, @r"
    the old one does not offer it: step `ask` waits in component OLD, is of component NEW there, and OLD does not export `reentry:step/migration`; let the step end first, or keep the component for it in the new version
    the new one does not offer it: step `ask` waits in component OLD, is of component NEW there, and NEW does not export `reentry:step/migration`; let the step end first, or keep the component for it in the new version
    export fails: step `ask` could not export its state from component OLD: ask
    export traps: step `ask` could not export its state from component OLD: the guest stopped itself without saying why (wasm `unreachable`): a panic, an abort, a failed assertion [trap]
    import fails: step `ask` was not taken up by component NEW: ask
    import traps: step `ask` was not taken up by component NEW: the guest stopped itself without saying why (wasm `unreachable`): a panic, an abort, a failed assertion [trap]
    no JSON: step `ask` could not export its state from component OLD: the guest broke the contract: `export-state`: not valid JSON: expected value at line 1 column 1 [contract]
    another number: step `ask` waits for answer 0, and would wait for answer 5 there
    another kind: step `ask` waits for answer 0, and would wait for time 0 there
    no memory there: step `ask` waits with its memory in component OLD, and goes on without one in NEW; let the step end first
    ");
}

fn named(text: &str, names: &[(ComponentDigest, &str)]) -> String {
    names.iter().fold(text.to_owned(), |text, (digest, name)| text.replace(&digest.to_string(), name))
}

#[tokio::test]
async fn a_step_without_a_memory_moves_without_a_state() {
    let tenant = host().build().await.unwrap().default_tenant();
    let re_entered = ("(i32.const 16))", "(i32.store8 (i32.const 232) (i32.const 1)) (i32.const 16))");
    let old = moves(&tenant, &[re_entered]).await;
    let new = moves(&tenant, &[re_entered, ("(i32.const 32768)", "(i32.const 40960)")]).await;
    let run = started(&apply(&tenant, once(&old)).await).await;
    let migration = run.migrate(apply(&tenant, once(&new)).await.digest()).await.unwrap();
    assert_eq!((migration.steps.len(), migration.steps[0].state_bytes), (1, None));
    assert_eq!(run.resume(answer("yes")).await.unwrap().result.unwrap().text(), r#""yes""#);
}

#[tokio::test]
async fn all_steps_of_a_run_move_in_one_change_or_none_does() {
    let tenant = host().build().await.unwrap().default_tenant();
    let (old, new) = (moves(&tenant, &[]).await, moves(&tenant, &NEWER).await);
    // The second item is an array; this one takes up objects only.
    let picky = moves(
        &tenant,
        &[(
            "(i32.store (i32.const 1868) (i32.const 1))",
            "(if (i32.ne (i32.load8_u (i32.load (i32.const 1168))) (i32.const 123)) (then (unreachable)))
         (i32.store (i32.const 1868) (i32.const 1))",
        )],
    )
    .await;
    let each = |component: &Component| {
        let each = ForEachEntry { concurrency: 3, ..ForEachEntry::from(component.step("ask")) };
        WorkflowBuilder::new("asks").foreach(each).definition()
    };
    let workflow = apply(&tenant, each(&old)).await;
    let run = workflow.new_run().start(input(json!([{"n": 1}, [2], {"n": 3}]))).await.unwrap().run;
    let before = run.state().await.unwrap();

    let error = run.migrate(apply(&tenant, each(&picky)).await.digest()).await.unwrap_err();
    assert!(error.to_string().contains("step `ask[1]`"), "{error}");
    assert_eq!(run.state().await.unwrap(), before);
    let migration = run.migrate(apply(&tenant, each(&new)).await.digest()).await.unwrap();
    assert_eq!(migration.steps.len(), 3);
    assert_eq!(run.state().await.unwrap().version, before.version + 1);
    let result = run.resume(answer("x").step(Target::default().all(true))).await.unwrap();
    insta::assert_snapshot!(line(&result), @r#"{"result":[[{"n":1},"x"],[[2],"x"],[{"n":3},"x"]],"status":"success"}"#);
}

#[tokio::test]
async fn a_fork_from_before_the_move_goes_on_in_the_old_component() {
    let tenant = host().build().await.unwrap().default_tenant();
    let (old, new) = (moves(&tenant, &[]).await, moves(&tenant, &NEWER).await);
    let started = apply(&tenant, twice(&old)).await.new_run().start(input(json!({"n": 1}))).await.unwrap();
    let (run, first) = (started.run, started.result.suspended[0].suspension);
    run.resume(answer("a")).await.unwrap();
    let old_version = run.state().await.unwrap().workflow;
    run.migrate(apply(&tenant, twice(&new)).await.digest()).await.unwrap();

    let of_now = run.fork(ForkOptions::default()).await.unwrap();
    let of_then = run.fork(ForkOptions::default().at(first).answer(answer("b"))).await.unwrap();
    assert_eq!(of_then.state().await.unwrap().workflow, old_version);
    for (run, expected) in [(&of_then, r#""end""#), (&of_now, r#"["a","end"]"#), (&run, r#"["a","end"]"#)] {
        assert_eq!(run.resume(answer("end")).await.unwrap().result.unwrap().text(), expected);
    }
    // As long as the run is kept, its past can be forked: so what it followed then is kept.
    tenant.delete_run(of_then.id()).await.unwrap();
    assert_eq!(tenant.remove_workflow(old_version).await.unwrap_err().code(), "in-use");
    assert_eq!(tenant.remove_component(old.digest()).await.unwrap_err().code(), "in-use");
    tenant.delete_run(of_now.id()).await.unwrap();
    tenant.delete_run(run.id()).await.unwrap();
    tenant.remove_workflow(old_version).await.unwrap();
    tenant.remove_component(old.digest()).await.unwrap();
}

#[tokio::test]
async fn an_answer_that_a_paused_step_has_not_taken_yet_holds_the_run_back() {
    let tenant = host().build().await.unwrap().default_tenant();
    let (old, new) = (moves(&tenant, &[]).await, moves(&tenant, &NEWER).await);
    let run = started(&apply(&tenant, twice(&old)).await).await;
    let to = apply(&tenant, twice(&new)).await.digest();
    run.pause().await.unwrap();
    run.resume(answer("a")).await.unwrap();
    let error = run.migrate(to).await.unwrap_err();
    assert!(error.to_string().contains("has not taken yet"), "{error}");
    run.unpause().await.unwrap();
    // It waits for the next answer now; a paused run moves like any other.
    run.pause().await.unwrap();
    run.migrate(to).await.unwrap();
    run.unpause().await.unwrap();
    assert_eq!(run.resume(answer("b")).await.unwrap().result.unwrap().text(), r#"["a","b"]"#);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_answered_while_it_moves_is_looked_at_again() {
    let (reached, is_reached) = mpsc::channel::<()>();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let (armed, may_go_on) = (Arc::new(AtomicBool::new(false)), Mutex::new(may_go_on));
    let trap = Arc::clone(&armed);
    // The first call after the trap was set stops until the answer is in.
    let hook = move |point: FaultPoint| {
        if point == FaultPoint::AfterCall && trap.swap(false, Ordering::SeqCst) {
            reached.send(()).unwrap();
            may_go_on.lock().unwrap().recv().unwrap();
        }
    };
    let tenant = host().on_fault_point(Arc::new(hook)).build().await.unwrap().default_tenant();
    let (old, new) = (moves(&tenant, &[]).await, moves(&tenant, &NEWER).await);
    let run = apply(&tenant, twice(&old)).await.new_run().start(StartOptions::default()).await.unwrap().run;
    let to = apply(&tenant, twice(&new)).await.digest();
    armed.store(true, Ordering::SeqCst);
    let moving = tokio::spawn({
        let run = run.clone();
        async move { run.migrate(to).await }
    });
    tokio::task::spawn_blocking(move || is_reached.recv().unwrap()).await.unwrap();
    run.resume(answer("a")).await.unwrap();
    go_on.send(()).unwrap();
    let migration = moving.await.unwrap().unwrap();
    assert_eq!(migration.steps.iter().map(|step| step.path.to_string()).collect::<Vec<_>>(), ["again"]);
    assert_eq!(run.resume(answer("b")).await.unwrap().result.unwrap().text(), r#"["a","b"]"#);
}
